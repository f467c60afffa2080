"""save and load: a network's state in a file, written whole or not at all, read without running anything."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from normax import distributed
from normax.errors import InputError, Notice, suggest
from normax.interop.safetensors import read_index, write_safetensors
from normax.nn.module import LoadResult, Module
from normax.nn.sharding import mesh_of, spans_processes
from normax.sealed import read_arrays

__all__ = ["load", "save"]


def save(net: Module, file: str | os.PathLike, *, max_shard_size: int | str | None = None) -> Path:
    """Write a network's parameters and persistent buffers as safetensors, under PyTorch's keys.

    The file appears under its name only when it is whole. A tied weight is written under each of its names. Where several
    processes train the network together, all call it, process 0 writes the whole weights, and the others wait for it.

    Args:
        net: the module.
        file: where to; `.safetensors` is the usual ending.
        max_shard_size: bytes, or `"500MB"`, `"5GB"`: a larger state is spread over
            `net-00001-of-00003.safetensors`, ..., and an index `net.safetensors.index.json`, written last. Shards
            that replace others have a mark in their names, so that the index always tells of the old or of the new.

    Returns:
        The path of the file, or of the index.

    Raises:
        InputError: if the folder does not exist or cannot be written.

    Example:
        >>> import tempfile, normax as nx
        >>> net = nx.nn.Linear(2, 1)
        >>> file = nx.save(net, tempfile.mkdtemp() + "/net.safetensors")
        >>> nx.load(nx.nn.Linear(2, 1), file)
        LoadResult(missing_keys=[], unexpected_keys=[])
    """
    if not isinstance(net, Module):
        raise InputError(
            f"save: expected a normax Module, got {type(net).__name__}; write nx.save(net, file)"
        )
    state = {name: np.array(value, order="C") for name, value in net.state_dict().items()}
    odd = [repr(name) for name in state if name == "__metadata__" or "\0" in name]
    if odd:
        raise InputError(f"save: safetensors files have no arrays of the names {', '.join(odd)}; rename them")
    mesh = mesh_of(net)
    if mesh is None or not spans_processes(mesh):
        return write_safetensors(state, _path(file), max_shard_size)
    with distributed.telling("save"):
        written = str(write_safetensors(state, _path(file), max_shard_size)) if distributed.is_main() else ""
        return Path(distributed.gather(written, "save")[0])


def load(
    net: Module, file: str | os.PathLike, strict: bool = True, *, dtype: Any = None, key: str | None = None
) -> LoadResult:
    """Read a file's arrays into a network, in place: safetensors, or a state dict of PyTorch.

    Shapes must fit, dtypes follow the network's. A tied weight may stand under any of its names. PyTorch's
    files are read by `torch.load(weights_only=True)`, which runs no code of the file; any other pickle is refused.

    Args:
        net: the module.
        file: `.safetensors`, an index of shards (`.safetensors.index.json`), `.pt`, `.pth` or `.bin`.
        strict: refuse missing and unexpected keys.
        dtype: a floating dtype that file and network are brought to; None keeps the network's.
        key: the entry of a PyTorch checkpoint that holds the state dict, such as `"state_dict"`.

    Returns:
        The keys left aside (`strict=False`).

    Raises:
        InputError: for a file that is missing, damaged or no state dict, and for every key that does not fit,
            all at once; the network is then untouched.

    Example:
        >>> import normax as nx
        >>> nx.load(nx.nn.Linear(2, 1), "nowhere.safetensors")
        Traceback (most recent call last):
            ...
        normax.errors.InputError: nowhere.safetensors: no such file
    """
    file = _path(file)
    if not file.is_file():
        index = file.with_name(file.name + ".index.json")
        raise InputError(
            f"{file}: no such file" + (f"; its index is there: {index}" if index.is_file() else "")
        )
    readers: dict[str, Any] = {".safetensors": read_arrays, ".json": read_index}
    torch_endings = (".pt", ".pth", ".bin")
    if file.suffix in torch_endings:
        state = _pytorch(file, key)
    elif file.suffix not in readers:
        known = ", ".join([*readers, *torch_endings])
        raise InputError(f"{file}: expected one of {known}, got {file.suffix or 'no ending'!r}")
    elif key is not None:
        raise InputError(f"{file}: key={key!r} is for PyTorch's checkpoints; leave it out")
    else:
        state = readers[file.suffix](file)
    _share_ties(net, state, file)
    if dtype is not None:
        state = {name: _to_dtype(value, dtype) for name, value in state.items()}
    result = net.load_state_dict(state, strict=strict)
    if dtype is not None:
        net.to(dtype=dtype)
    broken = [name for name, cell in net._named_state() if name in state and _has_nan(cell.value)]
    if broken:
        warnings.warn(f"{file} holds NaN in {', '.join(broken)}", Notice, stacklevel=2)
    return result


def _path(file: str | os.PathLike) -> Path:
    """A file's path; an empty one, or one with NUL, is none."""
    if not (name := os.fspath(file)) or "\0" in str(name):
        raise InputError(f"file: expected a path, got {name!r}")
    return Path(file)


