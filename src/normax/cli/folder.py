"""Writing a folder, or a file, whole or not at all."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from normax.errors import InputError

__all__ = ["FILES", "staged", "written"]

MODEL = {"model.json", "model.safetensors", "coefficients.csv", "report.html"}

#: What each command may leave in its folder.
FILES = {
    "path": frozenset(MODEL | {"path.csv", "path.png", "cv.png"}),
    "compare": frozenset(MODEL | {"comparison.json", "compare.csv", "folds.csv", "compare.png"}),
}


@contextmanager
def staged(
    out: Path, marker: str = "model.json", names: frozenset[str] = FILES["path"] | FILES["compare"]
) -> Iterator[Path]:
    """A temporary folder beside `out` whose files move there when the block ends well.

    Files of other makers stay untouched: if `out` holds one of `names` and not our `marker`, it is refused
    before any work. Of our own earlier files in `out`, those that are not written again are removed.

    Raises:
        InputError: if `out` is a file, cannot be written, or holds files of those names that are not ours.
    """
    try:
        old = _is_ours(out / marker)
        foreign = sorted(name for name in names if (out / name).exists())
        if foreign and not old:
            raise InputError(
                f"--out {out}: already holds {', '.join(foreign)}, not written by normax; name another folder"
            )
        if out.exists() and not out.is_dir():
            raise InputError(f"--out {out}: expected a folder, and it is a file; name another")
        # Inside an existing folder, else beside it: the same file system, so that renaming is one step.
        home = next(parent for parent in (out, *out.absolute().parents) if parent.exists())
        if not home.is_dir():
            raise InputError(f"--out {out}: {home} is a file, not a folder; name another")
        # Named before it is made, so that whatever interrupts the making finds it to remove.
        stage = home / f".{out.name}-{secrets.token_hex(4)}.part"
    except OSError as error:
        raise _unwritable(out, error) from error
    try:
        try:
            stage.mkdir()
        except OSError as error:
            raise _unwritable(out, error) from error
        yield stage
        try:
            _publish(stage, out, names if old else frozenset())
        except OSError as error:
            raise _unwritable(out, error) from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)


@contextmanager
def written(file: Path) -> Iterator[Path]:
    """A temporary file beside `file` that takes its place when the block ends well.

    Raises:
        InputError: if it cannot be written.
    """
    if file.is_dir():
        raise InputError(f"--out {file}: expected a file, and it is a folder; name another")
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        part.touch()
    except OSError as error:
        raise _unwritable(file, error) from error
    try:
        yield part
        os.replace(part, file)
    finally:
        part.unlink(missing_ok=True)


def _publish(stage: Path, out: Path, ours: frozenset[str]) -> None:
    if not out.exists():
        out.parent.mkdir(parents=True, exist_ok=True)
        os.rename(stage, out)
        return
    for source in sorted(path for path in stage.rglob("*") if path.is_file()):
        goal = out / source.relative_to(stage)
        goal.parent.mkdir(parents=True, exist_ok=True)
        os.replace(source, goal)
        ours -= {goal.name}
    for name in ours:
        (out / name).unlink(missing_ok=True)


def _is_ours(marker: Path) -> bool:
    try:
        return json.loads(marker.read_text()).get("format") == "normax model"
    except (OSError, ValueError, AttributeError):
        return False


def _unwritable(out: Path, error: OSError) -> InputError:
    return InputError(f"--out {out}: cannot be written ({error.strerror or error}); name another")
