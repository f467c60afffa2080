"""Signs of life of the processes of a run, so that the others hear of one that was killed while they still can say so.

JAX notices by itself too, and then ends every process from within, without an exception and without a name.
"""

from __future__ import annotations

import atexit
import threading
import time
from itertools import count
from typing import Any

import jax

__all__ = ["FAILED", "SILENT_SECONDS", "begin"]

FAILED = "normax/failed"
"""Where the store that all processes see says of a process, by its number, how it failed."""

ALIVE = "normax/alive"

BEAT_SECONDS = 2.0
"""From sign to sign."""

SILENT_SECONDS = 20.0
"""After so long without a sign a process counts as lost. A thread of Python gives them, and the longest that a library
keeps Python's lock to itself is some seconds."""


def begin(client: Any, index: int) -> None:
    """Give signs from a thread of its own until the process ends; in process 0, look for those of the others too."""
    ended = threading.Event()
    atexit.register(ended.set)
    threading.Thread(target=_beat, args=(client, index, ended), name="normax-alive", daemon=True).start()


def _beat(client: Any, index: int, ended: threading.Event) -> None:
    heard: dict[str, tuple[str, float]] = {}
    for number in count():
        try:
            client.key_value_set(f"{ALIVE}/{index}", str(number), allow_overwrite=True)
            if index == 0:
                _look(client, heard, time.monotonic())
        except jax.errors.JaxRuntimeError:  # process 0 is gone
            return
        if ended.wait(BEAT_SECONDS):
            return


def _look(client: Any, heard: dict[str, tuple[str, float]], now: float) -> None:
    """Say of each process whose last sign is too old that it is lost, and take it back should it come again."""
    for key, sign in client.key_value_dir_get(ALIVE):
        process = key.rpartition("/")[2]
        last, since = heard.get(process, ("", now))
        silent = now - since > SILENT_SECONDS
        if sign != last:
            heard[process] = sign, now
            if silent:
                client.key_value_delete(f"{FAILED}/{process}")
        elif silent:
            said = f"no sign of life for {SILENT_SECONDS:g} s: it was killed, or its machine is gone"
            client.key_value_set(f"{FAILED}/{process}", said, allow_overwrite=True)
