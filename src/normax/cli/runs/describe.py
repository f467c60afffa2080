"""What a run has to say, as one plain dict: the screen, the page and `model.json` all tell it from there."""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import math
import platform
from pathlib import Path
from typing import Any

import numpy as np

from normax.cli.model.coefficients import coefficients
from normax.cli.model.network import describe
from normax.cli.options.words import command_line, settings
from normax.cli.runs import metrics
from normax.cli.runs.data import Data

__all__ = ["describe_data", "describe_run", "loss_text", "plain", "title", "versions"]

_CAUTION = (
    "The cross-validated error of the chosen strength is optimistic: the strength was chosen on the same folds."
    " Hold rows out with --test 0.2 for an honest one."
)


def describe_run(
    options: argparse.Namespace,
    data: Data,
    path: Any,
    recipe: dict[str, Any] | None,
) -> dict[str, Any]:
    """The details of a finished path: what was fitted to what, how well, and against which baselines."""
    target = data.target
    held_out = np.asarray(path.held_out(), float)
    tested = np.asarray(path.predict(data.test.X), float) if data.test else None
    weights = intercept = None
    if recipe is None:
        weight, bias = (np.asarray(path.weights[name][path.best.index]) for name in ("weight", "bias"))
        weights, intercept = coefficients(weight, bias, path.transform, data.schema, target)
    return plain(
        {
            "title": title(options, data),
            "command": command_line(options),
            "task": target.task,
            "target": target.name,
            "log_target": target.log,
            "labels": [str(label) for label in target.labels] or None,
            "positive": str(target.labels[1]) if len(target.labels) == 2 else None,
            "model": options.model,
            "model_text": describe(recipe),
            "loss": target.loss,
            "loss_text": loss_text(data),
            "penalty": options.penalty
            + (f" (l1_ratio {options.l1_ratio:g})" if options.l1_ratio is not None else ""),
            "select": options.select,
            "settings": settings(options),
            "data": describe_data(options, data),
            "notices": [],
            "metrics": _metrics(data, held_out, tested),
            "confusion": _confusion(data, held_out, tested),
            "baselines": _baselines(data, path, tested),
            "caution": _CAUTION if data.test is None else None,
            "coefficients": weights,
            "intercept": intercept,
            "seconds": list(path.seconds.items()),
            "versions": versions(network=recipe is not None),
            "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        }
    )


def title(options: argparse.Namespace, data: Data) -> str:
    """What is predicted from what."""
    columns, log = len(data.schema.columns), "log of " if data.target.log else ""
    return f"{log}{data.target.name} from {columns} column{'s' * (columns != 1)} of {Path(options.data).name}"


def describe_data(options: argparse.Namespace, data: Data) -> dict[str, Any]:
    """The table: its rows, its columns, and what was left out."""
    return {
        "file": Path(options.data).name,
        "sha256": data.table.sha256,
        "rows": len(data.train.y),
        "rows_without_target": data.without_target,
        "test_rows": 0 if data.test is None else len(data.test.y),
        "test_file": data.test_file,
        "features": data.train.X.shape[1],
        "columns": [
            {
                "name": column.name,
                "kind": column.kind,
                "features": len(column.features),
                "levels": len(column.levels) or None,
                "missing": data.missing[column.name],
            }
            for column in data.schema.columns
        ],
        "left_out": [{"name": name, "reason": why} for name, why in data.schema.left_out.items()]
        + [{"name": name, "reason": "--drop"} for name in options.drop],
    }


def plain(value: Any) -> Any:
    """The value with NumPy's scalars and arrays as Python's own and NaN or inf as None: what JSON can say."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def versions(network: bool) -> dict[str, str]:
    """The versions that decide the numbers."""
    names = [
        "normax",
        "numpy",
        "scipy",
        "numba",
        "scikit-learn",
        "pyarrow",
        *(["jax", "optax"] if network else []),
    ]
    return {"python": platform.python_version(), **{name: importlib.metadata.version(name) for name in names}}


def loss_text(data: Data) -> str:
    """What an error per row measures."""
    if data.target.task == "regression":
        return "half the squared error" + (" of the log" if data.target.log else "")
    return "negative log-likelihood" + ("" if data.class_weight is None else ", every class counted alike")


def _metrics(data: Data, held_out: np.ndarray, tested: Any) -> list[dict]:
    cv = metrics.measures(data.target, data.train.y, held_out)
    test = {} if data.test is None else metrics.measures(data.target, data.test.y, tested)
    return [
        {"name": name, "cv": cv[name], "test": test.get(name), "text": metrics.TEXTS[name]} for name in cv
    ]


def _confusion(data: Data, held_out: np.ndarray, tested: Any) -> dict | None:
    if data.target.task == "regression":
        return None
    return {
        "labels": [str(label) for label in data.target.labels],
        "cv": metrics.confusion(data.target, data.train.y, held_out),
        "test": None if data.test is None else metrics.confusion(data.target, data.test.y, tested),
    }


def _baselines(data: Data, path: Any, tested: Any) -> list[dict]:
    """The null model, the chosen one, the minimum where it is another, and the model without penalty."""
    target, test = data.target, data.test

    def row(model, strength, nonzero, cv, se, outputs=None):
        error = None
        if outputs is not None:
            error = np.average(metrics.errors(target, test.y, outputs), weights=data.weight(test))
        return {"model": model, "strength": strength, "nonzero": nonzero, "cv": cv, "se": se, "test": error}

    def choice(model, chosen, outputs):
        return row(model, chosen.strength, chosen.nonzero, chosen.cv_mean, chosen.cv_se, outputs)

    rows = []
    null = (
        None
        if test is None
        else metrics.null_outputs(target, data.train.y, data.weight(data.train), len(test.y))
    )
    if path.null_error is not None:
        cv, se = path.null_error
        rows.append(row("null", None, 0, cv, se, null))
    rows.append(choice("chosen", path.best, tested))
    if path.minimum.index != path.best.index:
        outputs = None if test is None else np.asarray(path.predict(test.X, path.minimum.index), float)
        rows.append(choice("minimum", path.minimum, outputs))
    if path.unpenalised_error is not None:
        cv, se, nonzero = path.unpenalised_error
        rows.append(row("unpenalised", 0.0, nonzero, cv, se))
    return rows
