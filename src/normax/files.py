"""Writing a file whole or not at all, and clearing away what processes that died have left half done."""

from __future__ import annotations

import errno
import hashlib
import os
import platform
import re
import secrets
import shutil
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from normax.errors import InputError

__all__ = ["expect_file", "part_of", "replacing", "sha256", "sweep", "sync", "write"]

# Whose a part is stands in its name: the machine, the process, the moment it started; and a word of its own.
_PART = re.compile(r"\..*-([0-9a-f]{8})-(\d+)-([0-9a-f]{8})-[0-9a-f]{8}\.part", re.DOTALL)
_LONGEST_NAME = 180  # bytes; file systems take 255, and a part's name says more


def write(file: Path, content: bytes | str | list[Any], parents: bool = True) -> Path:
    """Write under a temporary name in the same folder, then rename: readers see the old file or the new one.

    Args:
        file: where to; a link is followed, and a file that is replaced keeps its permissions.
        content: bytes, whole or in pieces, or text to be stored as UTF-8.
        parents: make missing folders.

    Returns:
        The file.

    Raises:
        InputError: if the folder cannot be made or written, or what is there is no regular file.
    """
    try:
        if parents:
            file.parent.mkdir(parents=True, exist_ok=True)
        with replacing(file) as part, part.open("wb") as stream:
            content = content.encode() if isinstance(content, str) else content
            stream.writelines(content if isinstance(content, list) else [content])
    except OSError as error:
        raise InputError(
            f"{file}: cannot be written ({error.strerror}); name another folder to write to"
        ) from error
    return file


@contextmanager
def replacing(file: Path) -> Iterator[Path]:
    """A temporary file beside `file` that takes its place, on the disk for good, when the block ends well.

    Raises:
        InputError: if what is there is neither a regular file nor nothing.
        OSError: if it cannot be written.
    """
    file = Path(os.path.realpath(file))
    mode = file.stat().st_mode if file.exists() else None
    if mode is not None and (what := _no_file(mode)):
        raise InputError(f"{file}: expected a file to write, and it is {what}; name another")
    sweep(file.parent)
    part = part_of(file)
    try:
        part.touch(exist_ok=False)
        yield part
        if mode is not None:
            part.chmod(stat.S_IMODE(mode))
        sync(part)
        os.replace(part, file)
        sync(file.parent)
    finally:
        part.unlink(missing_ok=True)


def expect_file(file: Path, pipe: bool = False) -> None:
    """Refuse to read a folder, or a device, which may never end: a link of somebody's may lead there.

    Args:
        file: what is to be read; where there is nothing, opening it will tell.
        pipe: whether a pipe will do, as a shell makes of `<(...)`.

    Raises:
        InputError: saying what it is.
    """
    with suppress(OSError):
        mode = file.stat().st_mode
        if (what := _no_file(mode)) and not (pipe and stat.S_ISFIFO(mode)):
            raise InputError(f"{file}: expected a file, and it is {what}")


def _no_file(mode: int) -> str:
    return "" if stat.S_ISREG(mode) else "a folder" if stat.S_ISDIR(mode) else "a device or a pipe"


def part_of(path: Path) -> Path:
    """A free name beside a file or folder for what is to take its place; `sweep` knows by it whose it is."""
    name = path.name.encode()[:_LONGEST_NAME].decode(errors="ignore")
    machine, start = _machine(), _start(os.getpid())
    return path.with_name(f".{name}-{machine}-{os.getpid()}-{start}-{secrets.token_hex(4)}.part")


def sweep(folder: Path) -> None:
    """Remove the parts, by `part_of`, of processes of this machine that are no more; nothing else is touched."""
    with suppress(OSError), os.scandir(folder) as entries:
        dead = [entry for entry in entries if entry.name.endswith(".part") and _is_dead(entry.name)]
        for entry in dead:
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                with suppress(OSError):
                    os.unlink(entry.path)


def sync(path: Path) -> None:
    """Have a file's content, or a folder's names, on the disk before going on."""
    try:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        if not (path.is_dir() and error.errno in _NO_FOLDERS):
            raise


def sha256(content: bytes | Path) -> str:
    """The checksum of bytes, or of what a file holds, in hexadecimal digits.

    Example:
        >>> sha256(b"normax")[:12]
        '7bef4b3cbb48'
    """
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    with content.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


# What systems answer that do not open or sync folders.
_NO_FOLDERS = (errno.EINVAL, errno.EBADF, errno.EACCES, errno.EPERM, errno.EISDIR, errno.ENOTSUP)


def _is_dead(name: str) -> bool:
    match = _PART.fullmatch(name)
    if match is None or match[1] != _machine() or os.name != "posix":  # elsewhere os.kill does kill
        return False
    try:
        os.kill(int(match[2]), 0)
    except (ProcessLookupError, OverflowError):
        return True
    except OSError:  # there, and another user's
        pass
    return match[3] != _start(int(match[2]))  # another process has got the number since


@cache
def _machine() -> str:
    """What tells this machine, and this container's numbering of processes, from others."""
    installed = _text("/etc/machine-id") or _text("/proc/sys/kernel/random/boot_id") or str(uuid.getnode())
    with suppress(OSError):
        installed += os.readlink("/proc/self/ns/pid")
    return _hash(platform.node() + installed)


def _start(process: int) -> str:
    """When a process started, boot and tick; one word for all where the system does not say."""
    fields = _text(f"/proc/{process}/stat").rpartition(")")[2].split()
    return _hash(_text("/proc/sys/kernel/random/boot_id") + fields[19]) if len(fields) > 19 else "0" * 8


def _text(file: str) -> str:
    try:
        return Path(file).read_text(errors="replace")
    except OSError:
        return ""


def _hash(text: str) -> str:
    return sha256(text.encode())[:8]
