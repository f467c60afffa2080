"""One path of a network, phase by phase: the grid, every fold, the fit on all rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from normax.paths.arguments import Progress
from normax.paths.checkpoint import Part
from normax.paths.fitting import ChunkJob, Fitted, Fitting
from normax.paths.folded import Split
from normax.paths.pilot import automatic_strengths
from normax.paths.setup import PathSetup
from normax.paths.sharing import shared
from normax.paths.timing import timed
from normax.paths.workers import side_by_side
from normax.selection import summarise, widened

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


REACHES = 1e1, 1e2
"""By which factors an automatic grid goes on at its weak end, one after the other: at most so often."""


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
    setup.kept.begin(strengths, setup.lanes.way, setup.lineup.size)
    rounds: list[_Round] = []
    folds: list[list[Fitted]] = []

    def fit(some: np.ndarray) -> None:
        rounds.append(_Round(setup if not rounds else setup.further, some, len(rounds), report, seconds))
        folds.append(rounds[-1].folds())

    def evaluate(some: np.ndarray) -> tuple[np.ndarray]:
        fit(some)
        return (np.array(setup.team.first(rounds[-1].held_out_error(folds[-1]).tolist())),)

    if setup.open_ended:
        strengths, _ = widened(strengths, evaluate, lambda error: error, reaches=REACHES)
    else:
        fit(strengths)
    wholes = [each.whole(fitted) for each, fitted in zip(rounds, folds)]
    fitted = [_side_by_side(setup, rounds, several) for several in zip(*folds)]
    fitted.append(_side_by_side(setup, rounds, wholes))
    return PathFits(strengths, fitted, seconds, [notice for notice in notices if notice])


@dataclass(frozen=True)
class _Round:
    """The row sets at some strengths: those of the grid, and in later rounds weaker ones."""

    setup: PathSetup
    strengths: np.ndarray
    number: int
    report: Progress
    seconds: dict[str, float]

    def folds(self) -> list[Fitted]:
        """Every fold."""
        folded = self.setup.rows.folded
        splits = {k: partial(folded.split, *fold) for k, fold in enumerate(folded.folds)}
        return self._fit(splits, self.setup.schedule.seeds, "folds") if splits else []

    def whole(self, choosing: list[Fitted]) -> Fitted:
        """All rows, after the folds, which under early stopping choose the epochs."""
        schedule, number, limits = self.setup.schedule, len(choosing), None
        whole = lambda: self.setup.rows.whole  # noqa: E731
        if schedule.stopping is not None:
            if not choosing:  # all rows tell the number of epochs themselves
                choosing, number = self._fit({0: whole}, schedule.seeds, "choosing the epochs"), 1
            limits = _median_epochs([fit.part for fit in choosing], schedule.seeds)
        return self._fit({number: whole}, 1, "fit on all rows", limits)[0]

    def _fit(
        self,
        splits: Mapping[int, Callable[[], Split]],
        seeds: int,
        phase: str,
        limits: np.ndarray | None = None,
    ) -> list[Fitted]:
        """Row sets, which go by number: read from the checkpoint, or trained."""
        setup, first = self.setup, self.number * (len(self.setup.rows.folded.folds) + 1)
        fits = [
            Fitting(setup, k, first + k, split, self.strengths, seeds, limits) for k, split in splits.items()
        ]
        named = phase if not self.number else f"{phase}, weaker strengths"

        def run(jobs: Sequence[ChunkJob], before: int, work: int) -> None:
            side_by_side(jobs, setup.workers, lambda done: self.report(named, before + done, work))

        with timed(self.seconds, phase):
            shared(fits, setup.team, run)
        return [fit.fitted for fit in fits]

    def held_out_error(self, folds: list[Fitted]) -> np.ndarray:
        """`(k,)` cross-validated errors of a path over strengths alone, averaged over seeds."""
        k, per_seed = len(self.strengths), self.setup.lineup.per_seed(self.strengths)
        errors = [fit.part.errors[:, 1].reshape(-1, per_seed)[:, :k].mean(0) for fit in folds]
        return summarise(np.array(errors), self.setup.rows.folded.fold_sizes)[0]


def _side_by_side(setup: PathSetup, rounds: list[_Round], fitted: Sequence[Fitted]) -> Fitted:
    """The lanes of all rounds on one row set: seed by seed, by strength, at last the lane without penalty."""
    if len(rounds) == 1:
        return fitted[0]
    counts = [each.setup.lineup.per_seed(each.strengths) for each in rounds]
    lanes = [len(fit.part.epochs) for fit in fitted]
    places = np.split(np.arange(sum(lanes)), np.cumsum(lanes)[:-1])
    by_seed = [place.reshape(-1, count) for place, count in zip(places, counts)]
    if setup.lineup.baseline:
        by_seed = [by_seed[0][:, :-1], *by_seed[1:], by_seed[0][:, -1:]]
    part = Part.joined([fit.part for fit in fitted]).at(np.concatenate(by_seed, axis=1).ravel())
    return Fitted(fitted[0].split, part)


def _median_epochs(parts: list[Part], seeds: int) -> np.ndarray:
    """What the folds and seeds chose in the middle, for each lane of the fit on all rows."""
    each = np.concatenate([part.epochs.reshape(seeds, -1) for part in parts])
    return np.floor(np.median(each, axis=0) + 0.5).astype(np.int32)
