"""Compressed files: unpacked piece by piece, and refused before they fill the memory."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from normax.errors import InputError, quoted
from normax.tables.limits import check_unpacked

__all__ = ["PACKED", "unpacked"]

#: How each compressed file begins, and what opens it.
_OPENERS: dict[bytes, Callable[[Any], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
    b"\x28\xb5\x2f\xfd": lambda file: pa.CompressedInputStream(pa.PythonFile(file, "r"), "zstd"),
}

#: The endings that say so, beside `.zip`.
PACKED = (".gz", ".bz2", ".xz", ".zst", ".zip")

_PIECE = 1 << 24

# What the libraries raise for damage, for a packing that they do not know, and for a password that is asked for.
_DAMAGE = (EOFError, OSError, ValueError, RuntimeError, zlib.error, lzma.LZMAError, zipfile.BadZipFile)


def unpacked(file: IO[bytes], name: str, size: int) -> tuple[bytes, str] | None:
    """What a compressed file holds, and the name without the ending; None for one that is not compressed.

    It is known by its first bytes; a `.zip` must end so, since tables of other kinds are zips too.

    Args:
        file: opened for reading, at its start, where it stands again if the answer is None.
        name: what messages call the file.
        size: of the file in bytes.

    Raises:
        InputError: if it is damaged, unpacks to far more than its size, or is a `.zip` of several files.
    """
    head = file.read(8)
    file.seek(0)
    inner = name[: name.rindex(".")] if name.lower().endswith(PACKED) else name
    try:
        if name.lower().endswith(".zip") and head.startswith(b"PK"):
            return _only_member(file, name, size)
        for magic, opener in _OPENERS.items():
            if head.startswith(magic):
                return _pieces(opener(file), name, size), inner
    except InputError:
        raise
    except (*_DAMAGE, pa.ArrowException) as error:
        raise InputError(f"{name}: damaged ({' '.join(str(error).split())[:200]}); copy it again") from error
    return None


def _pieces(stream: IO[bytes], name: str, size: int) -> bytes:
    pieces, total = [], 0
    while piece := stream.read(_PIECE):
        pieces.append(piece)
        total += len(piece)
        check_unpacked(name, size, total)
    return b"".join(pieces)


def _only_member(file: IO[bytes], name: str, size: int) -> tuple[bytes, str]:
    with zipfile.ZipFile(file) as archive:
        members = [m for m in archive.infolist() if not m.is_dir() and not m.filename.startswith("__MACOSX")]
        if len(members) != 1:
            shown = ", ".join(quoted(member.filename) for member in members[:5])
            raise InputError(f"{name}: expected one file in it, got {len(members)} ({shown}); unpack it")
        with archive.open(members[0]) as stream:
            return _pieces(stream, name, size), Path(members[0].filename).name
