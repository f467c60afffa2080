"""The weights of a network along the path: how large, which are zero, and which inputs and units are still in use."""

from __future__ import annotations

from typing import Any

import numpy as np

from normax.report import traces
from normax.report.moving.packing import packed
from normax.report.strength_axis import StrengthAxis

__all__ = ["network"]

MOST = 1_500_000
"""Weights, over all strengths, of which a page has a map each; larger tensors are shown by blocks."""

CURVES = 200_000
"""Numbers of the training curves; of more epochs some are left out."""


def network(path: Any, axis: StrengthAxis) -> dict[str, Any]:
    """Every penalised tensor, and the training curves where the path has kept them."""
    wide = [name for name in path.penalised if np.ndim(path.weights[name]) > 2]
    room = MOST // max(len(wide), 1)
    first = wide[0] if wide else None
    return {
        "tensors": [_tensor(path, axis, name, room) for name in path.penalised],
        "inputs": None if first is None else _inputs(path, axis, first),
        "curves": _curves(path, axis),
        "choosy": traces.selects_features(path),
    }


def _tensor(path: Any, axis: StrengthAxis, name: str, room: int) -> dict[str, Any]:
    """Name and shape, the norm and the share not zero by strength; of matrices the map and the units in use."""
    weight = axis.sort(np.asarray(path.weights[name], float))
    flat = weight.reshape(len(weight), -1)
    told = {
        "name": name,
        "shape": list(weight.shape[1:]),
        "norm": packed(np.sqrt((flat**2).sum(1)), "f8"),
        "share": packed((flat != 0).mean(1), "f8"),
    }
    if weight.ndim < 3:
        return told
    matrix = weight.reshape(*weight.shape[:2], -1)
    told["units"] = packed((matrix != 0).any(axis=2), "u1")
    return told | _map(matrix, room)


def _map(matrix: np.ndarray, room: int) -> dict[str, Any]:
    """Weights `(k, outputs, inputs)` from −127 to 127 by the root of their size, 0 where they are exactly zero; or, of
    large matrices, the share of each block that is not zero, from 0 to 127."""
    k, out, into = matrix.shape
    side = 1
    while k * -(-out // side) * -(-into // side) > room:
        side += 1
    if side == 1:
        largest = np.abs(matrix).max(axis=(1, 2), keepdims=True)
        size = np.sqrt(np.abs(matrix) / np.where(largest > 0, largest, 1))
        return {"map": packed(np.sign(matrix) * np.ceil(127 * size), "i1"), "side": 1}
    padded = np.pad((matrix != 0).astype(float), ((0, 0), (0, -out % side), (0, -into % side)))
    blocks = padded.reshape(k, padded.shape[1] // side, side, padded.shape[2] // side, side).mean(axis=(2, 4))
    return {"map": packed(np.ceil(127 * blocks), "i1"), "side": side}


def _inputs(path: Any, axis: StrengthAxis, name: str) -> dict[str, Any]:
    """What the first matrix reads: names, the size of the weights that read each, by strength."""
    weight = axis.sort(np.asarray(path.weights[name], float))
    matrix = weight.reshape(*weight.shape[:3], -1)
    norms = np.sqrt((matrix**2).sum(axis=(1, 3)))
    names = path.feature_names
    if names is None or len(names) != norms.shape[1]:
        names = [f"x{j}" for j in range(norms.shape[1])]
    return {"tensor": name, "names": [str(n) for n in names], "norms": packed(norms)}


def _curves(path: Any, axis: StrengthAxis) -> dict[str, Any] | None:
    """Training loss by epoch of the fits of every fold, and of that on all rows last."""
    curves = getattr(path, "curves", None)
    if curves is None or not np.size(curves):
        return None
    curves = np.asarray(curves, float)[:, axis.order]
    most = max(2, CURVES // (curves.shape[0] * curves.shape[1]))
    epochs = np.unique(np.linspace(0, curves.shape[2] - 1, min(most, curves.shape[2])).round().astype(int))
    return {"epochs": packed(epochs + 1, "i4"), "loss": packed(curves[:, :, epochs])}
