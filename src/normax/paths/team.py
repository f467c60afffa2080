"""The processes that work on one path: each runs the same program, and they exchange bytes between its phases."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from normax import distributed
from normax.errors import InputError

__all__ = ["ALONE", "Team", "check_alike"]


@dataclass(frozen=True)
class Team:
    """The processes of a run, seen from one of them.

    Attributes:
        index, count: which of how many this is.
        gather: what each process gives, in their order; it returns when all have called it.
    """

    index: int
    count: int
    gather: Callable[[bytes], list[bytes]]

    def each(self, value: Any) -> list[Any]:
        """What each process says, plain values of JSON."""
        if self.count == 1:
            return [value]
        return [json.loads(content) for content in self.gather(json.dumps(value).encode())]

    def first(self, value: Any) -> Any:
        """What process 0 says: for what is measured, so that all go on with the same."""
        return self.each(value)[0]

    def owners(self, costs: Sequence[float]) -> list[int]:
        """Which process takes each of some pieces of work: neighbours, which share data, go together.

        Example:
            >>> Team(0, 2, lambda content: []).owners([1, 1, 1, 1, 1])
            [0, 0, 1, 1, 1]
        """
        ends = np.cumsum(costs, dtype=float)
        return [int(self.count * (end - cost / 2) / ends[-1]) for cost, end in zip(costs, ends)]

    @staticmethod
    def of_run() -> Team:
        """All processes of the run that this one belongs to."""
        return Team(distributed.index(), distributed.count(), _gathered) if distributed.count() > 1 else ALONE


def _gathered(content: bytes) -> list[bytes]:
    """By XLA's collectives, once it is known that all are there: one that is gone would be waited for without end.

    Who is alive may take as long as it takes.
    """
    from jax.experimental import multihost_utils

    sizes = distributed.gather(len(content), "lanes", timeout=math.inf)
    padded = np.zeros(max(sizes), np.uint8)
    padded[: len(content)] = np.frombuffer(content, np.uint8)
    rows = multihost_utils.process_allgather(padded)
    return [row[:size].tobytes() for row, size in zip(rows, sizes)]


ALONE = Team(0, 1, lambda content: [content])


def check_alike(identities: list[dict[str, str]]) -> None:
    """Refuse processes whose paths are not the same.

    Raises:
        InputError: naming the first process that was given something else, and what.
    """
    for number, identity in enumerate(identities):
        differs = [name for name, value in identities[0].items() if identity.get(name) != value]
        if differs:
            raise InputError(
                f"process {number} of {len(identities)} has other {', '.join(differs)} than process 0; all processes of a "
                "run call nx.path with the same arguments, on networks made after the same nx.manual_seed"
            )
