"""A path on disk, part by part, so that an interrupted run goes on where it stopped."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any, NamedTuple, TypedDict

import numpy as np

from normax.errors import InputError
from normax.files import sweep
from normax.forms import check
from normax.sealed import read_json, read_sealed, write_json, write_sealed

__all__ = ["PathCheckpoint", "Part", "digest"]

FORMAT, VERSION = "normax path", 1

_KINDS, _MEASURES = ("weights", "buffers"), ("errors", "epochs", "curves")


class _Head(TypedDict):
    identity: dict[str, str]
    strengths: list[float]
    way: str


class Head(_Head, total=False):
    """What `path.json` says."""

    lanes: int  # which an older version may not have written


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

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """All of it by name, to be written or sent."""
        arrays = {name: getattr(self, name) for name in (*_MEASURES, "outputs")}
        arrays |= {f"{kind}.{i}": value for kind in _KINDS for i, value in enumerate(getattr(self, kind))}
        return {name: value for name, value in arrays.items() if value is not None}

    @staticmethod
    def of(arrays: dict[str, np.ndarray], start: tuple[list[Any], list[Any]]) -> Part:
        """From `arrays`; `start` are weights and buffers of a network."""
        weights, buffers = ([arrays[f"{kind}.{i}"] for i in range(len(s))] for kind, s in zip(_KINDS, start))
        errors, epochs, curves = (arrays[name] for name in _MEASURES)
        return Part(weights, buffers, errors, epochs, curves, arrays.get("outputs"))


def _each(function: Any, *parts: Part) -> Part:
    def of(*values: Any) -> Any:
        if isinstance(values[0], list):
            return [function(*several) for several in zip(*values)]
        return None if values[0] is None else function(*values)

    return Part(*(of(*values) for values in zip(*parts)))


class PathCheckpoint:
    """A folder with one file a part and `path.json`, which says what path it belongs to.

    Args:
        folder: where; None keeps nothing. Parts are numbered by row set and chunk of lanes.

    Attributes:
        head: what the run that began this folder wrote, or None.

    Raises:
        InputError: if what it wrote cannot be read.
    """

    def __init__(self, folder: Any):
        self.folder = None if folder is None else Path(folder)
        self.identity: dict[str, str] = {}
        self.head: Head | None = None
        if self.folder is not None and self._head.exists():
            sweep(self.folder)
            self.head = self._read_head()

    def identify(self, identity: dict[str, str]) -> None:
        """Say what the parts depend on, name -> digest, and that the folder is of the same.

        Raises:
            InputError: if the folder holds another path, with all that differs.
        """
        self.identity = identity
        if self.head is None:
            return
        differs = [name for name, value in identity.items() if self.head["identity"].get(name) != value]
        if differs:
            raise InputError(
                f"checkpoint: {self.folder} belongs to a path with other {', '.join(differs)}; go on with what "
                "it was begun with, or name another folder"
            )

    @property
    def _head(self) -> Path:
        assert self.folder is not None
        return self.folder / "path.json"

    def _read_head(self) -> Head:
        try:
            head: Any = read_json(self._head, FORMAT, VERSION)
            check(head, Head, str(self._head))
        except InputError as error:
            raise InputError(f"checkpoint: {error}; name another folder") from error
        return head

    def begin(self, strengths: np.ndarray, way: str, lanes: int) -> None:
        """Say what path the folder belongs to, and how its lanes run: in which way, how many in a chunk; before its first
        part."""
        if self.folder is not None and self.head is None:
            # JSON writes the shortest decimal that reads back as the same float64.
            head = {"identity": self.identity, "strengths": strengths.tolist(), "way": way, "lanes": lanes}
            write_json(self._head, FORMAT, VERSION, head)

    @property
    def again(self) -> str:
        """What to do when a process of the run is lost."""
        if self.folder is None:
            return "Start all processes again; with checkpoint=FOLDER, which all of them see, the lanes that are done stay done"
        return f"Start again, with any number of processes: the lanes that are done are in {self.folder}"

    def _file(self, number: int, chunk: int) -> Path:
        assert self.folder is not None
        return self.folder / f"rows-{number}-lanes-{chunk}.safetensors"

    def _facts(self, number: int, chunk: int) -> dict[str, Any]:
        """Of which path, and which part of it, a file is."""
        path = {"identity": self.identity, "rows": number, "lanes": chunk}
        return {"format": "normax part", "version": VERSION, **path}

    def read(self, number: int, chunk: int, lanes: int, start: tuple[list[Any], list[Any]]) -> Part | None:
        """The part of a row set and a chunk of lanes, or None if it is still to be done.

        Args:
            number, chunk: which.
            lanes: how many they are.
            start: weights and buffers of a network, for their shapes and dtypes.

        Raises:
            InputError: if what is there is damaged or another part.
        """
        if self.folder is None or not self._file(number, chunk).exists():
            return None
        file = self._file(number, chunk)
        try:
            arrays, facts = read_sealed(file, "part of a path")
            if facts != self._facts(number, chunk):
                raise InputError(f"{file} is another part, or one of another path")
            _check_part(file, arrays, lanes, start)
        except InputError as error:
            raise InputError(f"checkpoint: {error}; delete it, and that part is trained again") from error
        return Part.of(arrays, start)

    def write(self, number: int, chunk: int, part: Part) -> None:
        """Keep a part, whole or not at all."""
        if self.folder is not None:
            write_sealed(self._file(number, chunk), part.arrays, self._facts(number, chunk))


def _check_part(file: Path, arrays: dict[str, Any], lanes: int, start: tuple[list[Any], list[Any]]) -> None:
    expected: dict[str, tuple[Any, Any]] = dict.fromkeys(_MEASURES, ((), None))
    for kind, several in zip(_KINDS, start):
        expected |= {f"{kind}.{i}": (np.shape(a), np.dtype(a.dtype)) for i, a in enumerate(several)}
    faults = [f"no {name}" for name in expected if name not in arrays]
    faults += [f"unexpected {name}" for name in arrays if name not in (*expected, "outputs")]
    for name, (shape, dtype) in expected.items():
        found = arrays.get(name)
        if found is None:
            continue
        if found.shape[:1] != (lanes,) or (
            dtype is not None and (found.shape[1:], found.dtype) != (shape, dtype)
        ):
            faults.append(
                f"{name}: expected {lanes} x {dtype or 'numbers'} {shape}, found {found.dtype} {found.shape}"
            )
    if faults:
        raise InputError(f"{file}: {'; '.join(faults)}")


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
