"""The automatic strengths of a network: no formula gives the largest, so a pilot looks for it."""

from __future__ import annotations

import time as clock
from typing import Any, NamedTuple

import numpy as np

from normax.paths.arguments import Progress
from normax.paths.lanes import Trained, alike
from normax.paths.setup import PathSetup
from normax.paths.workers import side_by_side
from normax.selection import strength_grid

__all__ = ["Pilot", "automatic_strengths"]

L2_RANGE = (1.0, 1e-5)
"""Strengths of a pure L2 path of a network, largest and smallest: shrinking has no point of all zeros."""

NETWORK_RATIO = 1e-3
"""Smallest over largest strength of other paths of networks."""

FEWEST = 12
"""Strengths of a pilot, at least."""

WEAKEST = 1e-4
"""Where a climb begins."""

PACES = (8.0, 0.9), (2.0, 0.0)
"""From strength to strength of a climb: factors, and down to which share of the weights each serves."""

SLOWER = 4.0
"""Where a path climbs in smaller steps than doublings, weights hold out to a strength larger by up to this factor."""

MOST = 60
"""Steps of a climb, at most."""

PHASE = "looking for the largest strength"


class Pilot(NamedTuple):
    """Strengths from the largest that a path needs, how long it took to find that, and what must be said of it."""

    strengths: np.ndarray
    seconds: float | None = None
    notice: str | None = None


def automatic_strengths(setup: PathSetup, count: int, report: Progress) -> Pilot:
    """Strengths from what a doubling pilot finds, or the fixed range of penalties without kinks."""
    if all(unit is None or unit.nonsmooth is None for unit in setup.lanes.unit):
        return Pilot(np.geomspace(*L2_RANGE, count) if count > 1 else np.array(L2_RANGE[:1]))
    began, schedule = clock.perf_counter(), setup.schedule
    if schedule.warm is None:
        strength, found = _doublings(setup, report)
    else:
        strength, found = _climb(setup, schedule.warm.epochs, report)
        if NETWORK_RATIO ** -(schedule.warm.strengths / count) < PACES[-1][0]:
            strength *= SLOWER
    strength, found = setup.team.first([strength, found])
    notice = None
    if not found:
        notice = (
            f"no strength up to {strength:.3g} left all penalised weights at zero in {schedule.epochs} epochs; the "
            "grid starts there"
        )
    return Pilot(strength_grid(strength, count, NETWORK_RATIO), clock.perf_counter() - began, notice)


class _PilotJob:
    """Lanes on all rows from one network's weights and buffers, where they end, and how many weights are left."""

    def __init__(self, setup: PathSetup, strengths: np.ndarray, start: Any, epochs: int):
        self.setup, self.strengths, self.start, self.epochs = setup, strengths, start, epochs
        self.nonzero = np.zeros(0)

    def ready(self) -> bool:
        return True

    def begin(self) -> Any:
        lanes, rows = self.setup.lanes, self.setup.rows
        settings = self.setup.axes.first(self.strengths)
        state = lanes.begin(settings, *alike(self.start, len(self.strengths)))
        return lanes.training(settings, state, rows.training(rows.whole.train), self.epochs)

    def end(self, result: Trained) -> None:
        self.weights, self.buffers = result.weights, result.buffers
        self.nonzero = self.setup.lanes.nonzero(result.weights)


def _doublings(setup: PathSetup, report: Progress) -> tuple[float, bool]:
    """The smallest of doubling strengths, on all rows, from which on no penalised weight is left; whether it exists.

    Other axes stand at their first values. Chunks are of the size of the path's, so that its program serves.
    """
    size, epochs, top = setup.lineup.size, setup.schedule.epochs, 1.0
    team, chunks, start = setup.team, -(-FEWEST // size), (setup.starts[0].weights, setup.starts[0].buffers)
    for _ in range(6):
        strengths = top * 2.0 ** -np.arange(chunks * size)
        jobs = [_PilotJob(setup, some, start, epochs) for some in np.split(strengths, chunks)]
        mine = [job for job, process in zip(jobs, team.owners([1] * chunks)) if process == team.index]
        _run(setup, mine, len(mine) * epochs, report)
        said = team.each([job.nonzero.tolist() for job in mine])
        zero = np.concatenate([nonzero for process in said for nonzero in process]) == 0
        zero &= np.logical_and.accumulate(zero)
        if zero[0] and not zero.all():
            return float(strengths[np.flatnonzero(zero)[-1]]), True
        top = top * 2.0 ** (len(strengths) - 2) if not zero[0] else strengths[-1]
    return float(strengths[0]), False


def _run(setup: PathSetup, jobs: list[_PilotJob], work: int, report: Progress) -> None:
    side_by_side(jobs, setup.workers, lambda done: report(PHASE, done, work))


def _climb(setup: PathSetup, warm_epochs: int, report: Progress) -> tuple[float, bool]:
    """The same for a warm chain: from a dense network upwards, each strength from where the one before ended.

    Weights that have grown under weaker strengths outlive those that start cold, by a factor of ten and more.
    """
    epochs, size = setup.schedule.epochs, setup.lineup.size
    done, total = 0, epochs + MOST // 3 * warm_epochs

    def train(strengths: np.ndarray, start: Any, epochs: int) -> _PilotJob:
        nonlocal done
        job = _PilotJob(setup, strengths, start, epochs)
        side_by_side([job], 1, lambda now: report(PHASE, min(done + now, total), total))
        done += epochs
        return job

    strength, paces = WEAKEST, list(PACES)
    start = setup.starts[0].weights, setup.starts[0].buffers
    steps = np.arange(1, size + 1)
    job = train(np.full(size, strength), start, epochs)
    while not job.nonzero[-1] and strength > 1e-30:
        strength *= WEAKEST
        job = train(np.full(size, strength), start, epochs)
    dense = job.nonzero[-1]
    for _ in range(MOST):
        start = [w[-1] for w in job.weights], [b[-1] for b in job.buffers]
        factor, share = paces[0]
        strengths = strength * factor**steps
        after = train(strengths, start, warm_epochs)
        if after.nonzero[-1] > share * dense:
            job, strength = after, strengths[-1]
        elif share:
            del paces[0]  # and again from where it was
        else:
            return float(strengths[np.count_nonzero(after.nonzero)]), True
    return float(strength), False
