"""One path of a network, phase by phase: the grid, every fold, the fit on all rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from normax.paths.arguments import Progress
from normax.paths.checkpoint import Part
from normax.paths.fitting import Fitted, Fitting
from normax.paths.folded import Split
from normax.paths.pilot import automatic_strengths
from normax.paths.setup import PathSetup
from normax.paths.timing import timed
from normax.paths.workers import side_by_side

__all__ = ["PathFits", "fit_phases"]


@dataclass(frozen=True)
class PathFits:
    """What was fitted.

    Attributes:
        strengths: of the path.
        fitted: every fold's lanes, and at last those of all rows.
        seconds: of each phase.
        notices: what must be said of the grid and the steps.
    """

    strengths: np.ndarray
    fitted: list[Fitted]
    seconds: dict[str, float]
    notices: list[str]


def fit_phases(setup: PathSetup, report: Progress) -> PathFits:
    """Find the strengths where only their number is given, and fit every row set."""
    strengths, notices = setup.strengths, [setup.idle]
    seconds: dict[str, float] = {}
    if isinstance(strengths, int):
        pilot = automatic_strengths(setup, strengths, report)
        strengths, notices = pilot.strengths, [*notices, pilot.notice]
        if pilot.seconds is not None:
            seconds["pilot"] = pilot.seconds
    setup.lanes.check(setup.axes.settings(strengths))
    setup.kept.begin(strengths, setup.lanes.way)
    fitted, spent = _fit_row_sets(setup, strengths, report)
    return PathFits(strengths, fitted, seconds | spent, [notice for notice in notices if notice])


def _fit_row_sets(
    setup: PathSetup, strengths: np.ndarray, report: Progress
) -> tuple[list[Fitted], dict[str, float]]:
    """Every fold, and at last all rows, with the seconds of each phase."""
    rows, schedule, folds = setup.rows, setup.schedule, setup.rows.folded.folds
    seconds: dict[str, float] = {}

    def fit(
        splits: Mapping[int, Callable[[], Split]], seeds: int, phase: str, limits: np.ndarray | None = None
    ) -> list[Fitted]:
        """Row sets, which go by number: read from the checkpoint, or trained."""
        fits = [Fitting(setup, number, split, strengths, seeds, limits) for number, split in splits.items()]
        before = sum(fit.plan[c].epochs for fit in fits for c in fit.parts)
        work = sum(chunk.epochs for fit in fits for chunk in fit.plan)
        jobs = [job for fit in fits for job in fit.jobs]
        with timed(seconds, phase):
            side_by_side(jobs, setup.workers, lambda done: report(phase, before + done, work))
        return [fit.fitted for fit in fits]

    fitted, limits, number, whole = [], None, len(folds), (lambda: rows.whole)
    if folds:
        splits = {k: partial(rows.folded.split, *fold) for k, fold in enumerate(folds)}
        fitted = choosing = fit(splits, schedule.seeds, "folds")
    elif schedule.stopping is not None:  # all rows tell the number of epochs themselves
        choosing, number = fit({0: whole}, schedule.seeds, "choosing the epochs"), 1
    if schedule.stopping is not None:
        limits = _median_epochs([fit.part for fit in choosing], schedule.seeds)
    return fitted + fit({number: whole}, 1, "fit on all rows", limits), seconds


def _median_epochs(parts: list[Part], seeds: int) -> np.ndarray:
    """What the folds and seeds chose in the middle, for each lane of the fit on all rows."""
    each = np.concatenate([part.epochs.reshape(seeds, -1) for part in parts])
    return np.floor(np.median(each, axis=0) + 0.5).astype(np.int32)
