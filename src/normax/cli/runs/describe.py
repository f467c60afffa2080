"""The details of a run, gathered from what went in and what came out."""

from __future__ import annotations

import datetime
import importlib.metadata
import math
import platform
from dataclasses import replace
from typing import Any

import numpy as np

from normax.cli.details import (
    Baseline,
    ComparisonDetails,
    Confusion,
    Measure,
    PathDetails,
    TableDetails,
    plain,
)
from normax.cli.model.coefficients import coefficients, feature_names
from normax.cli.model.network import describe
from normax.cli.options.typed import command_line, settings
from normax.cli.runs import metrics
from normax.cli.runs.columns import column_rows
from normax.cli.runs.cost import cost
from normax.cli.runs.data import Dataset, Sample
from normax.cli.runs.families import LOSS_TEXTS
from normax.cli.runs.setup import Setup

__all__ = ["describe_comparison", "describe_path"]

_CAUTION = (
    "The cross-validated error of the chosen strength is optimistic: the strength was chosen on the same folds."
    " Hold rows out with --test 0.2 for an honest one."
)


def describe_path(setup: Setup, path: Any, penalty: str, l1_ratio: float | None) -> PathDetails:
    """The details of a finished path: what was fitted to what, how well, and against which baselines."""
    data, target = setup.data, setup.data.target
    parts = [test for _, test in setup.folds]
    held_out = np.asarray(path.held_out(), float)
    tested = outputs_for(path, data.test) if data.test else None
    weights = intercept = None
    if setup.network is None:
        weight, bias = (np.asarray(path.weights[name][path.best.index]) for name in ("weight", "bias"))
        weights, intercept = coefficients(weight, bias, path.transform, data.schema, target)
    details = PathDetails(
        **_common(setup, jax=setup.network is not None),
        title=_title(setup),
        task="survival" if target.event is not None else target.task,
        family=target.family,
        target=target.name,
        log_target=target.log,
        labels=[str(label) for label in target.labels] or None,
        positive=str(target.labels[1]) if len(target.labels) == 2 else None,
        model=setup.options.model,
        loss=target.loss,
        penalty=penalty
        + ("" if l1_ratio is None else f" (l1_ratio {l1_ratio:g})")
        + (f", refit (gamma {path.gamma:g})" if getattr(setup.options, "refit", False) else ""),
        select=setup.options.select,
        metrics=_metrics(data, held_out, parts, tested, ranks=path.best.nonzero > 0),
        confusion=_confusion(data, held_out, tested),
        baselines=_baselines(data, path, tested),
        cost=cost(setup, path),
        caution=_CAUTION if data.test is None else None,
        coefficients=weights,
        intercept=intercept,
    )
    return plain(details)


def outputs_for(path: Any, rows: Sample, index: int | None = None) -> np.ndarray:
    """Raw outputs for some rows, what is known of them included; of the chosen strength by default."""
    outputs = np.asarray(path.predict(rows.X, index), float)
    return outputs if rows.offset is None else _beside(outputs, rows.offset)


