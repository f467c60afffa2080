"""How many threads BLAS may use: one where matrices are small or folds already run side by side."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController

__all__ = ["one_thread", "one_thread_if_small", "side_by_side"]

# Entries of X below which a product with it is over before a second thread has woken up.
SMALL = 1 << 20


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()


def one_thread() -> AbstractContextManager:
    """BLAS on one thread inside the context."""
    return _controller().limit(limits=1, user_api="blas")


def one_thread_if_small(n: int, p: int) -> AbstractContextManager:
    """The same for small problems, where threads that wait for each other cost more than they bring."""
    return one_thread() if n * p <= SMALL else nullcontext()


def side_by_side(one: Callable[[int], Any], count: int, done: Callable[[int], object] | None = None) -> list:
    """one(0) … one(count − 1) on as many threads as there are processors, BLAS on one thread in each.

    `done` is told on the caller's thread how many have ended.
    """
    results = []

    def keep(result: Any) -> None:
        results.append(result)
        if done is not None:
            done(len(results))

    workers = min(
        count, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    if workers < 2:
        for k in range(count):
            keep(one(k))
        return results
    with one_thread(), ThreadPoolExecutor(workers) as pool:
        for result in pool.map(one, range(count)):
            keep(result)
    return results
