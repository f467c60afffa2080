"""Jobs side by side, each in a thread with a core for itself.

Small products of matrices gain little from two cores at work on each, and wait for the slower one at every operation.
Chunks of lanes have nothing to wait for: as many threads as there are cores, each with its own chunk, take half the
time on two.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any, Protocol

import jax

__all__ = ["Job", "cores", "side_by_side"]


def cores() -> int:
    """Cores that this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed is not None else os.cpu_count() or 1


class Job(Protocol):
    """Work that is prepared and kept in the thread that asked for it, and done in another."""

    def ready(self) -> bool:
        """Whether all that it builds on is there."""

    def begin(self) -> Callable[[Callable[[int], None]], Any]:
        """The work, a function of `after(done so far)`, which it is to call now and then."""

    def end(self, result: Any) -> None:
        """Keep what the work returned."""


class _Stopped(Exception):
    """Another job failed, or the user asked to stop."""


def side_by_side(jobs: Sequence[Job], workers: int, tell: Callable[[int], None] = lambda done: None) -> None:
    """Run jobs, up to `workers` at a time, begun in their order as they become ready; one more waits for its turn.

    `tell` is called in this thread with the sum of what the jobs have done. If it or a job raises, the others stop
    where they next call `after`.
    """
    events: SimpleQueue[tuple[Job, int | None, Any, BaseException | None]] = SimpleQueue()
    stopped, wide = threading.Event(), jax.config.read("jax_enable_x64")

    def run(job: Job, work: Callable[[Callable[[int], None]], Any]) -> None:
        def after(done: int) -> None:
            if stopped.is_set():
                raise _Stopped
            events.put((job, done, None, None))

        try:
            if stopped.is_set():
                raise _Stopped
            with jax.enable_x64(wide):  # which JAX keeps thread by thread
                result = work(after)
        except BaseException as error:  # raised again by the thread that waits
            events.put((job, None, None, error))
        else:
            events.put((job, None, result, None))

    waiting, running, done = list(jobs), 0, dict.fromkeys(map(id, jobs), 0)
    with ThreadPoolExecutor(workers, "normax-lanes") as pool:
        try:
            while waiting or running:
                for job in [job for job in waiting if job.ready()][: workers + 1 - running]:
                    waiting.remove(job)
                    pool.submit(run, job, job.begin())
                    running += 1
                job, so_far, result, error = events.get()
                if error is not None:
                    raise error
                if so_far is None:
                    running -= 1
                    job.end(result)
                else:
                    done[id(job)] = so_far
                    tell(sum(done.values()))
        finally:
            stopped.set()