def _beside(outputs: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """Outputs (n,) or (n, m) with what is known of each row."""
    return outputs + (offset if outputs.ndim == 1 else offset[:, None])


def describe_comparison(setup: Setup, tested: dict[str, float] | None) -> ComparisonDetails:
    """The details of a comparison, whose methods' errors on the test rows are `tested`."""
    title = f"{_title(setup)}: methods compared"
    return plain(ComparisonDetails(**_common(setup, jax=True), title=title, tested=tested))


def _common(setup: Setup, jax: bool) -> dict[str, Any]:
    """What every run tells but its title; its notices and seconds come when it is done."""
    return {
        "command": command_line(setup.options),
        "model_text": _model_text(setup),
        "loss_text": _loss_text(setup.data),
        "settings": settings(setup.options),
        "data": _table(setup),
        "notices": [],
        "seconds": [],
        "versions": _versions(jax),
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }


def _model_text(setup: Setup) -> str:
    """The model in words."""
    if setup.expansion is None:
        return describe(setup.network)
    curves, products = len(setup.expansion.curves), len(setup.expansion.products)
    parts = [f"{n} {what}{'s' * (n != 1)}" for n, what in ((curves, "curve"), (products, "product")) if n]
    return f"linear model with {' and '.join(parts) or 'neither curves nor products'}"


def _title(setup: Setup) -> str:
    """What is predicted from what."""
    data = setup.data
    columns, log = len(data.schema.columns), "log of " if data.target.log else ""
    return f"{log}{data.target.name} from {columns} column{'s' * (columns != 1)} of {data.table.source}"


def _table(setup: Setup) -> TableDetails:
    """The table: its rows, its columns, and what was left out."""
    data = setup.data
    left_out = [*data.schema.left_out.items(), *data.unused.items()]
    return TableDetails(
        file=data.table.source,
        sha256=data.table.sha256,
        rows=len(data.train.y),
        rows_without_target=data.without_target,
        test_rows=0 if data.test is None else len(data.test.y),
        test_file=data.test_file,
        features=len(feature_names(data.schema, setup.expansion)),
        columns=column_rows(data.schema, data.missing),
        left_out=[{"name": name, "reason": why} for name, why in left_out],
    )


def _versions(jax: bool) -> dict[str, str]:
    """The versions that decide the numbers."""
    names = [
        "normax",
        "numpy",
        "scipy",
        "numba",
        "scikit-learn",
        "pyarrow",
        *(["jax", "optax"] if jax else []),
    ]
    return {"python": platform.python_version(), **{name: importlib.metadata.version(name) for name in names}}


def _loss_text(data: Dataset) -> str:
    """What an error per row measures."""
    if data.target.family is not None:
        return LOSS_TEXTS[data.target.family.partition(":")[0]]
    if data.target.task == "regression":
        return "half the squared error" + (" of the log" if data.target.log else "")
    return "negative log-likelihood" + ("" if data.class_weight is None else ", every class counted alike")


def _metrics(
    data: Dataset, held_out: np.ndarray, parts: list[np.ndarray], tested: Any, ranks: bool
) -> list[Measure]:
    """The measures over the folds and on the test rows; a model without features ranks no row above another, though
    at its strength some folds may have features."""
    cv = metrics.measures(data.target, data.train.y, held_out, parts, data.train.weight)
    for name in ("AUC", "C index"):
        if not ranks and data.train.offset is None and cv.get(name) is not None:
            cv[name] = 0.5
    test: dict[str, float | None] = {}
    if data.test is not None:
        test = metrics.measures(data.target, data.test.y, tested, weight=data.test.weight)
    return [Measure(name=name, cv=cv[name], test=test.get(name), text=metrics.TEXTS[name]) for name in cv]


def _confusion(data: Dataset, held_out: np.ndarray, tested: Any) -> Confusion | None:
    if data.target.task == "regression":
        return None
    return Confusion(
        labels=[str(label) for label in data.target.labels],
        cv=metrics.confusion(data.target, data.train.y, held_out),
        test=None if data.test is None else metrics.confusion(data.target, data.test.y, tested),
    )


def _baselines(data: Dataset, path: Any, tested: Any) -> list[Baseline]:
    """The null model, the chosen one, what the other rule would choose where it is another, and no penalty."""
    test = data.test

    def row(
        model: Any, strength: float | None, nonzero: int, cv: float, se: float, outputs: Any = None
    ) -> Baseline:
        error = None
        if test is not None and outputs is not None:
            own = data.weight(test)
            error = np.average(metrics.errors(data.target, test.y, outputs, own), weights=own)
        squares = data.target.loss == "squared" and not data.target.log
        told = {"model": model, "strength": strength, "nonzero": nonzero, "cv": cv, "se": se, "test": error}
        return Baseline(**told, rmse=math.sqrt(2 * cv) if squares else None)

    def rmse(outputs: Any) -> float | None:
        return metrics.rmse(data.target, data.train.y, outputs, data.train.weight)

    def choice(model: str, chosen: Any, outputs: Any) -> Baseline:
        told = row(model, chosen.strength, chosen.nonzero, chosen.cv_mean, chosen.cv_se, outputs)
        return replace(told, rmse=rmse(path.held_out(chosen.index)))

    rows, outputs = [], None
    if path.null_error is not None:
        if test is not None:
            weight = data.weight(data.train)
            outputs = metrics.null_outputs(data.target, data.train.y, weight, len(test.y), data.train.offset)
            outputs = outputs if test.offset is None else _beside(outputs, test.offset)
        cv, se = path.null_error
        rows.append(row("null", None, 0, cv, se, outputs))
    rows.append(choice("chosen", path.best, tested))
    name, other = ("minimum", path.minimum) if path.select == "1se" else ("one_se", path.one_se)
    if other.index != path.best.index:
        outputs = None if test is None else outputs_for(path, test, other.index)
        rows.append(choice(name, other, outputs))
    if path.unpenalised_error is not None:
        cv, se, nonzero = path.unpenalised_error
        rows.append(row("unpenalised", 0.0, nonzero, cv, se))
    return rows
