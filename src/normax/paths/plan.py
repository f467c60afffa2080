"""In which chunks the lanes of a row set are trained, and from where each starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from normax.paths.axes import Axes, Settings
from normax.paths.lanes import Lanes
from normax.paths.schedule import Schedule, Warm

__all__ = ["LaneChunk", "Lineup", "chunks"]


class LaneChunk(NamedTuple):
    """Lanes that are trained together.

    Attributes:
        lanes: their numbers, `(lanes,)`.
        before: the number of the lane whose weights each begins with, or None: cold, from the starting weights.
        size: how many run, copies of some lanes filling up: one size for all chunks of a row set.
        epochs: how long they train.
    """

    lanes: np.ndarray
    before: np.ndarray | None
    size: int
    epochs: int

    @property
    def filled(self) -> np.ndarray:
        """The numbers of the lanes that run."""
        return np.resize(self.lanes, self.size)

    def follows(self, other: LaneChunk) -> bool:
        """Whether some lane begins where one of another chunk ends."""
        return self.before is not None and bool(np.isin(self.before, other.lanes).any())


@dataclass(frozen=True)
class Lineup:
    """Which lanes a row set has, and in which chunks they are trained.

    Attributes:
        axes: what varies beside the strength.
        baseline: whether a lane without penalty follows those of the grid.
        schedule: epochs and warm starts.
        size: lanes of a chunk.
    """

    axes: Axes
    baseline: bool
    schedule: Schedule
    size: int

    @staticmethod
    def of(
        axes: Axes, baseline: bool, schedule: Schedule, lanes: Lanes, count: int, processes: int, folds: int
    ) -> Lineup:
        """Chunks of equal size that occupy all workers of all processes, the fit on all rows from one seed included.

        The lanes of a warm chain stay in one process. An accelerator takes hardly longer for many lanes than for a few:
        there, lanes are cut for more processes only where the folds of all seeds are fewer than these.
        """
        workers, most = lanes.at_once
        if schedule.warm is None:
            workers *= processes if lanes.on_cpu else -(-processes // max(1, folds * schedule.seeds))
        longest = max(
            chunk.size for chunk in Lineup(axes, baseline, schedule, most)._uneven(np.arange(count) + 1.0, 1)
        )
        return Lineup(axes, baseline, schedule, lanes.whole(-(-longest // workers)))

    def table(self, strengths: np.ndarray, seeds: int) -> tuple[Settings, np.ndarray]:
        """The settings of all lanes of a row set, and what sets them apart beside the strength, as a number."""
        grid, plain = self.axes.settings(strengths), self.axes.without_path()
        count = len(grid["strength"])
        others = count // len(strengths)
        kind = np.arange(count) % others
        if self.baseline:
            grid = {name: np.append(grid[name], plain[name]) for name in grid}
            kind = np.append(kind, others if self.axes else 0)
        settings = {name: np.tile(grid[name], seeds) for name in grid}
        return settings, (np.arange(seeds)[:, None] * (others + 1) + kind).ravel()

    def per_seed(self, strengths: np.ndarray) -> int:
        """Lanes of one starting point."""
        return len(self.axes.settings(strengths)["strength"]) + self.baseline

    def chunks(self, strengths: np.ndarray, seeds: int) -> list[LaneChunk]:
        """All lanes of a row set in chunks of one size."""
        return [chunk._replace(size=self.size) for chunk in self._uneven(strengths, seeds)]

    def _uneven(self, strengths: np.ndarray, seeds: int) -> list[LaneChunk]:
        settings, kinds = self.table(strengths, seeds)
        return chunks(settings["strength"], kinds, self.schedule.epochs, self.size, self.schedule.warm)


def chunks(
    strengths: np.ndarray, kinds: np.ndarray, epochs: int, most: int, warm: Warm | None = None
) -> list[LaneChunk]:
    """All lanes in chunks of one size, at most `most`, each after the chunks that it starts from.

    Args:
        strengths: `(lanes,)` the strength of each.
        kinds: `(lanes,)` what else sets them apart (seed, other axes) as a number: a warm lane follows one of its kind.
        epochs: how long cold lanes train.
        most: lanes at once.
        warm: None starts all cold. Otherwise strengths go in blocks from weak to strong; every lane of a block
            starts from the strongest lane of its kind in the block before.
    """
    everyone = np.arange(len(strengths))
    if warm is None:
        return _cut(everyone, None, epochs, most)
    result: list[LaneChunk] = []
    ordered = np.unique(strengths)  # weak to strong
    last: dict[int, int] = {}
    for at in range(0, len(ordered), warm.strengths):
        block = everyone[np.isin(strengths, ordered[at : at + warm.strengths])]
        # A kind without a lane in the blocks so far starts cold, in chunks of its own.
        cold = np.array([kinds[lane] not in last for lane in block])
        for some, before in (
            (block[cold], None),
            (block[~cold], np.array([last[kinds[lane]] for lane in block[~cold]], int)),
        ):
            if len(some):
                result += _cut(some, before, epochs if before is None else warm.epochs, most)
        for lane in block[np.argsort(strengths[block], kind="stable")]:
            last[kinds[lane]] = lane
    size = max(chunk.size for chunk in result)
    return [chunk._replace(size=size) for chunk in result]


def _cut(lanes: np.ndarray, before: np.ndarray | None, epochs: int, most: int) -> list[LaneChunk]:
    """Even chunks, so that copies fill up as few places as can be."""
    count = -(-len(lanes) // most)
    size = -(-len(lanes) // count)
    places = [slice(at, at + size) for at in range(0, len(lanes), size)]
    return [LaneChunk(lanes[p], None if before is None else before[p], size, epochs) for p in places]
