"""`normax compare`: several cures for overfitting on the same folds of a table, one table and one picture."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from normax.cli import screen, summary
from normax.cli.details import ComparisonDetails, plain
from normax.cli.folder import staged
from normax.cli.model.network import build
from normax.cli.options.run import CompareOptions
from normax.cli.runs import metrics
from normax.cli.runs.classes import called_by_label
from normax.cli.runs.clock import Clock
from normax.cli.runs.data import Dataset
from normax.cli.runs.describe import describe_comparison, describe_path
from normax.cli.runs.setup import Setup, set_up, training
from normax.cli.runs.smearing import smeared
from normax.cli.runs.writing import keep
from normax.cli.sheets import write_table

__all__ = ["compare"]


def compare(options: CompareOptions, clock: Clock) -> None:
    """Run the command and print its table; the folder appears whole or not at all."""
    out = Path(options.out)
    with staged(out) as folder:
        comparison, details = _run(options, folder, clock)
    if options.json:
        screen.print_json({"folder": str(out), **asdict(details), "methods": comparison.table()})
    else:
        summary.comparison(comparison, details, out)


def _run(options: CompareOptions, folder: Path, clock: Clock) -> tuple[Any, ComparisonDetails]:
    with screen.notices() as said:
        with screen.progress() as on_progress:
            setup = set_up(options, clock)
            with called_by_label(setup.data.target.labels):
                comparison = _compare(setup, on_progress)
        clock.add(comparison.seconds)
        with clock.time("measuring"):
            tested = None if setup.data.test is None else _tested(comparison, setup.data)
            details = describe_comparison(setup, tested)
        notices = list(dict.fromkeys([*said, *comparison.notices]))
        details = replace(details, notices=notices, seconds=clock.seconds)
        with clock.time("writing"):
            _write(folder, comparison, details)
        _keep_best(folder, comparison, setup, details)
    return comparison, details


def _compare(setup: Setup, on_progress: Callable) -> Any:
    import normax as nx

    options, train = setup.options, setup.data.train
    nx.manual_seed(options.seed)
    if setup.network is None:
        net = nx.nn.Linear(train.X.shape[1], setup.data.target.outputs)
    else:
        net = build(setup.network)
    told = {"methods": options.methods, "dropout": options.dropout}
    told = training(setup) | {name: value for name, value in told.items() if value is not None}
    return nx.compare(net, (train.X, train.y), **told, on_progress=on_progress)


def _tested(comparison: Any, data: Dataset) -> dict[str, float]:
    """The error of every method on the rows that nothing was chosen on."""
    test = data.test
    assert test is not None
    errors = {}
    for name, path in comparison.paths.items():
        outputs = np.asarray(path.predict(test.X), float)
        errors[name] = np.average(metrics.errors(data.target, test.y, outputs), weights=data.weight(test))
    return errors


def _keep_best(folder: Path, comparison: Any, setup: Setup, details: ComparisonDetails) -> None:
    """Write the model of the best method, as `normax path` does."""
    method, path = comparison.best, comparison.paths[comparison.best]
    network = setup.network and {**setup.network, "method": method}
    setup = replace(setup, network=None if path.engine == "linear" else network)
    setup = smeared(setup, path)
    told = describe_path(setup, path, method, 0.5 if method == "elastic-net" else None)
    keep(folder, setup, path, replace(told, notices=details.notices, seconds=details.seconds))


def _write(folder: Path, comparison: Any, details: ComparisonDetails) -> None:
    from normax.report import comparison_page

    rows = [dict(row) for row in comparison.table()]
    if details.tested:
        rows = [{**row, "test": details.tested[row["method"]]} for row in rows]
    write_table(folder / "compare.csv", rows)
    errors = comparison.fold_errors().items()
    folds = [{"method": m, "fold": k, "error": float(e)} for m, each in errors for k, e in enumerate(each)]
    write_table(folder / "folds.csv", folds)
    kept = {"format": "normax comparison", "version": 1, "table": plain(rows), **asdict(details)}
    text = json.dumps(kept, indent=1, ensure_ascii=False)
    (folder / "comparison.json").write_text(text, encoding="utf-8")
    comparison_page(folder, comparison, asdict(details))
