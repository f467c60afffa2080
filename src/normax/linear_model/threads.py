"""How many threads BLAS may use: one where matrices are small or folds already run side by side."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import cache

from threadpoolctl import ThreadpoolController

__all__ = ["one_thread", "one_thread_if_small"]

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
