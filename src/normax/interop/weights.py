"""save and load: a network's state in a file, written whole or not at all, read without running anything."""

from __future__ import annotations

import os
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from normax.errors import InputError, Notice
from normax.nn.module import LoadResult, Module

__all__ = ["load", "save"]


def save(net: Module, file: str | os.PathLike) -> Path:
    """Write a network's parameters and persistent buffers as safetensors, under PyTorch's keys.

    The file appears under its name only when it is whole. A tied weight is written under each of its names.

    Args:
        net: the module.
        file: where to; `.safetensors` is the usual ending.

    Returns:
        The path of the file.

    Raises:
        InputError: if the folder does not exist or cannot be written.

    Example:
        >>> import tempfile, normax as nx
        >>> net = nx.nn.Linear(2, 1)
        >>> file = nx.save(net, tempfile.mkdtemp() + "/net.safetensors")
        >>> nx.load(nx.nn.Linear(2, 1), file)
        LoadResult(missing_keys=[], unexpected_keys=[])
    """
    from safetensors.numpy import save as serialise

    file = Path(file)
    data = serialise({name: np.array(value, order="C") for name, value in net.state_dict().items()})
    try:
        with tempfile.NamedTemporaryFile(dir=file.parent, prefix=f".{file.name}.", delete=False) as temporary:
            partial = Path(temporary.name)
            try:
                temporary.write(data)
                temporary.flush()
                os.fsync(temporary.fileno())
            except BaseException:
                partial.unlink(missing_ok=True)
                raise
        partial.chmod(0o644)
        partial.replace(file)
    except OSError as error:
        raise InputError(f"{file}: cannot be written: {error.strerror}") from error
    return file


def load(net: Module, file: str | os.PathLike, strict: bool = True) -> LoadResult:
    """Read a file's arrays into a network, in place: safetensors, or a state dict of PyTorch.

    Shapes must fit, dtypes follow the network's. PyTorch's files are read by `torch.load(weights_only=True)`,
    which runs no code of the file; any other pickle is refused.

    Args:
        net: the module.
        file: `.safetensors`, `.pt`, `.pth` or `.bin`.
        strict: refuse missing and unexpected keys.

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
    file = Path(file)
    if not file.is_file():
        raise InputError(f"{file}: no such file")
    readers = {".safetensors": _safetensors, ".pt": _pytorch, ".pth": _pytorch, ".bin": _pytorch}
    if file.suffix not in readers:
        raise InputError(f"{file}: expected one of {', '.join(readers)}, got {file.suffix or 'no ending'!r}")
    state = readers[file.suffix](file)
    result = net.load_state_dict(state, strict=strict)
    broken = [name for name, cell in net._named_state() if name in state and _has_nan(cell.value)]
    if broken:
        warnings.warn(f"{file} holds NaN in {', '.join(broken)}", Notice, stacklevel=2)
    return result


def _safetensors(file: Path) -> dict[str, Any]:
    import ml_dtypes  # noqa: F401  (teaches NumPy bfloat16, which safetensors asks for)
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return load_file(file)
    except (SafetensorError, OSError, KeyError) as error:
        raise InputError(f"{file}: damaged or no safetensors file: {error}") from error


def _pytorch(file: Path) -> dict[str, Any]:
    try:
        import torch
    except ImportError:
        raise InputError(
            f"{file}: reading PyTorch's files needs torch: pip install 'normax[torch]'"
        ) from None
    try:
        state = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for damaged and for refused files
        first = str(error).split("\n")[0]
        raise InputError(f"{file}: damaged, or more than a state dict: {first}") from error
    if not isinstance(state, dict) or not all(hasattr(value, "detach") for value in state.values()):
        raise InputError(
            f"{file}: expected a state dict, name -> tensor; save one, `torch.save(net.state_dict(), file)`"
        )
    return state


def _has_nan(value: Any) -> bool:
    return value.dtype.kind == "f" and bool(np.isnan(np.asarray(value)).any())
