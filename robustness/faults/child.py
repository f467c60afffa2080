"""A process that works under a fault: forked from one that has everything loaded and nothing running."""

from __future__ import annotations

import io
import multiprocessing
import os
import resource
import signal
import sys
import time
import traceback
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from normax.distributed import LostProcess
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
        self._peers, self._stopped = WORKS[work].peers, set[int]()
        self.lost = 0  # the worker that was hit
        self.folder, self._before = folder, _changed(folder)
        self._said, writer = _context.Pipe(duplex=False)  # no file: a disk that is full takes none
        given.unlink(missing_ok=True)
        self.process = _context.Process(target=_work, args=(work, version, folder, given, writer, kind, seed))
        self.process.start()
        writer.close()

    def wait_for_change(self) -> None:
        """Until something in its folder has another name, or it has ended."""
        while self.process.exitcode is None and _changed(self.folder) == self._before:
            self.process.join(0.002)

    def signal(self, number: int, after: float, worker: bool = False) -> None:
        """Send a signal after some seconds, if it is still there; or to the last process that it begins itself."""
        self.process.join(after)
        workers: list[int] = []
        while self.process.exitcode is None and worker and not (workers := self._workers()):
            self.process.join(0.02)
        if self.process.exitcode is not None:
            return
        if worker:
            self.lost = workers[-1]
        hit = self.lost or self._number
        self._stopped = {hit} if number == signal.SIGSTOP else set()
        with suppress(ProcessLookupError):
            os.kill(hit, number)

    def end(self) -> tuple[int | None, str]:
        """The exit code, None if it hangs or leaves peers that do, and what was said."""
        deadline = time.monotonic() + _PATIENCE
        stopped = self._peers and self._number in self._stopped
        self.process.join(0 if stopped else _PATIENCE)
        while (left := self._peers and set(self._workers()) - self._stopped) and time.monotonic() < deadline:
            time.sleep(0.02)
        hangs = left or (self.process.exitcode is None and not stopped)
        self.process.kill()
        for worker in self._workers():  # that hang, or go on alone
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
        self.process.join()
        code = None if hangs else self.process.exitcode
        said = b""
        while self._said.poll() and (piece := os.read(self._said.fileno(), 1 << 16)):
            said += piece
        self._said.close()
        return code, said.decode(errors="replace")

    @property
    def _number(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    def _workers(self) -> list[int]:
        """The processes that it has begun to share its work with and that have not ended, in their order."""
        found = []
        for place in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                state, _, group = (place / "stat").read_text().rpartition(")")[2].split()[:3]
                if (
                    int(group) == self._number != int(place.name)
                    and state != "Z"
                    and b"resource_tracker" not in (place / "cmdline").read_bytes()
                ):
                    found.append(int(place.name))
        return sorted(found)


def _changed(folder: Path) -> int:
    """When a name changed last, in a folder or in those directly in it."""
    last = folder.stat().st_mtime_ns
    for inner in folder.iterdir():
        with suppress(OSError):  # gone since
            last = max(last, inner.stat().st_mtime_ns if inner.is_dir() else 0)
    return last


def _work(
    work: int,
    version: int,
    folder: Path,
    given: Path,
    writer: Connection,
    kind: int | None,
    seed: tuple[int, int],
) -> None:
    os.setpgid(0, 0)  # by which those that it begins are known, also when it is no more
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
    except (InputError, LostWorker, LostProcess) as error:
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
