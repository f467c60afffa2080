"""What can be used of a run: the chosen model, its coefficients as a table, and the configuration."""

from __future__ import annotations

import warnings
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from normax.cli.details import PathDetails
from normax.cli.model import recipe
from normax.cli.model.coefficients import feature_names
from normax.cli.options.typed import config
from normax.cli.runs.setup import Setup
from normax.cli.sheets import write_table
from normax.errors import InputError, Notice

__all__ = ["keep"]


def keep(folder: Path, setup: Setup, path: Any, details: PathDetails) -> None:
    """Write the model of the chosen strength, its coefficients, and the configuration of the run."""
    (folder / "config.toml").write_text(config(setup.options, _remarks(details)), encoding="utf-8")
    if details.coefficients is not None:
        write_table(folder / "coefficients.csv", _coefficients(details))
    data, means, (mean, scale) = setup.data, path.transform.to_json(), path.target_scale
    content = {
        "target": data.target.to_json(),
        "network": setup.network,
        "output": {"mean": mean, "scale": scale},
        "schema": data.schema.to_json(),
        "features": feature_names(data.schema, setup.expansion),
        "fill": means["mean"],
        **means,
        "details": asdict(replace(details, coefficients=None)),  # coefficients.csv has them
    }
    recipe.write(folder, _chosen(path, linear=setup.network is None), content)
    if setup.options.onnx:
        _write_onnx(folder)


def _write_onnx(folder: Path) -> None:
    """Write `model.onnx`, or say why not: what can be known before a fit has been refused there."""
    from normax.cli.model.onnx_file import onnx_model
    from normax.cli.model.saved import SavedModel

    try:
        (folder / "model.onnx").write_bytes(onnx_model(SavedModel(folder, trust_code=True)))
    except InputError as error:
        warnings.warn(f"no model.onnx: {error}", Notice, stacklevel=2)


def _remarks(details: PathDetails) -> list[str]:
    """What a reader of the configuration should know of the table that it was for."""
    data = details.data
    lines = [
        f"normax {(details.versions or {}).get('normax')}, {details.created}",
        f"sha256 of {data.file}: {data.sha256}",
    ]
    for column in data.columns:
        form = f", written as {column['form']}" if column.get("form") else ""
        lines.append(f"{column['name']!r} is {column['kind']}{form}")
    return lines + [f"{column['name']!r} left out: {column['reason']}" for column in data.left_out]


def _chosen(path: Any, linear: bool) -> dict[str, np.ndarray]:
    """The chosen strength's arrays: those of the linear model in float64, or the network's state."""
    if linear:
        return {name: np.asarray(path.weights[name][path.best.index], float) for name in ("weight", "bias")}
    return {name: np.asarray(value) for name, value in path.model().state_dict().items()}


def _coefficients(details: PathDetails) -> list[dict[str, Any]]:
    assert details.coefficients is not None
    assert details.intercept is not None
    first = [{**asdict(row), "feature": "intercept", "column": ""} for row in details.intercept]
    rows = [*first, *map(asdict, details.coefficients)]
    several = ["output"] if rows[0]["output"] is not None else []
    heads = ["feature", "column", *several, "standardised", "original"]
    return [{head: row[head] for head in heads} for row in rows]
