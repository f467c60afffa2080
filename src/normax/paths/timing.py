"""Wall-clock seconds by phase."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["timed"]


@contextmanager
def timed(seconds: dict[str, float], phase: str) -> Iterator[None]:
    """Add to a phase how long the `with` block takes."""
    began = time.perf_counter()
    yield
    seconds[phase] = seconds.get(phase, 0.0) + time.perf_counter() - began
