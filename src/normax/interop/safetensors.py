"""safetensors files: one, or shards under an index, each written whole or not at all."""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from normax.errors import InputError
from normax.files import write
from normax.sealed import read_arrays

__all__ = ["read_index", "write_safetensors"]

_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}


def write_safetensors(state: dict[str, np.ndarray], file: Path, max_shard_size: int | str | None) -> Path:
    """Write arrays as one file, or as shards of at most so many bytes and an index.

    The index is written last, and no shard of the index that is there is touched before: whenever the process dies, the
    index tells of the old arrays or of the new ones. What it no longer names goes, and what a save that died has left.
    """
    from safetensors.numpy import save as serialise

    shards = [state] if max_shard_size is None else _shards(state, _bytes(max_shard_size))
    if len(shards) == 1:
        return write(file, serialise(state), parents=False)
    place = file.with_name(f"{file.stem}.safetensors.index.json")
    with _alone(file):
        old = _named(place)
        names = _names(file.stem, len(shards))
        if old & set(names):
            names = _names(f"{file.stem}-{secrets.token_hex(4)}", len(shards))
        weight_map: dict[str, str] = {}
        for name, shard in zip(names, shards):
            weight_map |= dict.fromkeys(shard, name)
            write(file.with_name(name), serialise(shard), parents=False)
        index = {"metadata": {"total_size": sum(a.nbytes for a in state.values())}, "weight_map": weight_map}
        write(place, json.dumps(index, indent=2), parents=False)
        _clear(file, old, set(names))
    return place


def _names(stem: str, count: int) -> list[str]:
    return [f"{stem}-{i:05d}-of-{count:05d}.safetensors" for i in range(1, count + 1)]


def _named(index: Path) -> set[str]:
    """The shards of an index; none where there is none that can be read."""
    try:
        return set(json.loads(index.read_text())["weight_map"].values())
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return set()


def _clear(file: Path, old: set[str], new: set[str]) -> None:
    """Remove the shards that an older index named, and those with a mark, which only a save that died leaves unnamed."""
    shard = re.compile(re.escape(file.stem) + r"(-[0-9a-f]{8})?-\d{5}-of-\d{5}\.safetensors")
    for other in list(file.parent.iterdir()):
        match = shard.fullmatch(other.name)
        if match and other.name not in new and (match[1] or other.name in old):
            other.unlink(missing_ok=True)


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Let saves of shards into one folder go one after the other, where the system has locks."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    try:
        folder = os.open(file.parent, os.O_RDONLY)
    except OSError as error:
        raise InputError(
            f"{file}: cannot be written ({error.strerror}); name another folder to write to"
        ) from error
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def read_index(file: Path) -> dict[str, Any]:
    """The arrays of all shards that an index names; every fault of the index at once."""
    try:
        weight_map = json.loads(file.read_text())["weight_map"]
        shards: dict[str, set[str]] = {name: set() for name in weight_map.values()}
        for key, name in weight_map.items():
            shards[name].add(key)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(f"{file}: expected an index of shards with a weight_map, name -> file") from error
    odd = [
        repr(n) for n in shards if not isinstance(n, str) or not re.fullmatch(r"[^/\\\0:]+\.safetensors", n)
    ]
    if odd:
        raise InputError(f"{file}: expected names of .safetensors files beside it, got {few(odd)}")
    lost = [name for name in shards if not file.with_name(name).is_file()]
    if lost:
        raise InputError(f"{file}: shards that are not there: {few(lost)}")
    state: dict[str, Any] = {}
    faults: list[str] = []
    for name, keys in shards.items():
        arrays = read_arrays(file.with_name(name))
        faults += [f"{key} is not in {name}" for key in sorted(keys) if key not in arrays]
        faults += [
            f"{name} holds {key}, which the index does not place there" for key in arrays if key not in keys
        ]
        state |= arrays
    if faults:
        raise InputError(f"{file}: index and shards disagree: {few(faults)}")
    return state


def few(names: list[str]) -> str:
    """The first of many."""
    return ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")


def _bytes(size: int | str) -> int:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMG]?I?B?)", str(size).strip().upper())
    if isinstance(size, bool) or not match or match[2] not in _UNITS or float(match[1]) <= 0:
        raise InputError(f"max_shard_size: expected a number of bytes or such as '500MB', got {size!r}")
    return int(float(match[1]) * _UNITS[match[2]])


def _shards(state: dict[str, np.ndarray], limit: int) -> list[dict[str, np.ndarray]]:
    """Arrays in order, a new shard where the next would pass the limit; a larger array has its own."""
    shards: list[dict[str, np.ndarray]] = [{}]
    filled = 0
    for name, array in state.items():
        if shards[-1] and filled + array.nbytes > limit:
            shards.append({})
            filled = 0
        shards[-1][name] = array
        filled += array.nbytes
    return shards
