"""Files that tell whether they are as they were written: JSON, and safetensors with facts, under a checksum.

A checksum tells damage from another version, and both from what is right; it does not tell who wrote a file.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from normax.errors import InputError
from normax.files import expect_file, sha256, write
from normax.forms import shown

__all__ = ["check_format", "read_arrays", "read_json", "read_sealed", "write_json", "write_sealed"]

_LARGEST = 2**28  # bytes of a JSON file, and of what safetensors says before its arrays
_SEAL, _BLANK = b'"sha256":"', b"0" * 64


def write_json(file: Path, kind: str, version: int, content: dict[str, Any]) -> None:
    """Write plain values with their format, its version and a checksum over all of it."""
    content = {"format": kind, "version": version, **content}
    content["checksum"] = _checksum(content)
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    write(file, text.encode("utf-8", "surrogatepass"))  # a file's name may hold what is no text


def read_json(file: Path, kind: str, version: int, sealed: int = 1) -> dict[str, Any]:
    """What `write_json` wrote, its checksum verified.

    Args:
        file: where it is.
        kind: the format's name.
        version: the newest that can be read.
        sealed: the first version that has a checksum.

    Raises:
        InputError: if it cannot be read, is of another format or a newer version, or is not as it was written.
    """
    content = _parsed(_bytes(file), str(file))
    check_format(content, kind, version, file)
    found, seal = content["version"], content.pop("checksum", None)
    if seal != (_checksum(content) if found >= sealed else None):
        raise InputError(f"{file}: damaged: its content is not what its checksum is of")
    return content


def check_format(content: Any, kind: str, version: int, file: Path) -> None:
    """Refuse what is of another format, or of a version later than the newest that can be read.

    Raises:
        InputError: if it is.
    """
    if not isinstance(content, dict) or content.get("format") != kind:
        raise InputError(f"{file}: expected the description of a {kind}, and it is not one")
    found = content.get("version")
    if type(found) is not int or found < 1:
        raise InputError(f"{file}: damaged: expected a version from 1 to {version}, got {shown(found)}")
    if found > version:
        raise InputError(
            f"{file}: written by a newer normax (version {found} of its format); upgrade to read it"
        )


def write_sealed(
    file: Path, arrays: dict[str, np.ndarray], facts: dict[str, Any], parents: bool = True
) -> None:
    """Write arrays, and facts that JSON can hold, as safetensors with a checksum over every byte."""
    from safetensors.numpy import save

    # Never ascontiguousarray: it makes vectors of scalars.
    arrays = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    data = save(arrays, {"normax": json.dumps(facts), "sha256": _BLANK.decode()})
    place = data.index(_SEAL + _BLANK) + len(_SEAL)
    seal = sha256(data).encode()
    rest = memoryview(data)
    write(file, [rest[:place], seal, rest[place + len(seal) :]], parents)


def read_sealed(file: Path, what: str, hint: str = "") -> tuple[dict[str, np.ndarray], Any]:
    """The arrays and the facts that `write_sealed` wrote, once its checksum is verified.

    Args:
        file: where it is.
        what: it should be, for messages.
        hint: what to do with a file that has no checksum.

    Raises:
        InputError: if it cannot be read, holds no facts, or is not as it was written.
    """
    expect_file(file)
    try:
        with open(file, "rb") as stream:
            start = stream.read(8)
            length = int.from_bytes(start, "little")
            if len(start) < 8 or length > _LARGEST:
                raise InputError(f"{file}: damaged, or no {what}")
            head = stream.read(length)
            seal = re.search(_SEAL + rb'([0-9a-f]{64})"', head)
            if seal is not None:
                state = hashlib.sha256(start + head[: seal.start(1)] + _BLANK + head[seal.end(1) :])
                while chunk := stream.read(2**20):
                    state.update(chunk)
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror})") from error
    if seal is None:
        raise InputError(f"{file} holds no {what} with a checksum, or one of an older normax{hint}")
    if state.hexdigest().encode() != seal[1]:
        raise InputError(f"{file}: damaged: its content is not what its checksum is of")
    try:
        facts = _parsed(_parsed(head, str(file))["__metadata__"]["normax"].encode(), str(file))
    except (LookupError, TypeError, AttributeError) as error:
        raise InputError(f"{file} holds no {what}{hint}") from error
    return read_arrays(file), facts


def read_arrays(source: Path | bytes, name: str = "") -> dict[str, np.ndarray]:
    """The arrays of a safetensors file, or of its bytes, whatever is wrong with it in one line.

    Raises:
        InputError: for all that safetensors and NumPy raise for it.
    """
    import ml_dtypes  # noqa: F401  (teaches NumPy bfloat16, which safetensors asks for)
    from safetensors import SafetensorError
    from safetensors.numpy import load, load_file

    try:
        return load(source) if isinstance(source, bytes) else load_file(source)
    except (
        SafetensorError,
        OSError,
        ArithmeticError,
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
    ) as error:
        raise InputError(f"{name or source!s}: damaged or no safetensors file: {error}") from error


def _bytes(file: Path) -> bytes:
    expect_file(file)
    try:
        if os.path.getsize(file) > _LARGEST:
            raise InputError(f"{file}: of {os.path.getsize(file):,} bytes, more than such a file has")
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror})") from error


def _parsed(data: bytes, file: str) -> Any:
    def refuse(word: str) -> NoReturn:
        raise ValueError(f"{word} is no number of JSON")

    try:
        return json.loads(data.decode("utf-8", "surrogatepass"), parse_constant=refuse)
    except RecursionError as error:
        raise InputError(f"{file}: cannot be read (nested too deeply)") from error
    except ValueError as error:
        raise InputError(f"{file}: cannot be read ({error})") from error


def _checksum(content: dict[str, Any]) -> str:
    """Of what was said, not of how: JSON of the same values has the same."""
    try:
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    except RecursionError:  # what was read was nested too deeply
        return ""
    return sha256(text.encode())
