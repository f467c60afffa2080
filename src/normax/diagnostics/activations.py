"""What dropout does to activations: zeros, a scale, and a mean that stays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from normax.errors import InputError

__all__ = ["DropoutEffect", "dropout_effect"]


@dataclass(frozen=True, repr=False)
class DropoutEffect:
    """Activations behind one dropout layer, with it and without.

    Attributes:
        layer: its path in the network.
        p: its probability of dropping.
        still: `(n, ...)` activations in evaluation mode, where it passes them on as they are.
        mean, sd: `(n, ...)` over the masks, in training mode.
        zero: share of activations that are zero under a mask, of those that are not zero without.
        masks: how many were drawn.

    Made by `dropout_effect`.
    """

    layer: str
    p: float
    still: np.ndarray
    mean: np.ndarray
    sd: np.ndarray
    zero: float
    masks: int

    def __repr__(self) -> str:
        return f"DropoutEffect({self.layer!r}, p={self.p:g}, zero={self.zero:.3g}, {self.masks} masks)"


def dropout_effect(
    net: Any, X: Any, *, layer: str | None = None, masks: int = 200, seed: int = 0
) -> DropoutEffect:
    """Measure a dropout layer: the same rows, many masks, beside evaluation mode.

    In training, an activation a becomes 0 with probability p and a / (1 − p) else, so that its mean stays a and its
    standard deviation is |a| √(p / (1 − p)). Other dropouts of the network are off meanwhile, and so are batch
    statistics: all else is in evaluation mode.

    Args:
        net: the module; it is left as it is.
        X: `(n, ...)` rows for its forward.
        layer: path of the dropout layer; by default the first that drops anything.
        masks: how many to draw.
        seed: of the masks.

    Returns:
        A `DropoutEffect`; `nx.plot.dropout` draws it.

    Raises:
        InputError: where the network has no such layer, or its forward does not reach it.

    Example:
        >>> from normax import nn
        >>> found = dropout_effect(nn.Sequential(nn.Dropout(0.25), nn.Linear(3, 1)), np.ones((50, 3), "float32"))
        >>> round(found.zero, 2), round(float(found.mean.mean()), 1)
        (0.25, 1.0)

    Source:
        Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR 2014.
    """
    import copy

    from normax.binding.modes import evaluating
    from normax.nn.random import fork

    twin = copy.deepcopy(net)
    drops: dict[str, Any] = {
        name: m for name, m in twin.named_modules() if "Dropout" in m._get_name() and m.p
    }
    name = next(iter(drops), "") if layer is None else layer
    if name not in drops:
        told = ", ".join(repr(n) for n in drops) or "none"
        raise InputError(
            f"layer: expected a dropout layer that drops something, got {name!r}; there are {told}"
        )
    seen: list[np.ndarray] = []
    drops[name].register_forward_hook(lambda module, args, output: seen.append(np.asarray(output)))
    with fork(seed), evaluating(twin):
        twin(X)
        if not seen:
            raise InputError(f"layer: the forward does not pass {name!r}")
        still = seen.pop()
        drops[name].train()
        for _ in range(masks):
            twin(X)
    drawn = np.stack(seen[-masks:]).astype(float)
    zero = float((drawn == 0)[:, still != 0].mean()) if still.any() else float("nan")
    return DropoutEffect(
        name, float(drops[name].p), still, drawn.mean(axis=0), drawn.std(axis=0), zero, masks
    )
