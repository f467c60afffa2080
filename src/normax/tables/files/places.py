"""Where a table lies: a file, a part of a file, all files of a folder or a pattern, or the standard input."""

from __future__ import annotations

import glob
import io
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from normax.errors import InputError, suggest
from normax.files import expect_file, sha256
from normax.tables.files.packed import PACKED, unpacked

__all__ = ["FORMATS", "File", "files_at", "stem"]

#: The kinds of files by their endings.
FORMATS = {
    "text": (".csv", ".tsv", ".tab", ".txt", ".data", ".dat"),
    "parquet": (".parquet", ".pq"),
    "arrow": (".feather", ".arrow", ".arrows", ".ipc"),
    "orc": (".orc",),
    "json": (".jsonl", ".ndjson", ".json"),
    "npz": (".npz",),
    "sheet": (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"),
    "sqlite": (".sqlite", ".sqlite3", ".db"),
    "duckdb": (".duckdb", ".ddb"),
}
_BY_ENDING = {ending: kind for kind, endings in FORMATS.items() for ending in endings}
_STANDARD_INPUT = "standard input"


@dataclass(frozen=True)
class File:
    """One file, opened as far as to know what it is.

    Args:
        name: what messages call it.
        content: where it is, or its bytes if they were packed or came by the standard input.
        kind: one of `FORMATS`.
        ending: of its name, in small letters.
        sha256: fingerprint of the bytes as they lie there.
        part: the sheet or the table of it that is meant.
    """

    name: str
    content: Path | bytes
    kind: str
    ending: str
    sha256: str
    part: str | None = None

    @property
    def data(self) -> bytes:
        return self.content if isinstance(self.content, bytes) else self.content.read_bytes()


def files_at(place: str) -> Iterator[File]:
    """The files that a word of the command line means.

    Args:
        place: a path, `FILE:PART` for a sheet or a table of a database, a folder, a pattern such as
            `part-*.csv`, or `-` for the standard input.

    Raises:
        InputError: if there is none, or one of no known kind.
    """
    if place == "-":
        data = sys.stdin.buffer.read()
        yield _file(io.BytesIO(data), _STANDARD_INPUT, len(data), sha256(data), data)
        return
    path = Path(place)
    if path.is_dir():
        found = [p for p in sorted(path.iterdir()) if p.is_file() and _ending(p.name) in _BY_ENDING]
        if not found:
            raise InputError(f"{place}: no table in this folder (endings: {', '.join(_BY_ENDING)})")
        if len(endings := sorted({_ending(p.name) for p in found})) > 1:
            raise InputError(
                f"{place}: expected files of one kind in this folder, got {', '.join(endings)}; name them by a"
                " pattern"
            )
        for each in found:
            yield _opened(each)
    elif path.exists():
        yield _opened(path)
    else:
        head, _, part = place.rpartition(":")
        if head and Path(head).is_file():
            yield _opened(Path(head), part)
            return
        matched = sorted(glob.glob(place)) if glob.has_magic(place) else []
        if not matched:
            siblings = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
            raise InputError(f"{place}: no such file{suggest(path.name, siblings)}")
        for name in matched:
            yield _opened(Path(name))


def stem(place: str) -> str:
    """The name of a place without its endings: what a run's folder is called by.

    Example:
        >>> stem("data/train.csv.gz"), stem("shop.db:orders"), stem("-"), stem("parts/*.csv")
        ('train', 'orders', 'stdin', 'parts')
    """
    if place == "-":
        return "stdin"
    path = Path(place).absolute()
    name = (path.parent if glob.has_magic(path.name) else path).name.rpartition(":")[2]
    return Path(Path(name).stem if name.lower().endswith(PACKED) else name).stem or "table"


def _opened(path: Path, part: str | None = None) -> File:
    expect_file(path, pipe=True)
    try:
        if path.is_fifo():  # what a shell makes of <(...), read but once
            data = path.read_bytes()
            return _file(io.BytesIO(data), path.name, len(data), sha256(data), data, part)
        with path.open("rb") as file:
            return _file(file, path.name, path.stat().st_size, sha256(path), path, part)
    except OSError as error:
        raise InputError(f"{path.name}: cannot be read ({error.strerror or error})") from error


def _file(
    file: IO[bytes], name: str, size: int, digest: str, content: Path | bytes, part: str | None = None
) -> File:
    packed = unpacked(file, name, size)
    inner = name
    if packed is not None:
        content, inner = packed
        file = io.BytesIO(content)
    head = file.read(1 << 12)
    file.seek(0)
    ending = _ending(inner)
    kind = _by_content(head, file) or _BY_ENDING.get(
        ending, "text" if not ending or inner == _STANDARD_INPUT else ""
    )
    if not kind:
        known = ", ".join(endings[0] for endings in FORMATS.values())
        raise InputError(f"{name}: expected a table ({known}, or packed as .gz and the like), got {ending!r}")
    return File(name, content, kind, ending, digest, part)


def _ending(name: str) -> str:
    """The ending that tells the kind, in small letters: that before `.gz`."""
    path = Path(name.lower())
    return Path(path.stem).suffix if path.suffix in PACKED and Path(path.stem).suffix else path.suffix


def _by_content(head: bytes, file: IO[bytes]) -> str | None:
    """The kind that a file's first bytes prove, whatever its name."""
    if head.startswith(b"PK\x03\x04"):
        try:
            names = zipfile.ZipFile(file).namelist()
        except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError):
            return None
        return "npz" if all(name.endswith(".npy") for name in names) else "sheet"
    proofs = {
        b"PAR1": "parquet",
        b"ARROW1": "arrow",
        b"ORC": "orc",
        b"SQLite format 3\0": "sqlite",
    }
    for magic, kind in proofs.items():
        if head.startswith(magic) and (kind != "orc" or b"\n" not in head[:64]):
            return kind
    return "duckdb" if head[8:12] == b"DUCK" else None
