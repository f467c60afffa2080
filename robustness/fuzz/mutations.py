"""Mutations of bytes: blind ones, and those within what is packed, whose checksums are made right again."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import warnings
import zipfile

import numpy as np

__all__ = ["mutated"]

_LARGEST, _DIGITS = 4 << 20, b"0123456789"

_WORDS = [
    b"", b"\0", b"\n", b"\r", b'"', b'""', b"'", b",", b";", b"\t", b"#", b"\\", b"-", b"=", b"../../x", b"/dev/zero",
    b"NaN", b"inf", b"-inf", b"1e999", b"-0", b"9" * 400, b"1" + b"0" * 20, b"null", b"true", b"[]", b"{}", b'{"a":',
    b"[" * 5000, b'{"a":' * 5000, b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\x00\x00\xfe\xff", b"\xed\xa0\x80",
    b"\xc3\xa9", b"\xe9", b"\x85", b"\xe2\x80\xa8", b"\xe2\x80\xae", b"\x1b[2J", b"<script>canary()</script>",
    b'"><img src=x onerror=canary()>', b"=cmd|' /C calc'!A0", b"PK\x03\x04", b"PAR1", b"\x1f\x8b", b"\x93NUMPY",
]  # fmt: skip

_NUMBERS = (
    0,
    1,
    -1,
    2,
    7,
    127,
    128,
    255,
    256,
    2**15,
    2**16 - 1,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**40,
    2**62,
    -(2**63),
)


def mutated(data: bytes, random: np.random.Generator, others: list[bytes]) -> bytes:
    """Some mutations of a file's bytes; of `others` pieces are taken over.

    Half of the files that are packed are unpacked first, mutated within, and packed again.
    """
    if random.random() < 0.5:
        if data.startswith(b"PK\x03\x04"):
            return _member(data, random, others)
        for magic, unpack, pack in (
            (b"\x1f\x8b", gzip.decompress, lambda d: gzip.compress(d, 1, mtime=0)),
            (b"BZh", bz2.decompress, bz2.compress),
            (b"\xfd7zXZ", lzma.decompress, lzma.compress),
        ):
            if data.startswith(magic):
                return pack(_several(unpack(data), random, others))
    return _several(data, random, others)


def _several(data: bytes, random: np.random.Generator, others: list[bytes]) -> bytes:
    for _ in range(min(int(random.geometric(0.5)), 12)):
        data = _once(bytearray(data), random, others)[:_LARGEST]
    return data


def _member(data: bytes, random: np.random.Generator, others: list[bytes]) -> bytes:
    """One file of a zip mutated, renamed, doubled or left out, and the zip made anew around it."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [(m.filename, archive.read(m)) for m in archive.infolist() if m.file_size < _LARGEST]
    except (zipfile.BadZipFile, OSError, NotImplementedError):
        return _several(data, random, others)
    if not members:
        return _several(data, random, others)
    at, kind = int(random.integers(len(members))), int(random.integers(8))
    name, content = members[at]
    if kind == 0:
        members.append((name, _several(content, random, others)))
    elif kind == 1:
        del members[at]
    elif kind == 2:
        members[at] = (_name(random), content)
    else:
        members[at] = (name, _several(content, random, others))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # two members of one name
        for name, content in members:
            if name:
                archive.writestr(zipfile.ZipInfo(name), content)
    return out.getvalue()


def _name(random: np.random.Generator) -> str:
    names = ("../../beside/notes.txt", "/tmp/x.npy", "..\\x.npy", "a/../../b.npy", "\x1b[2J.npy", "x" * 5000, ".npy",
             "<script>canary()</script>.npy", "x_0.npy", "é.npy")  # fmt: skip
    return names[int(random.integers(len(names)))]


def _once(data: bytearray, random: np.random.Generator, others: list[bytes]) -> bytes:
    size = len(data)
    at = int(random.integers(size + 1))
    stop = min(size, at + int(random.geometric(0.05)))
    kind = int(random.integers(11))
    if kind == 0 and size:
        data[at % size] ^= 1 << int(random.integers(8))
    elif kind == 1 and size:
        data[at % size] = int(random.integers(256))
    elif kind == 2:
        del data[at:stop]
    elif kind == 3:
        del data[at:]
    elif kind == 4:
        data[at:at] = data[at:stop] * int(random.integers(1, 50))
    elif kind == 5:
        word = _WORDS[int(random.integers(len(_WORDS)))]
        data[at : at if random.random() < 0.5 else at + len(word)] = word
    elif kind == 6:
        number = _NUMBERS[int(random.integers(len(_NUMBERS)))]
        width = int(random.choice([1, 2, 4, 8]))
        order = "little" if random.random() < 0.7 else "big"
        data[at : at + width] = (number % (1 << 8 * width)).to_bytes(width, order)
    elif kind == 7:
        other = others[int(random.integers(len(others)))]
        start = int(random.integers(len(other) + 1))
        data[at:stop] = other[start : start + int(random.geometric(0.02))]
    elif kind == 8:
        data[at:stop] = random.bytes(stop - at)
    elif kind == 9:
        start = int(random.integers(size + 1))
        data[at:stop] = data[start : start + stop - at]
    else:
        data = _digits(data, at, random)
    return bytes(data)


def _digits(data: bytearray, at: int, random: np.random.Generator) -> bytearray:
    """Another number where one is written in digits, after `at`: what JSON, CSV and headers of arrays hold."""
    start = next((k for k in range(at, min(len(data), at + 200)) if data[k] in _DIGITS), None)
    if start is not None:
        stop = start
        while stop < len(data) and data[stop] in _DIGITS:
            stop += 1
        data[start:stop] = str(_NUMBERS[int(random.integers(len(_NUMBERS)))]).encode()
    return data
