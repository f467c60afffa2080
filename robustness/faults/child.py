"""A process that works under a fault: forked from one that has everything loaded and nothing running."""

from __future__ import annotations

import io
import multiprocessing
import os
import resource
import signal
import sys
import traceback
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from normax.errors import InputError, LostWorker
from robustness.faults.kinds import KINDS
from robustness.faults.works import WORKS
from robustness.trials import generator

__all__ = ["Child"]

_PATIENCE = 240.0  # seconds after which a process hangs, however busy the machine

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["robustness.faults.loaded"])


class Child:
    """A work begun in a process of its own.

    Args:
        work, version: which of `WORKS`, and which version of it.
        folder: where it works.
        given: a `.npz` file for what it gives.
        kind: which of `KINDS` happens inside, if any.
        seed: of the fault's own numbers.
    """

    def __init__(
        self,
        work: int,
        version: int,
        folder: Path,
        given: Path,
        kind: int | None = None,
        seed: tuple[int, int] = (0, 0),
    ):
        self._workers: list[int] = []
        self.folder, self._before = folder, folder.stat().st_mtime_ns
        self._said, writer = _context.Pipe(duplex=False)  # no file: a disk that is full takes none
        given.unlink(missing_ok=True)
        self.process = _context.Process(target=_work, args=(work, version, folder, given, writer, kind, seed))
        self.process.start()
        writer.close()

    def wait_for_change(self) -> None:
        """Until something in its folder has another name, or it has ended."""
        while self.process.exitcode is None and self.folder.stat().st_mtime_ns == self._before:
            self.process.join(0.002)

    def signal(self, number: int, after: float, worker: bool = False) -> None:
        """Send a signal after some seconds, if it is still there; or to the last process that it has begun itself."""
        self.process.join(after)
        if self.process.exitcode is not None:
            return
        assert self.process.pid is not None
        self._workers = _begun_by(self.process.pid)
        with suppress(ProcessLookupError):
            os.kill(self._workers[-1] if worker and self._workers else self.process.pid, number)

    def end(self) -> tuple[int | None, str]:
        """The exit code, None for one that hangs, and what was said."""
        self.process.join(_PATIENCE)
        code = self.process.exitcode
        if code is None:
            self.process.kill()
            self.process.join()
        for worker in self._workers:  # that hang, or go on alone
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
        said = b""
        while self._said.poll() and (piece := os.read(self._said.fileno(), 1 << 16)):
            said += piece
        self._said.close()
        return code, said.decode(errors="replace")


def _begun_by(process: int) -> list[int]:
    """The processes that one has begun to share its work with, in their order."""
    found = []
    with suppress(OSError):
        words = Path(f"/proc/{process}/task/{process}/children").read_text().split()
        found = [int(w) for w in words if b"resource_tracker" not in Path(f"/proc/{w}/cmdline").read_bytes()]
    return found


def _work(
    work: int,
    version: int,
    folder: Path,
    given: Path,
    writer: Connection,
    kind: int | None,
    seed: tuple[int, int],
) -> None:
    for stream in (1, 2):
        os.dup2(writer.fileno(), stream)
    sys.stdout, sys.stderr = (io.TextIOWrapper(io.FileIO(stream, "w")) for stream in (1, 2))
    inside = KINDS[kind].inside if kind is not None else None
    if inside is not None:
        inside(folder, generator(*seed))
    code = _obeyed(work, version, folder, given)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _obeyed(work: int, version: int, folder: Path, given: Path) -> int:
    """Do the work; the exit code."""
    try:
        found = WORKS[work].do(folder, version)
    except (InputError, LostWorker) as error:
        print(f"refused: {error}")
        return 2
    except SystemExit as error:
        return int(error.code or 0)
    except KeyboardInterrupt:
        return 130
    except BaseException:
        traceback.print_exc()
        return 1
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    np.savez(given, **found)
    return 0
