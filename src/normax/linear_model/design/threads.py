"""How many threads BLAS may use: one where matrices are small or folds already run side by side."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import cache

from threadpoolctl import ThreadpoolController

__all__ = ["cores", "one_thread", "one_thread_if_small"]

# Entries of X below which a product with it is over before a second thread has woken up.
SMALL = 1 << 20

# The limit is the process's: the first of several threads to ask for it sets it, the last to leave lifts it.
_guard, _limit = threading.Lock(), ExitStack()
_inside = 0


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def one_thread() -> Iterator[None]:
    """BLAS on one thread inside the context, of all threads of the process."""
    global _inside
    with _guard:
        if not _inside:
            _limit.enter_context(_controller().limit(limits=1, user_api="blas"))
        _inside += 1
    try:
        yield
    finally:
        with _guard:
            _inside -= 1
            if not _inside:
                _limit.close()


def one_thread_if_small(n: int, p: int) -> AbstractContextManager:
    """The same for small problems, where threads that wait for each other cost more than they bring."""
    return one_thread() if n * p <= SMALL else nullcontext()
