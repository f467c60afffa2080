"""Which inputs and neurons of a network a penalty left alive, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from normax.diagnostics.columns import feature_names as named
from normax.errors import InputError
from normax.rows import PrintedTable

__all__ = ["Living", "living"]


@dataclass(frozen=True, repr=False)
class Living:
    """Inputs and neurons that a network's output depends on.

    Attributes:
        features: names of the inputs.
        inputs: `(p,)` whether an input is alive.
        neurons: layer -> `(width,)` whether each of its neurons (channels) is, in order; the last are the outputs.

    Made by `living`.
    """

    features: tuple[str, ...]
    inputs: np.ndarray
    neurons: dict[str, np.ndarray]

    @property
    def alive(self) -> tuple[str, ...]:
        """Names of the inputs that are alive."""
        return tuple(name for name, lives in zip(self.features, self.inputs) if lives)

    @property
    def dead(self) -> tuple[str, ...]:
        """Names of the inputs that nothing depends on."""
        return tuple(name for name, lives in zip(self.features, self.inputs) if not lives)

    def table(self) -> PrintedTable:
        """One row a layer: how many are alive, and which are not, by number from 0 (inputs by name)."""
        rows: list[tuple[str, np.ndarray, Any]] = [("inputs", self.inputs, self.dead)]
        rows += [(name, lives, np.flatnonzero(~lives)) for name, lives in self.neurons.items()]
        return PrintedTable(
            {
                "layer": name,
                "alive": int(lives.sum()),
                "of": len(lives),
                "dead": ", ".join(map(str, dead[:12])) + ("…" if len(dead) > 12 else ""),
            }
            for name, lives, dead in rows
        )

    def __repr__(self) -> str:
        parts = [f"{name} {lives.sum()}/{len(lives)}" for name, lives in self.neurons.items()]
        return f"Living(inputs {self.inputs.sum()}/{len(self.inputs)}, {', '.join(parts)})"

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


def living(model: Any, index: int | None = None, *, feature_names: Any = None) -> Living:
    """Which inputs and neurons a network uses: those on some way of non-zero weights from an input to an output.

    A neuron without a way out does nothing, and one without a way in is a constant; neither lives. Layers are taken in
    the order in which they stand in the network, one feeding the next; where widths say otherwise (a branch), and at a
    skip, all that cannot be seen counts as alive. `nx.compact` goes by the traced forward, and removes the dead.

    Args:
        model: a Module, or a `Path` of a network.
        index: of a path, the strength; the chosen one by default.
        feature_names: names of the inputs; by default the path's, or x0, x1, ...

    Returns:
        A `Living`; `nx.plot.living` draws it.

    Raises:
        InputError: for a network without a weight of two axes.

    Example:
        >>> from normax import nn
        >>> net = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1))
        >>> net[0].weight.value = np.array([[1.0, 0.0], [0.0, 0.0]], "float32")
        >>> living(net, feature_names=["age", "name"])
        Living(inputs 1/2, layer 1 1/2, layer 2 1/1)
    """
    layers = _layers(model, index)
    if not layers:
        raise InputError("living: expected a network with a weight of two axes or more")
    weights: list[np.ndarray] = list(layers.values())
    p = weights[0].shape[1]
    own = getattr(model, "feature_names", None)
    features = named(
        own if feature_names is None and own is not None and len(own) == p else feature_names, None, p
    )
    onward = [np.ones(len(weights[-1]), bool)]  # has a way to an output, last layer first
    for weight, before in zip(weights[::-1], [*weights[-2::-1], None]):
        used = np.any(weight & onward[-1][:, None], axis=0)
        onward.append(used if before is None else _fold(used, len(before)))
    inputs, *onward = onward[::-1]
    lives, neurons = inputs, {}
    for (name, weight), way_out in zip(layers.items(), onward):
        lives = np.any(weight & _spread(lives, weight.shape[1]), axis=1) & way_out
        neurons[name] = lives
    return Living(features, inputs, neurons)


def _layers(model: Any, index: int | None) -> Mapping[str, np.ndarray]:
    """Layer -> `(out, in)` whether some weight is not zero."""
    if hasattr(model, "strengths"):
        at = model.best.index if index is None else model.choice(index).index
        found = {name: np.asarray(stacked)[at] for name, stacked in model.weights.items()}
    else:
        found = {name: np.asarray(cell.value) for name, cell in model.named_parameters()}
    matrices = {name: w for name, w in found.items() if w.ndim >= 2 and not name.endswith("bias")}
    names = [name.removesuffix(".weight") for name in matrices]
    titles = [
        f"layer {i + 1}" if name.replace(".", "").isdigit() or name == "weight" else name
        for i, name in enumerate(names)
    ]
    return {
        title: (w != 0).reshape(*w.shape[:2], -1).any(axis=-1) for title, w in zip(titles, matrices.values())
    }


def _fold(used: np.ndarray, width: int) -> np.ndarray:
    """Inputs of a layer as neurons of the one before: as they are, or positions of its channels, flattened."""
    if len(used) % width:
        return np.ones(width, bool)
    return np.any(used.reshape(width, -1), axis=1)


def _spread(lives: np.ndarray, width: int) -> np.ndarray:
    """Neurons of a layer as inputs of the next."""
    return np.ones(width, bool) if width % len(lives) else np.repeat(lives, width // len(lives))
