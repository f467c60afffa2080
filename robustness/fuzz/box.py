"""A box for one input: what lies around it is watched, time and memory are bounded, and what is raised is judged."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import resource
import shutil
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from normax.errors import LONGEST, InputError

__all__ = ["CANARY", "Box", "Fault", "Verdict", "bounded", "command", "unchanged"]

#: What hostile files make, in the folder where they are read, when anything of them runs.
CANARY = "executed"

_SECONDS = 20.0  # of processor time
_MEMORY = 3 << 30


class Fault(AssertionError):
    """An invariant that does not hold."""


@dataclass(frozen=True)
class Verdict:
    """How one input ended: "accepted", "refused", or "FAILED" with what was wrong, in a line that alike failures share."""

    outcome: str
    what: str = ""
    detail: str = ""


class Box:
    """A folder with neighbours, in which files are put and read.

    Args:
        top: an empty folder; `top/in` holds the input, `top/out` is where a target may write, `top/here` is the
            current folder.
    """

    def __init__(self, top: Path):
        self.top, self.inside, self.out = top, top / "in", top / "out"
        for folder in (top / "here", top / "beside"):
            folder.mkdir(parents=True)
        (top / "beside" / "notes.txt").write_text("mine")

    def judge(self, attempt: Callable[[Path, Path], Any], files: dict[str, bytes]) -> Verdict:
        """Put the files into the box, let them be read, and judge.

        Args:
            attempt: reads what lies in the first folder, writes at most into the second.
            files: contents by names; a name is of the input's own folder.
        """
        for folder in (self.inside, self.out):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
        for name, content in files.items():
            (self.inside / name).write_bytes(content)
        before, began = self._around(), time.process_time()
        os.chdir(self.top / "here")
        try:
            with warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always")
                verdict = _judged(attempt, self.inside, self.out)
        finally:
            os.chdir("/")
        spent = time.process_time() - began
        strange = [w for w in said if not type(w.message).__module__.startswith("normax")]
        if (self.top / "here" / CANARY).exists():
            verdict = Verdict("FAILED", "executed")
        elif (after := self._around()) != before:
            moved = sorted({*after, *before} - {k for k in after if before.get(k) == after[k]})
            verdict = Verdict("FAILED", "wrote elsewhere", ", ".join(moved))
        elif spent > _SECONDS and verdict.outcome != "FAILED":
            verdict = Verdict("FAILED", "slow", f"{spent:.1f} s")
        elif strange and verdict.outcome != "FAILED":
            first = strange[0]
            what = f"warned {first.category.__name__} at {_place(first.filename)}:{first.lineno}"
            verdict = Verdict("FAILED", what, str(first.message)[:300])
        self._tidy(before)
        return verdict

    def _around(self) -> dict[str, str]:
        """Every file but those of the input and the output, with its content."""
        own = {self.inside, self.out}
        return {
            str(path.relative_to(self.top)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in self.top.rglob("*")
            if path.is_file() and not own & set(path.parents)
        }

    def _tidy(self, before: dict[str, str]) -> None:
        for name in set(self._around()) - set(before):
            (self.top / name).unlink()


def _judged(attempt: Callable[[Path, Path], Any], inside: Path, out: Path) -> Verdict:
    try:
        attempt(inside, out)
    except InputError as error:
        message = str(error)
        if len(message) > LONGEST or not message.strip():
            return Verdict("FAILED", "a message without measure", f"{len(message)} letters")
        return Verdict("refused", detail=message)
    except Fault as error:
        return Verdict("FAILED", *str(error).split("\n", 1))
    except BaseException as error:
        return Verdict("FAILED", f"{type(error).__name__} at {_last(error)}", traceback.format_exc()[-4000:])
    return Verdict("accepted")


def _last(error: BaseException) -> str:
    """The last place in normax that an exception came through."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f for f in frames if "/normax/" in f.filename] or frames
    return f"{_place(ours[-1].filename)}:{ours[-1].lineno}"


def _place(file: str) -> str:
    return file.rpartition("/src/")[2].rpartition("/site-packages/")[2]


def command(*words: Any) -> str:
    """Run the command; its standard output, or the one line with which it refused as an `InputError`.

    Raises:
        Fault: if it ended otherwise, or said what is no line of its own.
    """
    from normax.cli import main

    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([str(word) for word in words])
    out.flush()
    said, printed = err.getvalue(), out.buffer.getvalue().decode()
    if "\x1b" in said + printed:
        raise Fault("an escape sequence was printed")
    if code == 0:
        return printed
    lines = [line for line in said.splitlines() if line.startswith("normax: ")]
    if code != 2 or len(lines) != 1 or len(lines[0]) > LONGEST + 100 or printed:
        raise Fault(f"ended with {code} and {len(lines)} lines\n{said[-2000:]}")
    raise InputError(lines[0].removeprefix("normax: error: "))


@contextmanager
def unchanged(state: Callable[[], Any]) -> Iterator[None]:
    """What is refused must leave things as they were.

    Raises:
        Fault: if `state()` differs after a refusal.
    """
    before = state()
    try:
        yield
    except Exception:
        if state() != before:
            raise Fault("half-loaded: refused, and changed all the same") from None
        raise


def bounded() -> None:
    """From here on this process may take little more memory than it has."""
    with open("/proc/self/statm") as file:
        held = int(file.read().split()[0]) * resource.getpagesize()
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (held + _MEMORY, hard))
