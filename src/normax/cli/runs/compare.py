"""`normax compare`: several cures for overfitting on the same folds of a table, one table and one picture."""

from __future__ import annotations

import argparse
import datetime
import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from normax.cli import screen
from normax.cli.folder import staged
from normax.cli.interrupts import held_back
from normax.cli.model import network as models
from normax.cli.options.words import command_line, settings
from normax.cli.runs import describe as story
from normax.cli.runs import metrics
from normax.cli.runs.data import Data, prepare
from normax.cli.runs.path import (
    check_classes,
    check_options,
    fill_defaults,
    keep,
    timed,
    training,
    write_table,
)

__all__ = ["compare"]


def compare(options: argparse.Namespace) -> None:
    """Run the command and print its table; the folder appears whole or not at all."""
    out = Path(options.out or f"normax-compare-{Path(options.data).stem}")
    options.out = str(out)
    check_options(options)
    with staged(out) as folder:
        comparison, details = _run(options, folder)
    screen.comparison(comparison, details, out)


def _run(options: argparse.Namespace, folder: Path) -> tuple[Any, dict[str, Any]]:
    with screen.notices() as said:
        seconds: list[list[Any]] = []
        with timed(seconds, "reading"):
            data = prepare(options)
            size = data.train.X.shape[1], data.target.outputs
            recipe = models.architecture(options.model, len(data.train.y), *size, Path(options.out))
            fill_defaults(options, len(data.train.y), recipe or {"kind": "linear"})
            check_classes(options, data)
        with timed(seconds, "loading"), held_back():
            for name in ("normax.paths.comparison", "normax.report"):
                importlib.import_module(name)
        with screen.progress() as on_progress:
            comparison = _compare(options, data, recipe, on_progress)
        seconds += map(list, comparison.seconds.items())
        tested = None if data.test is None else _tested(comparison, data)
        details = story.plain(
            {
                "title": f"{story.title(options, data)}: methods compared",
                "command": command_line(options),
                "model_text": models.describe(recipe),
                "loss_text": story.loss_text(data),
                "settings": settings(options),
                "data": story.describe_data(options, data),
                "tested": tested,
                "notices": list(dict.fromkeys([*said, *comparison.notices])),
                "seconds": seconds,
                "versions": story.versions(network=True),
                "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            }
        )
        with timed(seconds, "writing"):
            _write(folder, comparison, details)
            _keep_best(folder, comparison, options, data, recipe, details)
    return comparison, {**details, "seconds": seconds}


def _compare(options: argparse.Namespace, data: Data, recipe: dict[str, Any] | None, on_progress: Any) -> Any:
    import normax as nx

    nx.manual_seed(options.seed)
    size = data.train.X.shape[1], data.target.outputs
    net = nx.nn.Linear(*size) if recipe is None else models.build(recipe)
    chosen = {"methods": options.methods, "dropout": options.dropout}
    return nx.compare(
        net, (data.train.X, data.train.y), **training(options, data), on_progress=on_progress,
        **{name: value for name, value in chosen.items() if value is not None},
    )  # fmt: skip


def _tested(comparison: Any, data: Data) -> dict[str, float]:
    """The error of every method on the rows that nothing was chosen on."""
    test = data.test
    assert test is not None
    errors = {}
    for name, path in comparison.paths.items():
        outputs = np.asarray(path.predict(test.X), float)
        errors[name] = np.average(metrics.errors(data.target, test.y, outputs), weights=data.weight(test))
    return errors


def _keep_best(
    folder: Path, comparison: Any, options: argparse.Namespace, data: Data, recipe: dict[str, Any] | None,
    details: dict[str, Any],
) -> None:  # fmt: skip
    """Write the model of the best method, as `normax path` does."""
    method, path = comparison.best, comparison.paths[comparison.best]
    recipe = None if path.engine == "linear" or recipe is None else {**recipe, "method": method}
    chosen = argparse.Namespace(
        **vars(options), penalty=method, l1_ratio=0.5 if method == "elastic-net" else None
    )
    told = story.describe_run(chosen, data, path, recipe)
    keep(folder, path, data, recipe, {**told, "notices": details["notices"], "seconds": details["seconds"]})


def _write(folder: Path, comparison: Any, details: dict[str, Any]) -> None:
    from normax.report import comparison_page

    rows = [dict(row) for row in comparison.table()]
    if details["tested"]:
        rows = [{**row, "test": details["tested"][row["method"]]} for row in rows]
    write_table(folder / "compare.csv", rows)
    errors = comparison.fold_errors()
    write_table(
        folder / "folds.csv",
        [
            {"method": m, "fold": k, "error": float(e)}
            for m, values in errors.items()
            for k, e in enumerate(values)
        ],
    )
    kept = {"format": "normax comparison", "version": 1, "table": rows, **details}
    (folder / "comparison.json").write_text(
        json.dumps(story.plain(kept), indent=1, ensure_ascii=False), encoding="utf-8"
    )
    comparison_page(folder, comparison, details)
