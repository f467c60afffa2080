"""A linear model's coefficients by name, on the standardised scale and on that of the table."""

from __future__ import annotations

import numpy as np

from normax.cli.details import Coefficient, Intercept
from normax.tables import Expansion, FillAndScale, Schema, Target

__all__ = ["coefficients", "feature_columns", "feature_names"]


def feature_columns(schema: Schema, expansion: Expansion | None) -> list[tuple[int, ...]]:
    """The columns of the table behind every feature of a linear model, by number: both of a product."""
    owners = [c for c, column in enumerate(schema.columns) for _ in column.features]
    return [(c,) for c in owners] if expansion is None else expansion.owners(owners)


def feature_names(schema: Schema, expansion: Expansion | None) -> list[str]:
    """Their names."""
    return list(schema.features) if expansion is None else expansion.names(schema.features)


def coefficients(
    weight: np.ndarray, bias: np.ndarray, scaling: FillAndScale, schema: Schema, target: Target
) -> tuple[list[Coefficient], list[Intercept]]:
    """The coefficients, largest first, and the intercepts, on both scales.

    With z = (x − mean) / sd, `w·z + b = Σ (w/sd)·x + (b − Σ w·mean/sd)`.

    Args:
        weight: (outputs, features), or (features,) of one output.
        bias: one number an output; of levels, which share their coefficients, the logit of lying above each but the
            last.
        scaling, schema, target: of the table.
    """
    weight, bias = weight.reshape(-1, weight.shape[-1]), bias.reshape(-1)
    original = np.divide(weight, scaling.scale_, out=np.zeros_like(weight), where=scaling.scale_ > 0)
    outputs = [str(label) for label in target.labels] if len(weight) > 1 else [None]
    ends = [f"> {label}" for label in target.labels[:-1]] if target.ordinal else outputs
    behind = feature_columns(schema, scaling.expansion_)
    columns = [" × ".join(schema.columns[c].name for c in each) for each in behind]
    names = list(zip(columns, feature_names(schema, scaling.expansion_)))
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
            output=end,
            standardised=float(bias[i]),
            original=float(bias[i] - original[min(i, len(original) - 1)] @ scaling.mean_),
        )
        for i, end in enumerate(ends)
    ]
    return rows, intercepts
