"""`normax path`: from a file to a folder with the chosen model, its pictures and its page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from normax.cli import screen, summary
from normax.cli.details import PathDetails
from normax.cli.folder import staged
from normax.cli.model.coefficients import feature_columns, feature_names
from normax.cli.model.network import build
from normax.cli.options.run import PathOptions
from normax.cli.runs.classes import called_by_label
from normax.cli.runs.describe import describe_path
from normax.cli.runs.setup import Clock, Setup, set_up, training
from normax.cli.runs.writing import keep
from normax.cli.sheets import write_table
from normax.penalties import L1, L2, ElasticNet, GroupLasso

__all__ = ["fit", "run"]

#: Shares of the penalised fit that `--refit` tries, those of glmnet.
GAMMAS = (0.0, 0.25, 0.5, 0.75, 1.0)


def fit(options: PathOptions) -> None:
    """Run the command and print its summary; the folder appears whole or not at all."""
    out = Path(options.out)
    with staged(out) as folder:
        path, details = run(options, folder)
    if options.json:
        screen.print_json({"folder": str(out), **asdict(details), "path": path.table()})
    else:
        summary.summary(details, out)


def run(options: PathOptions, folder: Path) -> tuple[Any, PathDetails]:
    """Fit the path of DATA and write all files into a folder.

    Returns:
        The path and the details of the run.
    """
    clock = Clock()
    with screen.notices() as said:
        setup = set_up(options, clock)
        with screen.progress() as on_progress, called_by_label(setup.data.target.labels):
            path = (_linear if setup.network is None else _network)(setup, on_progress)
        if path.engine == "linear":  # also what a class that is one Linear becomes
            setup = replace(setup, network=None)
        clock.seconds += path.seconds.items()
        with clock.time("measuring"):
            details = describe_path(setup, path, setup.options.penalty, setup.options.l1_ratio)
        details = replace(details, notices=list(dict.fromkeys([*said, *path.notices])), seconds=clock.seconds)
        with clock.time("writing"):
            from normax.report import page

            write_table(folder / "path.csv", path.table())
            page(folder, path, asdict(details))
        keep(folder, setup, path, details)
    return path, details


def _linear(setup: Setup, on_progress: Callable) -> Any:
    from normax.paths import linear_path

    options, data, train = setup.options, setup.data, setup.data.train
    return linear_path(
        train.X,
        train.y,
        loss=data.target.loss,
        penalty=_penalty(setup),
        strengths=options.strengths,
        cv=setup.folds,
        groups=train.groups,
        time=train.time,
        select=options.select,
        gammas=GAMMAS if options.refit else None,
        transform=setup.transform,
        sample_weight=data.weight(train),
        feature_names=feature_names(data.schema, setup.expansion),
        seed=options.seed,
        on_progress=on_progress,
    )


def _network(setup: Setup, on_progress: Callable) -> Any:
    import normax as nx

    options, train = setup.options, setup.data.train
    assert setup.network is not None
    nx.manual_seed(options.seed)
    return nx.path(
        build(setup.network),
        (train.X, train.y),
        penalty=_penalty(setup),
        **training(setup),
        on_progress=on_progress,
    )


def _penalty(setup: Setup) -> Any:
    options = setup.options
    if options.penalty == "group-lasso":
        behind = feature_columns(setup.data.schema, setup.expansion)
        number = {columns: k for k, columns in enumerate(dict.fromkeys(behind))}
        return GroupLasso(groups=[number[columns] for columns in behind])
    if options.l1_ratio is not None:
        return ElasticNet(l1_ratio=options.l1_ratio)
    return {"l1": L1, "l2": L2}[options.penalty]()
