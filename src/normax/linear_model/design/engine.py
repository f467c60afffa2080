"""Independent pieces of one computation, side by side: on threads of this process, or on the engine joblib is told of."""

from __future__ import annotations

import multiprocessing
import os
import platform
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from normax.errors import InputError, LostWorker
from normax.linear_model.design.threads import cores, one_thread

__all__ = ["at_most", "side_by_side"]

_jobs: ContextVar[int | None] = ContextVar("jobs", default=None)


@contextmanager
def at_most(n_jobs: Any) -> Iterator[None]:
    """Inside, `side_by_side` has this many workers, counted as joblib counts: -1 is all, -2 all but one, None leaves it
    as it is.

    Raises:
        InputError: for anything else.
    """
    if n_jobs is None:
        yield
        return
    if isinstance(n_jobs, (bool, np.bool_)) or not isinstance(n_jobs, (int, np.integer)) or n_jobs == 0:
        raise InputError(
            f"n_jobs: expected None, a whole number >= 1, or -1 for all processors, got {n_jobs!r}"
        )
    # Within a piece of another computation there is one worker, whatever is asked for.
    before = _jobs.set(1 if _jobs.get() == 1 else int(n_jobs))
    try:
        yield
    finally:
        _jobs.reset(before)


def side_by_side(
    one: Callable[[int], Any], count: int, done: Callable[[int], object] | None = None, what: str = "piece"
) -> list:
    """one(0) … one(count − 1), BLAS on one thread in each: on as many threads as there are processors, or on the engine
    of `joblib.parallel_config`.

    A piece computes its own pieces one after the other, so that nothing is split twice. `one` may run in another process:
    what it finds out is what it returns. `done` is told on the caller's thread how many have ended. `NORMAX_TIMEOUT=600`
    waits so many seconds for a worker of an engine; without it, as long as it takes.

    Raises:
        LostWorker: if one died, or did not answer in time; it says which of `what` were its own.
    """
    results: list = []
    for some in _parts(one, count, what):
        results.extend(some)
        if done is not None and some:
            done(len(results))
    return results


def _parts(one: Callable[[int], Any], count: int, what: str) -> Iterator[list]:
    from joblib.parallel import get_active_backend

    backend, told = get_active_backend()
    if told is None and not type(backend).__module__.startswith("joblib._parallel_backends"):
        told = -1  # an engine of somebody else's was named, which is to be used
    jobs, own = told, _jobs.get()
    jobs = own if own is not None else jobs
    alone = count < 2 or jobs == 1 or bool(backend.nesting_level)
    if not alone and told is not None:
        with one_thread():
            yield from _on_engine(one, count, what, backend, jobs)
        return
    workers = (
        1 if alone else min(count, cores() if jobs is None else jobs if jobs > 0 else cores() + 1 + jobs)
    )
    if workers < 2:
        yield from ([one(k)] for k in range(count))
        return
    with one_thread(), ThreadPoolExecutor(workers, initializer=_jobs.set, initargs=(1,)) as pool:
        yield from ([found] for found in pool.map(one, range(count)))


def _on_engine(
    one: Callable[[int], Any], count: int, what: str, backend: Any, jobs: int | None
) -> Iterator[list]:
    """One part a worker, so that what `one` holds, X above all, travels once to each."""
    from joblib import effective_n_jobs, wrap_non_picklable_objects
    from sklearn.utils.parallel import Parallel, delayed

    if type(backend).__name__ == "MultiprocessingBackend":  # whose pickle knows no closures
        one = wrap_non_picklable_objects(one)
    workers = max(1, min(count, effective_n_jobs(jobs)))
    pieces, patience = np.array_split(np.arange(count), workers), _patience()
    lazily = bool(getattr(backend, "supports_return_generator", False))  # so that it is known who is awaited
    # "c": a map of X that looks as X does, so that no kernel is compiled for one that may not be written to.
    call = Parallel(
        n_jobs=jobs,
        mmap_mode="c",
        batch_size=1,
        pre_dispatch="all",
        timeout=patience,
        return_as="generator" if lazily else "list",
    )
    work, home = _Work(one), _process()
    tasks = [delayed(_part)(work, ks.tolist(), home) for ks in pieces]
    answers: list[tuple[list, list[Warning]]] = []
    try:
        for answer in call(tasks):
            answers.append(answer)
    except (TimeoutError, multiprocessing.TimeoutError, BrokenExecutor) as error:
        awaited = pieces[len(answers)]
        own = f"{what} {awaited[0] + 1} to {awaited[-1] + 1}" if lazily else f"some {what}"
        raise LostWorker(_lost(error, f"{own} of {count}", patience)) from error
    for found, said in answers:
        for message in said:
            warnings.warn(message, stacklevel=5)
        yield found


def _lost(error: Exception, own: str, patience: float | None) -> str:
    if isinstance(error, BrokenExecutor):
        return (
            f"a worker died while {own} was awaited; if memory ran out, give fewer of them: a smaller n_jobs"
        )
    if patience is None:
        return f"{own}: {error or 'timed out'}"
    return (
        f"the worker of {own} did not answer within {patience:g} s and was given up; see whether it hangs, "
        "or give it more time: NORMAX_TIMEOUT"
    )


def _patience() -> float | None:
    """Seconds for which a worker is waited for, as the environment says; None is without end."""
    said = os.environ.get("NORMAX_TIMEOUT", "")
    try:
        seconds = float(said) if said else None
    except ValueError:
        seconds = 0.0
    if seconds is not None and not 0 < seconds < float("inf"):
        raise InputError(f"NORMAX_TIMEOUT: expected seconds > 0, got {said!r}")
    return seconds


class _Work:
    """What Dask's backend of joblib sends once to a worker and not once a task, since it says it is large."""

    def __init__(self, one: Callable[[int], Any]):
        self.one = one

    def __sizeof__(self) -> int:
        return 1 << 20


def _process() -> tuple[str, int]:
    return platform.node(), os.getpid()


def _part(work: _Work, ks: list[int], home: tuple[str, int]) -> tuple[list, list[Warning]]:
    """Some pieces, and what they warned of in another process than the caller's."""
    before = _jobs.set(1)
    try:
        with one_thread():
            if _process() == home:
                return [work.one(k) for k in ks], []
            with warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always")
                found = [work.one(k) for k in ks]
            return found, [w.message for w in said if isinstance(w.message, Warning)]
    finally:
        _jobs.reset(before)
