"""Ctrl-C that is never lost and never comes at a bad moment; and SIGTERM and SIGHUP, which end a command alike.

Python drops an exception that is raised inside a garbage collector's callback or a finaliser, a
KeyboardInterrupt too, and goes on. Here a dropped one is remembered and raised at the next step of the work.
And some compiled extensions crash the process when an exception meets them while they load: meanwhile Ctrl-C
is held back.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["Terminated", "check", "handled", "held_back", "watched"]

_dropped: list[BaseException] = []


class Terminated(KeyboardInterrupt):
    """A signal that asks the process to end, so that what is half done can be cleared away first.

    Attributes:
        signal: its number.
    """

    def __init__(self, number: int):
        super().__init__(signal.Signals(number).name)
        self.signal = number


@contextmanager
def watched() -> Iterator[None]:
    """Raise `Terminated` for signals to end, and remember every interrupt that Python drops while the block runs."""
    usual = sys.unraisablehook

    def hook(unraisable: Any) -> None:
        if issubclass(unraisable.exc_type, KeyboardInterrupt):
            _dropped.append(unraisable.exc_value or KeyboardInterrupt())
        else:
            usual(unraisable)

    sys.unraisablehook = hook
    before = _handle(_ENDING, _terminate, only=signal.SIG_DFL)  # nohup has SIGHUP ignored
    try:
        yield
    finally:
        _restore(before)
        sys.unraisablehook = usual
        _dropped.clear()


def check() -> None:
    """Raise the interrupt that was dropped, if there was one."""
    if _dropped:
        error = _dropped[0]
        _dropped.clear()
        raise error


@contextmanager
def held_back() -> Iterator[None]:
    """Let a Ctrl-C, and the other signals to end, wait until the block, an import of compiled extensions, is over."""
    waiting: list[int] = []
    with handled((signal.SIGINT, *_ENDING), lambda number, _: waiting.append(number)):
        yield
    for number in waiting:
        signal.raise_signal(number)


@contextmanager
def handled(numbers: Iterable[int], handler: Any) -> Iterator[None]:
    """Signals go to a handler while the block runs."""
    before = _handle(numbers, handler)
    try:
        yield
    finally:
        _restore(before)


_ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


def _terminate(number: int, _: Any) -> None:
    raise Terminated(number)


def _handle(numbers: Iterable[int], handler: Any, only: Any = None) -> dict[int, Any]:
    """Set a handler, and give those it stands for; only the main thread receives signals."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    usual = {number: signal.getsignal(number) for number in numbers}
    usual = {n: old for n, old in usual.items() if old is not None and (only is None or old == only)}
    for number in usual:
        signal.signal(number, handler)
    return usual


def _restore(handled: dict[int, Any]) -> None:
    for number, handler in handled.items():
        signal.signal(number, handler)
