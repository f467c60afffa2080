"""The table of faults: what is done to a process from outside, or what fails inside it."""

from __future__ import annotations

import errno
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["KINDS", "Kind"]

# What Python tells of before it is done, by which a process can die or fail at each in turn.
_NAMES = {
    "os.rename",
    "os.remove",
    "os.mkdir",
    "os.rmdir",
    "os.link",
    "os.chmod",
    "os.utime",
    "shutil.rmtree",
}
_MAKING = {"os.rename", "os.mkdir", "os.link"}


@dataclass(frozen=True)
class Kind:
    """A fault.

    Args:
        name: of it.
        inside: what is set up in the process, given its folder and a generator, before it works.
        signals: sent from outside at a random time.
        worker: whether they go to a process that the first has begun, as soon as it has.
        peers: whether it is for the processes of one run alone.
        share: how often it is drawn, beside others.
    """

    name: str
    inside: Callable[[Path, np.random.Generator], None] | None = None
    signals: tuple[int, ...] = ()
    worker: bool = False
    peers: bool = False
    share: float = 1.0


def _before_each(folder: Path, act: Callable[[str, int], None]) -> None:
    """Call `act` with the event and its number before each change of a name or opening for writing in a folder."""
    count, within = 0, str(folder)

    def hook(event: str, args: tuple[Any, ...]) -> None:
        nonlocal count
        if event not in _NAMES and not (event == "open" and args[2] & (os.O_WRONLY | os.O_RDWR)):
            return
        paths = [os.fsdecode(arg) for arg in args[:2] if isinstance(arg, (str, bytes, os.PathLike))]
        if any(path.startswith(within) for path in paths):
            count += 1
            act(event, count)

    sys.addaudithook(hook)


def _killed_at(folder: Path, random: np.random.Generator) -> None:
    last = int(random.integers(1, 40))

    def die(event: str, count: int) -> None:
        if count == last:
            os.kill(os.getpid(), signal.SIGKILL)

    _before_each(folder, die)


def _full_at(folder: Path, random: np.random.Generator) -> None:
    """From some change on, no file or name can be made; removing goes on working."""
    first = int(random.integers(1, 30))

    def refuse(event: str, count: int) -> None:
        if count >= first and (event in _MAKING or event == "open"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    _before_each(folder, refuse)


def _broken_at(folder: Path, random: np.random.Generator) -> None:
    """One change fails as a broken disk does; the next works."""
    only = int(random.integers(1, 30))

    def refuse(event: str, count: int) -> None:
        if count == only:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    _before_each(folder, refuse)


def _full_within(folder: Path, random: np.random.Generator) -> None:
    """No file can grow beyond some size: what is written is cut in its midst."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(2 ** random.uniform(4, 18)), resource.RLIM_INFINITY))


def _unsynced(folder: Path, random: np.random.Generator) -> None:
    """The disk is found full only when what was written is to be kept."""
    left, sync = int(random.integers(0, 8)), os.fsync

    def fsync(handle: int) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(handle)

    os.fsync = fsync


def _jumping(folder: Path, random: np.random.Generator) -> None:
    """Clocks that leap, back or ahead, by minutes to years; that which may not go back leaps ahead, and stands."""
    leaps = {
        "time": [-1e8, -3600, 0, 3600, 1e8],
        "monotonic": [0, 0, 3600, 1e8],
        "perf_counter": [0, 0, 3600, 1e8],
    }
    for name, by in leaps.items():
        usual, state = getattr(time, name), {"ahead": 0.0, "last": -np.inf}

        def clock(usual: Any = usual, by: Any = by, state: Any = state, name: str = name) -> float:
            if random.random() < 0.2:
                state["ahead"] += by[int(random.integers(len(by)))]
            now = usual() + state["ahead"]
            if name != "time":
                now = state["last"] = max(now, state["last"])
            return now

        setattr(time, name, clock)


KINDS = [
    Kind("killed", signals=(signal.SIGKILL,), share=3),
    Kind("killed at a change of names", _killed_at, share=3),
    Kind("terminated", signals=(signal.SIGTERM,)),
    Kind("interrupted", signals=(signal.SIGINT,)),
    Kind("interrupted twice", signals=(signal.SIGINT, signal.SIGTERM)),
    Kind("put to sleep", signals=(signal.SIGSTOP, signal.SIGCONT)),
    Kind("full disk", _full_at),
    Kind("full disk within a file", _full_within),
    Kind("full disk at the end", _unsynced),
    Kind("broken disk", _broken_at),
    Kind("clocks that jump", _jumping),
    Kind("hangs", signals=(signal.SIGSTOP,), peers=True, share=8),
    Kind("a worker killed", signals=(signal.SIGKILL,), worker=True, share=20),
    Kind("a worker hangs", signals=(signal.SIGSTOP,), worker=True, share=8),
]
