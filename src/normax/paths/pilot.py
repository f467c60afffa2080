"""The automatic strengths of a network: no formula gives the largest, so a pilot looks for it."""

from __future__ import annotations

import time as clock
from typing import Any

import numpy as np

from normax.paths.lanes import alike
from normax.paths.run import Run
from normax.paths.workers import side_by_side
from normax.selection import strength_grid

__all__ = ["automatic_strengths"]

L2_RANGE = (1.0, 1e-5)
"""Strengths of a pure L2 path of a network, largest and smallest: shrinking has no point of all zeros."""

NETWORK_RATIO = 1e-3
"""Smallest over largest strength of other paths of networks."""

FEWEST = 12
"""Strengths of a pilot, at least."""


def automatic_strengths(run: Run, count: int, notices: list[str]) -> np.ndarray:
    """Strengths from what a doubling pilot finds, or the fixed range of penalties without kinks."""
    if all(unit is None or unit.nonsmooth is None for unit in run.lanes.unit):
        return np.geomspace(*L2_RANGE, count) if count > 1 else np.array(L2_RANGE[:1])
    began = clock.perf_counter()
    largest = _pilot(run, notices)
    run.seconds["pilot"] = clock.perf_counter() - began
    return strength_grid(largest, count, NETWORK_RATIO)


class _PilotJob:
    """Lanes from the network's own weights on all rows, and how many weights each is left with."""

    def __init__(self, run: Run, strengths: np.ndarray):
        self.run, self.strengths, self.nonzero = run, strengths, np.zeros(0)

    def ready(self) -> bool:
        return True

    def begin(self) -> Any:
        run, start = self.run, self.run.starts[0]
        settings = run.axes.first(self.strengths)
        state = run.lanes.begin(settings, *alike((start.weights, start.buffers), len(self.strengths)))
        data, rows = run.data(run.whole), run.row_set(run.whole.train)
        train = run.lanes.training(settings, state, data, rows, run.key, run.schedule.epochs)
        return lambda after: run.lanes.nonzero(train(after).weights)

    def end(self, result: np.ndarray) -> None:
        self.nonzero = result


def _pilot(run: Run, notices: list[str]) -> float:
    """The smallest of doubling strengths, on all rows, from which on no penalised weight is left.

    Other axes stand at their first values. Chunks are of the size of the path's, so that its program serves.
    """
    chunks, epochs, top = -(-FEWEST // run.size), run.schedule.epochs, 1.0
    for _ in range(6):
        strengths = top * 2.0 ** -np.arange(chunks * run.size)
        jobs = [_PilotJob(run, some) for some in np.split(strengths, chunks)]
        side_by_side(
            jobs,
            run.workers,
            lambda done: run.report("looking for the largest strength", done, chunks * epochs),
        )
        zero = np.concatenate([job.nonzero for job in jobs]) == 0
        zero &= np.logical_and.accumulate(zero)
        if zero[0] and not zero.all():
            return float(strengths[np.flatnonzero(zero)[-1]])
        top = top * 2.0 ** (len(strengths) - 2) if not zero[0] else strengths[-1]
    notices.append(
        f"no strength up to {strengths[0]:.3g} left all penalised weights at zero in {epochs} epochs; the grid "
        "starts there"
    )
    return float(strengths[0])
