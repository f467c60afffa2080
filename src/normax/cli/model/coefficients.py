"""A linear model's coefficients by name, on the standardised scale and on that of the table."""

from __future__ import annotations

import numpy as np

from normax.cli.details import Coefficient, Intercept
from normax.tables import FillAndScale, Schema, Target

__all__ = ["coefficients"]


def coefficients(
    weight: np.ndarray, bias: np.ndarray, scaling: FillAndScale, schema: Schema, target: Target
) -> tuple[list[Coefficient], list[Intercept]]:
    """The coefficients, largest first, and the intercepts, on both scales.

    With z = (x − mean) / sd, `w·z + b = Σ (w/sd)·x + (b − Σ w·mean/sd)`.

    Args:
        weight: (outputs, features), or (features,) of one output.
        bias: one number an output.
        scaling, schema, target: of the table.
    """
    weight, bias = weight.reshape(-1, weight.shape[-1]), bias.reshape(-1)
    original = np.divide(weight, scaling.scale_, out=np.zeros_like(weight), where=scaling.scale_ > 0)
    outputs = [str(label) for label in target.labels] if len(weight) > 1 else [None]
    names = [(column.name, feature) for column in schema.columns for feature in column.features]
    rows = [
        Coefficient(
            feature=feature,
            column=column,
            output=output,
            standardised=float(weight[i, j]),
            original=float(original[i, j]),
        )
        for i, output in enumerate(outputs)
        for j, (column, feature) in enumerate(names)
    ]
    rows.sort(key=lambda row: -abs(row.standardised))
    intercepts = [
        Intercept(
            output=output, standardised=float(bias[i]), original=float(bias[i] - original[i] @ scaling.mean_)
        )
        for i, output in enumerate(outputs)
    ]
    return rows, intercepts
