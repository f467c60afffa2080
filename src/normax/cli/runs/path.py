"""`normax path`: from a file to a folder with the chosen model, its pictures and its page."""

from __future__ import annotations

import argparse
import csv
import importlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from normax.cli import screen
from normax.cli.folder import staged
from normax.cli.interrupts import held_back
from normax.cli.model import network as models
from normax.cli.model.saved import save
from normax.cli.runs import describe as story
from normax.cli.runs.data import Data, prepare
from normax.errors import InputError
from normax.estimators.defaults import LEARNING_RATE, batch_size_for, epochs_for
from normax.penalties import L1, L2, ElasticNet
from normax.tables import FillAndScale
from normax.text import sheet_cell

__all__ = ["fit", "run"]


def fit(options: argparse.Namespace) -> None:
    """Run the command and print its summary; the folder appears whole or not at all."""
    out = Path(options.out or f"normax-{Path(options.data).stem}")
    options.out = str(out)
    with staged(out) as folder:
        details = run(options, folder)[1]
    screen.summary(details, out)


def run(options: argparse.Namespace, folder: Path) -> tuple[Any, dict[str, Any]]:
    """Fit the path of DATA and write all files into a folder.

    Returns:
        The path and the details of the run.
    """
    check_options(options)
    with screen.notices() as said:
        seconds: list[list[Any]] = []
        with timed(seconds, "reading"):
            data = prepare(options)
            size = data.train.X.shape[1], data.target.outputs
            recipe = models.architecture(options.model, len(data.train.y), *size, Path(options.out or folder))
            fill_defaults(options, len(data.train.y), recipe)
            check_classes(options, data)
        with timed(seconds, "loading"), held_back():
            _load(network=recipe is not None)
        with screen.progress() as on_progress:
            if recipe is None:
                path = _linear(options, data, on_progress)
            else:
                path = _network(options, data, recipe, on_progress)
        if path.engine == "linear":  # also what a class that is one Linear becomes
            recipe = None
        seconds += map(list, path.seconds.items())
        with timed(seconds, "measuring"):
            details = story.describe_run(options, data, path, recipe)
        details["notices"] = list(dict.fromkeys([*said, *path.notices]))
        details["seconds"] = seconds
        with timed(seconds, "writing"):
            _write(folder, path, details)
        keep(folder, path, data, recipe, details)
    return path, details


def keep(folder: Path, path: Any, data: Data, recipe: dict[str, Any] | None, details: dict[str, Any]) -> None:
    """Write what `normax predict` and `normax show` read."""
    _write_coefficients(folder / "coefficients.csv", details)
    kept = {**details, "coefficients": None}  # coefficients.csv has them
    arrays = _chosen(path, recipe)
    save(folder, arrays, data.schema, data.target, path.transform, recipe, path.target_scale, kept)


def _write(folder: Path, path: Any, details: dict[str, Any]) -> None:
    from normax.report import page

    write_table(folder / "path.csv", path.table())
    page(folder, path, details)


