"""Writing a file whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from normax.errors import InputError

__all__ = ["write"]


def write(file: Path, content: bytes | str) -> Path:
    """Write under a temporary name in the same folder, then rename: readers see the old file or the new one.

    Args:
        file: where to; missing folders are made.
        content: bytes, or text to be stored as UTF-8.

    Returns:
        The file.

    Raises:
        InputError: if the folder cannot be made or written.
    """
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    data = content.encode() if isinstance(content, str) else content
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            part.write_bytes(data)
            os.replace(part, file)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(
            f"{file}: cannot be written ({error.strerror}); name another folder to write to"
        ) from error
    return file
