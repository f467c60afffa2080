"""Checkpoints: all that a fit needs to go on, to the bit, in one safetensors file that is whole or not there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, TypedDict

import jax
import numpy as np

import normax.sealed as sealed
from normax.errors import InputError
from normax.forms import check
from normax.sealed import read_sealed, write_sealed

__all__ = ["Checkpoint", "read", "write"]

FORMAT, VERSION = "normax fit", 1


class Facts(TypedDict):
    """Where a fit stood, and what of it must be the same to go on."""

    batch_size: int
    rows: int | None
    shuffle: bool
    accumulate: int
    measures: list[str]
    epoch: int
    step: int
    stopped: bool


class Checkpoint:
    """Where and how often a fit writes its state.

    Args:
        file: where to, `.safetensors` by custom; replaced as a whole by each new checkpoint.
        every: seconds between two of them; one is written at the end too, and on Ctrl-C.

    Raises:
        InputError: if `every` is no number of seconds.

    Example:
        >>> Checkpoint("run.safetensors", every=600.0).every
        600.0
    """

    def __init__(self, file: str | os.PathLike, every: float = 60.0):
        if not (isinstance(every, (int, float)) and every >= 0):
            raise InputError(f"every: expected seconds >= 0, got {every!r}")
        self.file, self.every = Path(file), every


def named(tree: Any) -> dict[str, Any]:
    """The leaves of a pytree by path."""
    return {
        jax.tree_util.keystr(path, simple=True, separator="/"): leaf
        for path, leaf in jax.tree_util.tree_leaves_with_path(tree)
    }


def write(file: Path, tree: Any, facts: dict[str, Any]) -> None:
    """Write a pytree of arrays, and facts that JSON can hold.

    Raises:
        InputError: if the file cannot be written (a full disk, say); the old one remains.
    """
    write_sealed(file, named(tree), {"format": FORMAT, "version": VERSION, **facts}, parents=False)


def read(file: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The arrays by path and the facts of a checkpoint, both as they were written.

    Raises:
        InputError: if it is damaged, no checkpoint of a fit, or of a newer normax.
    """
    hint = f"; if it holds weights: nx.load(net, {str(file)!r})"
    try:
        arrays, facts = read_sealed(file, "fit", hint)
        sealed.check_format(facts, FORMAT, VERSION, file)
        check(facts, Facts, str(file))
    except InputError as error:
        raise InputError(f"{error}; name another file, or begin anew: resume=False") from error
    absent = [
        name
        for name in ("key", "history/sums", "history/validation", "history/weights")
        if name not in arrays
    ]
    if absent:
        raise InputError(f"{file}: holds no {', '.join(absent)}")
    key = arrays["key"]
    if (key.dtype, key.shape) != (np.uint32, (2,)):
        raise InputError(f"{file}: key: expected uint32 (2,), found {key.dtype} {key.shape}")
    return arrays, facts


def fill(file: Path, tree: Any, arrays: dict[str, np.ndarray]) -> Any:
    """The pytree with its leaves replaced by a checkpoint's, as NumPy's arrays.

    Raises:
        InputError: naming every leaf that is missing, unexpected or of another shape or dtype.
    """
    expected = named(tree)
    faults = [f"missing {name}" for name in expected if name not in arrays]
    faults += [f"unexpected {name} {arrays[name].shape}" for name in arrays if name not in expected]
    for name, leaf in expected.items():
        kind = np.shape(leaf), np.dtype(jax.numpy.result_type(leaf))
        if name in arrays and (arrays[name].shape, arrays[name].dtype) != kind:
            found = arrays[name]
            faults.append(f"{name}: expected {kind[1]} {kind[0]}, found {found.dtype} {found.shape}")
    if faults:
        raise InputError(
            f"{file} belongs to another network or optimizer: {'; '.join(faults)}; name another file, or resume=False"
        )
    leaves, structure = jax.tree.flatten(tree)
    return jax.tree.unflatten(structure, [arrays[name] for name in expected])
