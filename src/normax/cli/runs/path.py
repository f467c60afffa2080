"""`normax path`: from a file to a folder with the chosen model, its pictures and its page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from normax.cli import screen, summary
from normax.cli.details import PathDetails
from normax.cli.folder import staged
from normax.cli.model.network import build
from normax.cli.options.run import PathOptions
from normax.cli.runs.classes import called_by_label
from normax.cli.runs.describe import describe_path
from normax.cli.runs.setup import Clock, Setup, set_up, training
from normax.cli.runs.writing import keep
from normax.cli.sheets import write_table
from normax.penalties import L1, L2, ElasticNet
from normax.tables import FillAndScale

__all__ = ["fit", "run"]


def fit(options: PathOptions) -> None:
    """Run the command and print its summary; the folder appears whole or not at all."""
    out = Path(options.out)
    with staged(out) as folder:
        _, details = run(options, folder)
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
        penalty=_penalty(options),
        strengths=options.strengths,
        cv=setup.folds,
        groups=train.groups,
        time=train.time,
        select=options.select,
        transform=FillAndScale(),
        sample_weight=data.weight(train),
        feature_names=data.schema.features,
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
        penalty=_penalty(options),
        **training(setup),
        on_progress=on_progress,
    )


def _penalty(options: PathOptions) -> Any:
    if options.l1_ratio is not None:
        return ElasticNet(l1_ratio=options.l1_ratio)
    return {"l1": L1, "l2": L2}[options.penalty]()