def _share_ties(net: Module, state: dict[str, Any], file: Path) -> None:
    """Give each name of a tied weight the array of the name that the file has; refuse names that disagree."""
    names: dict[int, list[str]] = {}
    for name, cell in net._named_state():
        names.setdefault(id(cell), []).append(name)
    faults = []
    for tied in names.values():
        present = [name for name in tied if name in state]
        if len(tied) < 2 or not present:
            continue
        first = state[present[0]]
        faults += [f"{present[0]} and {name}" for name in present[1:] if not _equal(first, state[name])]
        state.update(dict.fromkeys((name for name in tied if name not in state), first))
    if faults:
        raise InputError(f"{file}: tied in the network, different in the file: {'; '.join(faults)}")


def _equal(a: Any, b: Any) -> bool:
    if a.shape != b.shape:
        return False
    same = (a == b) | ((a != a) & (b != b))  # of NumPy or of torch; NaN equals NaN
    return bool(same.all())


def _to_dtype(value: Any, dtype: Any) -> Any:
    import jax.numpy as jnp

    if hasattr(value, "detach"):
        if not value.is_floating_point():
            return value
        value = value.detach().cpu().double().numpy()
    return value.astype(jnp.dtype(dtype)) if jnp.issubdtype(value.dtype, jnp.floating) else value


def _pytorch(file: Path, key: str | None) -> dict[str, Any]:
    try:
        import torch
    except ImportError:
        raise InputError(
            f"{file}: reading PyTorch's files needs torch: pip install 'normax[torch]'"
        ) from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of torch's, about pickles that it then refuses
            state = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for damaged and for refused files
        first = str(error).split("\n")[0]
        raise InputError(f"{file}: damaged, or more than a state dict: {first}") from error
    if key is not None:
        if not isinstance(state, dict) or key not in state:
            known = [str(k) for k in state] if isinstance(state, dict) else []
            raise InputError(
                f"{file}: no entry {key!r}{suggest(key, known)}; entries: {', '.join(known[:20]) or 'none'}"
            )
        state = state[key]
    if not _is_state(state):
        inner = [k for k, v in state.items() if _is_state(v) and v] if isinstance(state, dict) else []
        hint = (
            f"it is a checkpoint that holds one: nx.load(net, {str(file.name)!r}, key={inner[0]!r})"
            if inner
            else "save one, `torch.save(net.state_dict(), file)`"
        )
        raise InputError(f"{file}: expected a state dict, name -> tensor; {hint}")
    return dict(state)


def _is_state(state: Any) -> bool:
    return isinstance(state, dict) and all(hasattr(value, "detach") for value in state.values())


def _has_nan(value: Any) -> bool:
    import jax.numpy as jnp

    return jnp.issubdtype(value.dtype, jnp.floating) and bool(np.isnan(np.asarray(value)).any())
