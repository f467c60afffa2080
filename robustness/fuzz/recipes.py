"""Nonsense under right checksums: one value somewhere in what is written is changed, and every seal made again."""

from __future__ import annotations

import copy
import json
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
from safetensors.numpy import load, save

from normax import sealed
from normax.files import sha256

__all__ = ["FILES", "VALUES", "change", "changed", "resealed"]

FILES = ("model.json", "model.safetensors")

#: What a value of JSON may turn into.
VALUES = (None, True, 0, -1, 7, 1.5, 1e300, -1e300, 10**400, "", "x", "../../x", "/dev/zero", "<script>canary()</script>",
          [], {}, [None], [[]], {"x": 1}, "\x1b[2J", "\0", "\ud800", "y" * 100_000)  # fmt: skip

Files = dict[str, bytes]


def changed(files: Files, random: np.random.Generator) -> Files:
    """A model folder with something else in its recipe or its weights."""
    recipe = json.loads(files["model.json"])
    weights = files["model.safetensors"]
    if random.random() < 0.3:
        weights = save(_arrays(load(weights), random))
        recipe["weights"]["sha256"] = sha256(weights)
    else:
        for _ in range(int(random.integers(1, 3))):
            change(recipe, random)
    return files | {"model.json": _json(recipe, files["model.json"]), "model.safetensors": weights}


def resealed(files: Files, random: np.random.Generator) -> Files:
    """One file of a checkpoint with something else in its facts or arrays."""
    name = sorted(files)[int(random.integers(len(files)))]
    if name.endswith(".json"):
        content = json.loads(files[name])
        change(content, random)
        return files | {name: _json(content, files[name])}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, name)
        file.write_bytes(files[name])
        arrays, facts = sealed.read_sealed(file, "thing")
        if random.random() < 0.5:
            arrays = _arrays(arrays, random)
        else:
            change(facts, random)
        with suppress(ValueError, RecursionError):  # what JSON cannot say stays as it was
            sealed.write_sealed(file, arrays, facts)
        return files | {name: file.read_bytes()}


def _json(content: dict[str, Any], usual: bytes) -> bytes:
    """A description under a right checksum; the usual one if JSON cannot say it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "it.json")
        file.write_bytes(usual)
        rest = {k: v for k, v in content.items() if k not in ("format", "version", "checksum")}
        with suppress(ValueError, RecursionError):
            sealed.write_json(file, content.get("format", "x"), content.get("version", 2), rest)
        return file.read_bytes()


def change(tree: Any, random: np.random.Generator) -> str:
    """Change one entry somewhere in a tree of dicts and lists, in place; what was done, in words."""
    node, path = tree, []
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        if not keys:
            return "nothing"
        key = keys[int(random.integers(len(keys)))]
        path.append(key)
        if not (isinstance(node[key], (dict, list)) and node[key] and random.random() < 0.8):
            break
        node = node[key]
    kind = int(random.integers(8))
    if kind <= 2:
        node[key] = copy.deepcopy(VALUES[int(random.integers(len(VALUES)))])
    elif kind == 3:
        del node[key]
    elif kind == 4 and isinstance(node, dict):
        node[f"{key}s"] = node.pop(key)
    elif kind == 5 and isinstance(node, list):
        node.append(node[key])
    elif kind == 6:
        node[key] = _deep(int(random.integers(1, 900)))
    else:
        other = keys[int(random.integers(len(keys)))]
        node[key], node[other] = node[other], node[key]
    return f"{'.'.join(map(str, path))}: change {kind}"


def _deep(levels: int) -> Any:
    value: Any = []
    for _ in range(levels):
        value = [value]
    return value


def _arrays(arrays: dict[str, np.ndarray], random: np.random.Generator) -> dict[str, np.ndarray]:
    """Some arrays with one that is absent, renamed, of another kind, shape or value; or with one more."""
    name = str(random.choice(list(arrays)))
    array = arrays.pop(name)
    other = [np.float16, np.int32, np.uint8, np.bool_, ml_dtypes.bfloat16][int(random.integers(5))]
    changes: list[Callable[[], dict[str, np.ndarray]]] = [
        dict,
        lambda: {f"{name}s": array},
        lambda: {"more": array, name: array},
        lambda: {name: array.astype(other)},
        lambda: {name: np.full_like(array, [np.nan, np.inf][int(random.integers(2))] if array.dtype.kind == "f" else 1)},
        lambda: {name: array.reshape(-1, 1)[:-1]},
        lambda: {name: np.concatenate([np.atleast_1d(array)] * 2)},
        lambda: {name: array.T[None] if array.ndim > 1 else array.reshape(-1)[0]},
    ]  # fmt: skip
    arrays |= changes[int(random.integers(len(changes)))]()
    return {name: np.array(array, order="C") for name, array in arrays.items()}
