"""The automatic strengths of a network: no formula gives the largest, so a pilot looks for it."""

from __future__ import annotations

import time as clock
from typing import Any

import numpy as np

from normax.paths.lanes import Trained, alike
from normax.paths.setup import Run
from normax.paths.workers import side_by_side
from normax.selection import strength_grid

__all__ = ["automatic_strengths"]

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


def automatic_strengths(run: Run, count: int, notices: list[str]) -> np.ndarray:
    """Strengths from what a doubling pilot finds, or the fixed range of penalties without kinks."""
    if all(unit is None or unit.nonsmooth is None for unit in run.lanes.unit):
        return np.geomspace(*L2_RANGE, count) if count > 1 else np.array(L2_RANGE[:1])
    began = clock.perf_counter()
    warm = run.schedule.warm
    strength, found = _pilot(run) if warm is None else _climb(run, warm.epochs)
    if warm is not None and NETWORK_RATIO ** -(warm.strengths / count) < PACES[-1][0]:
        strength *= SLOWER
    if not found:
        notices.append(
            f"no strength up to {strength:.3g} left all penalised weights at zero in {run.schedule.epochs} epochs; the "
            "grid starts there"
        )
    run.seconds["pilot"] = clock.perf_counter() - began
    return strength_grid(strength, count, NETWORK_RATIO)


class _PilotJob:
    """Lanes on all rows from one network's weights and buffers, where they end, and how many weights each is left with."""

    def __init__(self, run: Run, strengths: np.ndarray, start: Any, epochs: int):
        self.run, self.strengths, self.start, self.epochs = run, strengths, start, epochs
        self.nonzero = np.zeros(0)

    def ready(self) -> bool:
        return True

    def begin(self) -> Any:
        run = self.run
        settings = run.axes.first(self.strengths)
        state = run.lanes.begin(settings, *alike(self.start, len(self.strengths)))
        data, rows = run.data(run.whole), run.row_set(run.whole.train)
        return run.lanes.training(settings, state, data, rows, run.key, self.epochs)

    def end(self, result: Trained) -> None:
        self.weights, self.buffers = result.weights, result.buffers
        self.nonzero = self.run.lanes.nonzero(result.weights)


def _pilot(run: Run) -> tuple[float, bool]:
    """The smallest of doubling strengths, on all rows, from which on no penalised weight is left, and whether there is one.

    Other axes stand at their first values. Chunks are of the size of the path's, so that its program serves.
    """
    chunks, epochs, top = -(-FEWEST // run.size), run.schedule.epochs, 1.0
    start = run.starts[0].weights, run.starts[0].buffers
    for _ in range(6):
        strengths = top * 2.0 ** -np.arange(chunks * run.size)
        jobs = [_PilotJob(run, some, start, epochs) for some in np.split(strengths, chunks)]
        side_by_side(jobs, run.workers, lambda done: run.report(PHASE, done, chunks * epochs))
        zero = np.concatenate([job.nonzero for job in jobs]) == 0
        zero &= np.logical_and.accumulate(zero)
        if zero[0] and not zero.all():
            return float(strengths[np.flatnonzero(zero)[-1]]), True
        top = top * 2.0 ** (len(strengths) - 2) if not zero[0] else strengths[-1]
    return float(strengths[0]), False


def _climb(run: Run, warm_epochs: int) -> tuple[float, bool]:
    """The same for a warm chain: from a dense network upwards, each strength from where the one before ended.

    Weights that have grown under weaker strengths outlive those that start cold, by a factor of ten and more.
    """
    done, total = 0, run.schedule.epochs + MOST // 3 * warm_epochs

    def train(strengths: np.ndarray, start: Any, epochs: int) -> _PilotJob:
        nonlocal done
        job = _PilotJob(run, strengths, start, epochs)
        side_by_side([job], 1, lambda now: run.report(PHASE, min(done + now, total), total))
        done += epochs
        return job

    strength, paces = WEAKEST, list(PACES)
    start = run.starts[0].weights, run.starts[0].buffers
    steps = np.arange(1, run.size + 1)
    job = train(np.full(run.size, strength), start, run.schedule.epochs)
    while not job.nonzero[-1] and strength > 1e-30:
        strength *= WEAKEST
        job = train(np.full(run.size, strength), start, run.schedule.epochs)
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
