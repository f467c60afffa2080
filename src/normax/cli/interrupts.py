"""Ctrl-C that is never lost and never comes at a bad moment.

Python drops an exception that is raised inside a garbage collector's callback or a finaliser, a
KeyboardInterrupt too, and goes on. Here a dropped one is remembered and raised at the next step of the work.
And some compiled extensions crash the process when an exception meets them while they load: meanwhile Ctrl-C
is held back.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["check", "held_back", "watched"]

_dropped: list[bool] = []


@contextmanager
def watched() -> Iterator[None]:
    """Remember every KeyboardInterrupt that Python drops while the block runs."""
    usual = sys.unraisablehook

    def hook(unraisable: Any) -> None:
        if unraisable.exc_type is KeyboardInterrupt:
            _dropped.append(True)
        else:
            usual(unraisable)

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = usual
        _dropped.clear()


def check() -> None:
    """Raise the KeyboardInterrupt that was dropped, if there was one."""
    if _dropped:
        _dropped.clear()
        raise KeyboardInterrupt


@contextmanager
def held_back() -> Iterator[None]:
    """Let a Ctrl-C wait until the block, an import of compiled extensions, is over."""
    if threading.current_thread() is not threading.main_thread():  # only the main one receives it
        yield
        return
    waiting: list[bool] = []
    usual = signal.signal(signal.SIGINT, lambda *_: waiting.append(True))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
    if waiting:
        raise KeyboardInterrupt
