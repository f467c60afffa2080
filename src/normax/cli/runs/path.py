"""`normax path`: from a file to a folder with the chosen model, its pictures and its page."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from normax.cli import screen, summary
from normax.cli.beyond import beyond_memory
from normax.cli.details import PathDetails
from normax.cli.folder import staged
from normax.cli.options.run import PathOptions
from normax.cli.runs.asking import ask
from normax.cli.runs.beyond import fit_beyond
from normax.cli.runs.classes import called_by_label
from normax.cli.runs.clock import Clock
from normax.cli.runs.contest import compete
from normax.cli.runs.describe import describe_path
from normax.cli.runs.dispersion import fit_settled
from normax.cli.runs.setup import Setup, set_up
from normax.cli.runs.smearing import smeared
from normax.cli.runs.writing import keep
from normax.cli.sheets import write_table

__all__ = ["fit", "run"]


def fit(options: PathOptions, clock: Clock) -> None:
    """Run the command and print its summary; the folder appears whole or not at all."""
    out = Path(options.out)
    with staged(out) as folder:
        path, details = run(options, folder, clock)
    if options.json:
        screen.print_json({"folder": str(out), **asdict(details), "path": path.table()})
    else:
        summary.summary(details, out)


def run(options: PathOptions, folder: Path, clock: Clock | None = None) -> tuple[Any, PathDetails]:
    """Fit the path of DATA and write all files into a folder.

    Returns:
        The path and the details of the run.
    """
    clock = clock or Clock()
    with screen.notices() as said:
        with screen.progress() as on_progress:
            setup, path, contest, rows = _fitted(options, clock, on_progress)
        if path.engine == "linear":  # also what a class that is one Linear becomes
            setup = replace(setup, network=None)
        setup = smeared(setup, path)
        clock.add((path if contest is None else contest).seconds)
        with clock.time("measuring"):
            details = describe_path(setup, path, setup.options.penalty, setup.options.l1_ratio)
            if contest is not None:
                details = replace(details, contest=contest.told(setup.data))
            if rows is not None:
                details = replace(details, data=replace(details.data, rows=rows))
        details = replace(details, notices=list(dict.fromkeys([*said, *path.notices])), seconds=clock.seconds)
        with clock.time("asking"):
            asked = ask(setup, path)
        with clock.time("writing"):
            from normax.report import page
            from normax.report.moving.table import Tabled

            write_table(folder / "path.csv", path.table())
            page(
                folder,
                path,
                asdict(details),
                Tabled(setup.data.schema, setup.data.target, **asked, tested=setup.data.test is not None),
            )
        keep(folder, setup, path, details)
    return path, details


def _fitted(options: PathOptions, clock: Clock, on_progress: Any) -> tuple[Setup, Any, Any, int | None]:
    """The setup, the path, the contest where there is one, and how many rows there are, if not all are in the setup."""
    files = beyond_memory(options.data)
    if files is not None:
        setup, path, rows = fit_beyond(files, options, clock, on_progress)
        return setup, path, None, rows
    setup = set_up(options, clock)
    with called_by_label(setup.data.target.labels):
        if options.model == "auto":
            return *compete(setup, options, on_progress), None
        return *fit_settled(setup, on_progress), None, None
