"""From the bytes of a text file to UTF-8: by its mark, as it is, or as Windows-1252 where it looks like that."""

from __future__ import annotations

import codecs
import re

from normax.errors import InputError, quoted
from normax.tables.wording import notice

__all__ = ["as_utf8"]

# UTF-32's little-endian mark begins as UTF-16's does.
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}

# Western text has its accents one by one among plain letters, and no signs but these inside a word.
_NEIGHBOURS = re.compile(r"[^\W\d_a-zA-Z]{2,}")
_SIGN_IN_A_WORD = re.compile(r"[^\W\d_]([^\x00-\x7f\w’–—·\xad]|[¹²³])[^\W\d_]")


def as_utf8(data: bytes, source: str) -> bytes:
    """The text in UTF-8 without a byte-order mark.

    A mark decides. Text without one is UTF-8; what is not is read as Windows-1252 with a `Notice`, if it looks
    like a Western language in that encoding, which spreadsheets on Windows write.

    Args:
        data: the bytes of the file.
        source: what messages call the file.

    Raises:
        InputError: for binary files, damaged text and other encodings, with the line where it shows.

    Example:
        >>> as_utf8("\\ufeffcafé".encode("utf-16-le"), "t.csv").decode()
        'café'
    """
    for mark, codec in _MARKS.items():
        if data.startswith(mark):
            try:
                data = data.decode(codec).lstrip("\ufeff").encode()
            except UnicodeError:
                raise InputError(
                    f"{source}: its mark says {codec}, and it is not; save it as UTF-8"
                ) from None
            break
    if b"\0" in data:
        raise InputError(f"{source}: expected text in UTF-8, got a binary file, or UTF-16 without its mark")
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return _western(data, error, source).encode()
    return data


def _western(data: bytes, error: UnicodeDecodeError, source: str) -> str:
    line = data.count(b"\n", 0, error.start) + 1
    where = f"{source}, line {line}: byte 0x{data[error.start]:02x} is not UTF-8"
    lenient = data.decode(errors="replace")
    broken = lenient.count("\ufffd")
    if (
        sum(letter > "\x7f" for letter in lenient) - broken > broken
    ):  # UTF-8 elsewhere: damaged, not of another make
        raise InputError(f"{where}, though other lines are; mend it and save the file as UTF-8")
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        raise InputError(f"{where}, nor is the file Windows-1252; save it as UTF-8") from None
    accents = sum(letter > "\x7f" for letter in text)
    if 2 * sum(map(len, _NEIGHBOURS.findall(text))) > accents or _SIGN_IN_A_WORD.search(text):
        raise InputError(f"{where}, nor does it look like Windows-1252; save the file as UTF-8")
    example = re.search(r"[\w ]*[^\x00-\x7f][\w ]*", text)
    assert example is not None
    notice(
        f"{source}: not UTF-8, read as Windows-1252 (line {line}: {quoted(example[0].strip())});"
        " if letters are wrong, save it as UTF-8"
    )
    return text
