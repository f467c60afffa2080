"""Writing a folder, or a file, whole or not at all."""

from __future__ import annotations

import ctypes
import json
import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from normax.errors import InputError
from normax.files import part_of, replacing, sweep, sync

__all__ = ["FILES", "current", "staged", "written"]

MODEL = {"model.json", "model.safetensors", "coefficients.csv", "report.html", "config.toml", "model.onnx"}

#: What each command may leave in its folder.
FILES = {
    "path": frozenset(MODEL | {"path.csv", "path.png", "cv.png"}),
    "compare": frozenset(MODEL | {"comparison.json", "compare.csv", "folds.csv", "compare.png"}),
}

# Inside a folder that cannot be swapped for another: all of the new one, while it takes the place of the old.
_NEXT = ".normax-next"


def current(folder: Path) -> Path:
    """Where a folder's content is to be read: in the folder, or where a new one was whole when it was cut short."""
    return folder / _NEXT if (folder / _NEXT).is_dir() else folder


@contextmanager
def staged(
    out: Path, marker: str = "model.json", names: frozenset[str] = FILES["path"] | FILES["compare"]
) -> Iterator[Path]:
    """A temporary folder that takes the place of `out` when the block ends well.

    Whenever the process dies, `out` is the old folder or the new one. Files of other makers stay untouched: if
    `out` holds one of `names` and not our `marker`, it is refused before any work. Of our own earlier files in
    `out`, those that are not written again are removed.

    Args:
        out: the folder.
        marker: by which our own folder is known.
        names: all files that we may write, as they lie from `out`.

    Raises:
        InputError: if `out` is a file, cannot be written, or holds files of those names that are not ours.
    """
    try:
        goal = Path(os.path.realpath(out))
        if goal.exists() and not goal.is_dir():
            raise InputError(f"--out {out}: expected a folder, and it is a file; name another")
        if _is_ours(goal / _NEXT / marker):
            _settle(goal, names)
        old = _is_ours(goal / marker)
        foreign = sorted(name for name in names if (goal / name).exists())
        if foreign and not old:
            raise InputError(
                f"--out {out}: already holds {', '.join(foreign)}, not written by normax; name another folder"
            )
        home = _home(goal)
        if not home.is_dir():
            raise InputError(f"--out {out}: {home} is a file, not a folder; name another")
        for place in {home, goal}:
            sweep(place)
        # Named before it is made, so that whatever interrupts the making finds it to remove.
        stage = part_of(home / goal.name)
    except OSError as error:
        raise _unwritable(out, error) from error
    try:
        try:
            stage.mkdir()
        except OSError as error:
            raise _unwritable(out, error) from error
        yield stage
        try:
            _publish(stage, goal, names)
        except OSError as error:
            raise _unwritable(out, error) from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)


@contextmanager
def written(file: Path) -> Iterator[IO[str]]:
    """A text file that takes the place of `file` when the block ends well; what is no regular file is written to.

    `/dev/stdout`, `/dev/stderr` and `/dev/fd/N` are the streams themselves, wherever they lead.

    Raises:
        InputError: if it cannot be written.
    """
    if file.is_dir():
        raise InputError(f"--out {file}: expected a file, and it is a folder; name another")
    stream = re.fullmatch(r"/dev/(stdout|stderr)|(?:/dev|/proc/self)/fd/(\d{1,9})", str(file))
    try:
        if stream is not None:
            number = int(stream[2] or ("stdout", "stderr").index(stream[1]) + 1)
            with open(os.dup(number), "w", encoding="utf-8", newline="") as opened:
                yield opened
        elif file.exists() and not stat.S_ISREG(file.stat().st_mode):
            with file.open("w", encoding="utf-8", newline="") as opened:
                yield opened
        else:
            with replacing(file) as part, part.open("w", encoding="utf-8", newline="") as opened:
                yield opened
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _unwritable(file, error) from error


def _home(goal: Path) -> Path:
    """Where to stage, on the same file system: beside the folder, or inside where it cannot be swapped."""
    if goal.exists() and (os.path.ismount(goal) or not os.access(goal.parent, os.W_OK | os.X_OK)):
        return goal
    return next(parent for parent in goal.parents if parent.exists())


def _publish(stage: Path, goal: Path, names: frozenset[str]) -> None:
    """Put the stage in the folder's place, by one rename."""
    for path in (*stage.rglob("*"), stage):
        sync(path)
    if not goal.exists():
        goal.parent.mkdir(parents=True, exist_ok=True)
        os.rename(stage, goal)
    elif next(_foreign(goal, names), None) is None and not goal.samefile(Path.cwd()) and _like(stage, goal):
        if not _swapped(stage, goal):
            _take_over(stage, goal, names)
        for path in _foreign(stage, names):  # what others have put there since it was looked at
            os.rename(path, goal / path.relative_to(stage))
    else:
        _take_over(stage, goal, names)
    sync(goal.parent)


def _like(stage: Path, goal: Path) -> bool:
    """Give the stage the folder's permissions; False where it is another's and cannot be made alike."""
    old, new = goal.stat(), stage.stat()
    if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
        return False
    shutil.copystat(goal, stage)
    os.utime(stage)
    return True


def _swapped(one: Path, other: Path) -> bool:
    """Swap two folders by one call, where the system has it: renameat2 of Linux, renamex_np of Darwin."""
    if os.name != "posix":
        return False
    library, (a, b), here, swap = ctypes.CDLL(None), map(os.fsencode, (one, other)), -100, 2
    if hasattr(library, "renameat2"):
        return library.renameat2(here, a, here, b, swap) == 0
    return hasattr(library, "renamex_np") and library.renamex_np(a, b, swap) == 0


def _take_over(stage: Path, goal: Path, names: frozenset[str]) -> None:
    """Put the stage into the folder by one rename, from which on it is what `current` reads; then into its place."""
    os.rename(stage, goal / _NEXT)
    sync(goal)
    _settle(goal, names)


def _settle(goal: Path, names: frozenset[str]) -> None:
    """Bring what is next into its place beside the files of others, and remove ours that it has not."""
    ahead = goal / _NEXT
    new = {path.relative_to(ahead).as_posix(): path for path in ahead.rglob("*") if path.is_file()}
    for name, source in new.items():
        (goal / name).parent.mkdir(parents=True, exist_ok=True)
        part = part_of(goal / source.name)
        try:
            os.link(source, part)
        except OSError:  # a file system without links
            shutil.copy2(source, part)
        os.replace(part, goal / name)
        part.unlink(missing_ok=True)  # two links to one file, from an earlier try, stay two
    for name in names - set(new):
        (goal / name).unlink(missing_ok=True)
    sync(goal)
    done = part_of(ahead)
    os.rename(ahead, done)
    shutil.rmtree(done, ignore_errors=True)


def _foreign(folder: Path, names: frozenset[str]) -> Iterator[Path]:
    """Files and folders that are not of those names."""
    ours = {parent.as_posix() for name in names for parent in (Path(name), *Path(name).parents)}
    for place, folders, files in os.walk(folder):
        paths = [Path(place, name) for name in (*folders, *files)]
        yield from (path for path in paths if path.relative_to(folder).as_posix() not in ours)
        folders[:] = [name for name in folders if Path(place, name).relative_to(folder).as_posix() in ours]


def _is_ours(marker: Path) -> bool:
    try:
        return json.loads(marker.read_text(encoding="utf-8")).get("format") == "normax model"
    except (OSError, ValueError, AttributeError, RecursionError):
        return False


def _unwritable(out: Path, error: OSError) -> InputError:
    return InputError(f"--out {out}: cannot be written ({error.strerror or error}); name another")
