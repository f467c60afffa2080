"""In which chunks the lanes of a row set are trained, and from where each starts."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from normax.errors import InputError

__all__ = ["Chunk", "Warm", "chunks"]


class Chunk(NamedTuple):
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


class Warm(NamedTuple):
    """Warm starts in blocks: how many strengths a block holds, and how long later blocks train."""

    strengths: int
    epochs: int

    @staticmethod
    def of(wish: Any, strengths: int, epochs: int, warm_epochs: int | None) -> Warm | None:
        """From what `nx.path` was given: False, True, "weak-to-strong", or strengths a block."""
        if wish is None or wish is False:
            if warm_epochs is not None:
                raise InputError("warm_epochs: for warm starts; ask for them, warm_start=True")
            return None
        if wish == "strong-to-weak":
            raise InputError(
                "warm_start: a layer of zeros passes no gradient on, so that a network which starts from a stronger "
                "penalty never gets its weights back; use warm_start=True, from weak to strong"
            )
        if wish is True or wish == "weak-to-strong":
            wish = max(1, round(strengths**0.5))
        if not isinstance(wish, (int, np.integer)) or wish < 1:
            raise InputError(
                f"warm_start: expected True, or how many strengths a block holds (>= 1), got {wish!r}"
            )
        if warm_epochs is not None and warm_epochs < 1:
            raise InputError(f"warm_epochs: expected at least 1 epoch, got {warm_epochs}")
        return Warm(int(wish), epochs if warm_epochs is None else int(warm_epochs))


def chunks(
    strengths: np.ndarray, kinds: np.ndarray, epochs: int, most: int, warm: Warm | None = None
) -> list[Chunk]:
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
    result: list[Chunk] = []
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


def _cut(lanes: np.ndarray, before: np.ndarray | None, epochs: int, most: int) -> list[Chunk]:
    """Even chunks, so that copies fill up as few places as can be."""
    count = -(-len(lanes) // most)
    size = -(-len(lanes) // count)
    places = [slice(at, at + size) for at in range(0, len(lanes), size)]
    return [Chunk(lanes[p], None if before is None else before[p], size, epochs) for p in places]
