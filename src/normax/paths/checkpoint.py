"""A path on disk, part by part, so that an interrupted run goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from normax.errors import InputError
from normax.files import write

__all__ = ["Checkpoint", "Part", "digest"]


class Part(NamedTuple):
    """What some lanes gave on one row set.

    Attributes:
        weights: one `(lanes, ...)` a trainable parameter.
        buffers: one `(lanes, ...)` a buffer.
        errors: `(lanes, 1 or 2)` mean losses on the training rows and the held-out ones.
        epochs: `(lanes,)` the epoch that the weights are of, counted from 1.
        curves: `(lanes, epochs)` mean training loss of each epoch.
        outputs: `(lanes, held-out rows, ...)`, or None.
    """

    weights: list[np.ndarray]
    buffers: list[np.ndarray]
    errors: np.ndarray
    epochs: np.ndarray
    curves: np.ndarray
    outputs: np.ndarray | None

    def at(self, lanes: Any) -> Part:
        """Some of the lanes."""
        return _each(lambda a: a[lanes], self)

    @staticmethod
    def joined(parts: list[Part]) -> Part:
        """The lanes of several parts, one after the other."""
        return parts[0] if len(parts) == 1 else _each(lambda *arrays: np.concatenate(arrays), *parts)


def _each(function: Any, *parts: Part) -> Part:
    def of(*values: Any) -> Any:
        if isinstance(values[0], list):
            return [function(*several) for several in zip(*values)]
        return None if values[0] is None else function(*values)

    return Part(*(of(*values) for values in zip(*parts)))


class Checkpoint:
    """A folder with one file a part and `path.json`, which says what path it belongs to.

    Args:
        folder: where; None keeps nothing. Parts are numbered by row set and chunk of lanes.
        identity: name -> digest of everything that the parts depend on.

    Raises:
        InputError: if the folder holds another path, with all that differs.
    """

    def __init__(self, folder: Any, identity: dict[str, str]):
        self.folder = None if folder is None else Path(folder)
        self.identity = identity
        self.strengths: np.ndarray | None = (
            None  # of the run that began this folder, and how it ran its lanes
        )
        self.way: str | None = None
        if self.folder is not None and self._head.exists():
            known = self._read_head()
            differs = [name for name, value in identity.items() if known["identity"].get(name) != value]
            if differs:
                raise InputError(
                    f"checkpoint: {self.folder} belongs to a path with other {', '.join(differs)}; go on with what "
                    "it was begun with, or name another folder"
                )
            self.strengths, self.way = np.array(known["strengths"], float), known["way"]

    @property
    def _head(self) -> Path:
        assert self.folder is not None
        return self.folder / "path.json"

    def _read_head(self) -> dict[str, Any]:
        try:
            known = json.loads(self._head.read_text(encoding="utf-8"))
            return {"identity": dict(known["identity"]), "strengths": list(known["strengths"])} | {
                "way": str(known["way"])
            }
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"checkpoint: {self._head} is no description of a path ({error}); name another folder"
            ) from error

    def begin(self, strengths: np.ndarray, way: str) -> None:
        """Say what path the folder belongs to, before its first part."""
        if self.folder is not None and self.strengths is None:
            # JSON writes the shortest decimal that reads back as the same float64.
            head = {"identity": self.identity, "strengths": strengths.tolist(), "way": way}
            write(self._head, json.dumps(head, indent=1))

    def _file(self, number: int, chunk: int) -> Path:
        assert self.folder is not None
        return self.folder / f"rows-{number}-lanes-{chunk}.safetensors"

    def read(self, number: int, chunk: int) -> Part | None:
        """The part of a row set and a chunk of lanes, or None if it is still to be done."""
        if self.folder is None or not self._file(number, chunk).exists():
            return None
        import ml_dtypes  # noqa: F401  (teaches NumPy bfloat16, which safetensors asks for)
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            arrays = load_file(self._file(number, chunk))
            several = [[arrays[key] for key in _numbered(arrays, kind)] for kind in ("weights", "buffers")]
            errors, epochs, curves = (arrays[name] for name in ("errors", "epochs", "curves"))
            return Part(several[0], several[1], errors, epochs, curves, arrays.get("outputs"))
        except (SafetensorError, KeyError, OSError) as error:
            raise InputError(
                f"checkpoint: {self._file(number, chunk)} is damaged ({error}); delete it, and that part is trained again"
            ) from error

    def write(self, number: int, chunk: int, part: Part) -> None:
        """Keep a part, whole or not at all."""
        if self.folder is None:
            return
        from safetensors.numpy import save

        arrays = {"errors": part.errors, "epochs": part.epochs, "curves": part.curves}
        arrays |= {f"weights.{i}": value for i, value in enumerate(part.weights)}
        arrays |= {f"buffers.{i}": value for i, value in enumerate(part.buffers)}
        if part.outputs is not None:
            arrays["outputs"] = part.outputs
        write(self._file(number, chunk), save({name: np.ascontiguousarray(a) for name, a in arrays.items()}))


def _numbered(arrays: dict[str, Any], kind: str) -> list[str]:
    names = [name for name in arrays if name.startswith(f"{kind}.")]
    return sorted(names, key=lambda name: int(name.partition(".")[2]))


def digest(*values: Any) -> str:
    """A short hash of arrays and of printed programs, memory addresses aside."""
    state = hashlib.sha256()
    for value in values:
        if isinstance(value, str):
            state.update(re.sub(r"0x[0-9a-f]+", "", value).encode())
        elif value is not None:
            array = np.ascontiguousarray(value)
            state.update(f"{array.dtype}{array.shape}".encode())
            state.update(array.tobytes() if array.dtype.kind != "O" else repr(array.tolist()).encode())
    return state.hexdigest()[:16]