@contextmanager
def timed(seconds: list[list[Any]], phase: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds.append([phase, time.perf_counter() - start])


def _load(network: bool) -> None:
    """Import what the fit needs; linear models do without JAX."""
    for name in ("normax.paths", "normax.report", *(["normax.paths.network"] if network else [])):
        importlib.import_module(name)


def _linear(options: argparse.Namespace, data: Data, on_progress: Any) -> Any:
    from normax.paths import linear_path

    train = data.train
    return linear_path(
        train.X,
        train.y,
        loss=data.target.loss,
        penalty=_penalty(options),
        strengths=options.strengths,
        cv=options.cv,
        groups=train.groups,
        time=train.time,
        select=options.select,
        transform=FillAndScale(),
        sample_weight=data.weight(train),
        feature_names=data.schema.features,
        seed=options.seed,
        on_progress=on_progress,
    )


def _network(options: argparse.Namespace, data: Data, recipe: dict[str, Any], on_progress: Any) -> Any:
    import normax as nx

    nx.manual_seed(options.seed)
    return nx.path(
        models.build(recipe),
        (data.train.X, data.train.y),
        penalty=_penalty(options),
        **training(options, data),
        on_progress=on_progress,
    )


def training(options: argparse.Namespace, data: Data) -> dict[str, Any]:
    """What `nx.path` is told of a network's folds and training."""
    import optax

    train = data.train
    return {
        "loss": data.target.loss,
        "strengths": options.strengths,
        "cv": options.cv,
        "groups": train.groups,
        "time": train.time,
        "select": options.select,
        "optimizer": optax.adam(options.learning_rate),
        "epochs": options.epochs,
        "batch_size": options.batch_size,
        "transform": FillAndScale(),
        "scale_target": data.target.task == "regression",
        "sample_weight": data.weight(train),
        "feature_names": data.schema.features,
        "seed": options.seed,
    }


def _penalty(options: argparse.Namespace) -> Any:
    return (
        {"l1": L1, "l2": L2}[options.penalty]()
        if options.l1_ratio is None
        else ElasticNet(l1_ratio=options.l1_ratio)
    )


def check_options(options: argparse.Namespace) -> None:
    """Refuse options that would have no effect."""
    if options.command == "path" and options.l1_ratio is not None and options.penalty != "elastic-net":
        raise InputError(f"--l1-ratio is for --penalty elastic-net, and the penalty is {options.penalty}")
    if options.model == "linear":
        idle = [
            f"--{n.replace('_', '-')}"
            for n in ("epochs", "batch_size", "learning_rate")
            if getattr(options, n)
        ]
        if idle:
            raise InputError(f"{', '.join(idle)}: for networks, and the model is linear (--model mlp)")


def fill_defaults(options: argparse.Namespace, rows: int, recipe: dict[str, Any] | None) -> None:
    """Settle the defaults that depend on the model and the data, as `--help` states them."""
    if getattr(options, "penalty", None) == "elastic-net" and options.l1_ratio is None:
        options.l1_ratio = 0.5
    options.cv = options.cv or (10 if recipe is None else 5)
    if options.command == "compare":
        options.strengths = options.strengths or 20
    options.strengths = options.strengths or (100 if recipe is None else 30)
    if recipe is not None:
        options.batch_size = min(rows, options.batch_size or batch_size_for(rows))
        options.epochs = options.epochs or epochs_for(rows, options.batch_size)
        options.learning_rate = options.learning_rate or LEARNING_RATE


def check_classes(options: argparse.Namespace, data: Data) -> None:
    """Refuse stratified folds for which a class has too few rows, by its label."""
    if data.target.task == "regression" or data.train.groups is not None or data.train.time is not None:
        return
    counts = np.bincount(data.train.y, minlength=len(data.target.labels))
    few = [f"{label!r} has {n}" for label, n in zip(data.target.labels, counts) if n < options.cv]
    if few:
        few = [*few[:5], f"... {len(few)} classes in all"] if len(few) > 5 else few
        raise InputError(
            f"--cv {options.cv}: every class needs a row in each fold, but of the rows to train on class {', '.join(few)}"
        )


def _chosen(path: Any, recipe: dict[str, Any] | None) -> dict[str, np.ndarray]:
    """The chosen strength's arrays: those of the linear model in float64, or the network's state."""
    if recipe is None:
        return {name: np.asarray(path.weights[name][path.best.index], float) for name in ("weight", "bias")}
    return {name: np.asarray(value) for name, value in path.model().state_dict().items()}


def _write_coefficients(file: Path, details: dict[str, Any]) -> None:
    if details["coefficients"] is None:
        return
    intercepts = [{"feature": "intercept", "column": "", **row} for row in details["intercept"]]
    rows = [*intercepts, *details["coefficients"]]
    heads = [
        "feature",
        "column",
        *(["output"] if rows[0]["output"] is not None else []),
        "standardised",
        "original",
    ]
    write_table(file, [{head: row[head] for head in heads} for row in rows])


def write_table(file: Path, rows: list[dict[str, Any]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows({head: sheet_cell(cell) for head, cell in row.items()} for row in rows)
