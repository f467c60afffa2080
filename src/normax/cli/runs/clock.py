"""The seconds of a run's phases, so that what is told adds up to what the user waited."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

__all__ = ["Clock"]


class Clock:
    """The seconds of a run's phases, in the order in which they began; what comes twice adds up.

    Example:
        >>> clock = Clock()
        >>> clock.add({"reading": 1.0, "folds": 2.0})
        >>> clock.add({"reading": 0.5})
        >>> clock.seconds
        [('reading', 1.5), ('folds', 2.0)]
    """

    def __init__(self) -> None:
        self.seconds: list[tuple[str, float]] = []

    @contextmanager
    def time(self, phase: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.add({phase: time.perf_counter() - start})

    def add(self, phases: Mapping[str, float]) -> None:
        """In place, since what tells of a run holds the list from the beginning."""
        self.seconds[:] = (
            dict(self.seconds) | {k: dict(self.seconds).get(k, 0.0) + v for k, v in phases.items()}
        ).items()
