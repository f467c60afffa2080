"""One path by two processes of one run: this process is the first, and forks the second before JAX has begun."""

from __future__ import annotations

import multiprocessing
import os
import socket
import sys
from collections.abc import Callable
from typing import Any

from normax.errors import InputError

__all__ = ["together"]

_JOIN_SECONDS = 60.0  # for each other, at the start and at the end
_SILENT_SECONDS = 10.0  # until one that gives no sign counts as lost
_BEAT_SECONDS = 0.5
_JAX_SECONDS = 25  # until JAX by itself ends those who hear nothing of the first process


def together(work: Callable[[], Any]) -> Any:
    """Do a work in two processes; what it gives in the first.

    Raises:
        LostProcess: if the second is lost, or ends otherwise than well.
    """
    from normax import distributed, heartbeats

    heartbeats.BEAT_SECONDS, heartbeats.SILENT_SECONDS = _BEAT_SECONDS, _SILENT_SECONDS
    distributed.HEARTBEAT_SECONDS = _JAX_SECONDS
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        coordinator = f"127.0.0.1:{free.getsockname()[1]}"
    second = multiprocessing.get_context("fork").Process(target=_second, args=(work, coordinator))
    second.start()
    found = _joined(work, coordinator, 0)
    second.join()
    if second.exitcode:
        raise distributed.LostProcess(f"process 1 (pid {second.pid}) ended with {second.exitcode}")
    return found


def _joined(work: Callable[[], Any], coordinator: str, index: int) -> Any:
    import jax

    from normax import distributed

    distributed.initialize(coordinator, 2, index, timeout=_JOIN_SECONDS)
    found = work()
    jax.distributed.shutdown()  # what JAX does at the end of an interpreter, which forked processes do not come to
    return found


def _second(work: Callable[[], Any], coordinator: str) -> None:
    from normax.distributed import LostProcess
    from normax.launched import LOST

    try:
        _joined(work, coordinator, 1)
    except (InputError, LostProcess) as error:
        print(f"process 1: {error}", flush=True)
        os._exit(LOST if isinstance(error, LostProcess) else 2)
    except KeyboardInterrupt:
        os._exit(130)
    sys.stdout.flush()
    os._exit(0)
