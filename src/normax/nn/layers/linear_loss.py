"""Cross-entropy of a linear map as a module that holds the map."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from normax.errors import InputError
from normax.nn import functional as F
from normax.nn.layers.linear import Linear
from normax.nn.layers.loss import _WeightedLoss

__all__ = ["LinearCrossEntropyLoss"]


class LinearCrossEntropyLoss(_WeightedLoss):
    """`cross_entropy(linear(x), target)`.

    Args:
        in_features: features of the input.
        num_classes: C.
        out_features: further axes of the logits `(N, C, d1, ...)`.
        bias: whether the map has one.
        device: where the parameters live.
        dtype: of the parameters.
        reduction: `"mean"`, `"sum"` or `"none"`.
        weight: a factor for each class, `(C,)`, kept as a buffer.
        ignore_index: a class that does not count; default −100.
        label_smoothing: the share of an even distribution over the classes.
        options: None; PyTorch's tell its kernels how to split the batch.

    Raises:
        InputError: for a weight of another shape; in a call for shapes that do not fit.

    Example:
        >>> import jax.numpy as jnp
        >>> loss = LinearCrossEntropyLoss(5, 10, out_features=(4,))
        >>> loss(jnp.ones((2, 5)), jnp.zeros((2, 4), int)).shape, list(loss.state_dict())
        ((), ['linear.weight'])
    """

    def __init__(
        self,
        in_features: int,
        num_classes: int,
        *,
        out_features: tuple[int, ...] = (),
        bias: bool = False,
        device: Any = None,
        dtype: Any = None,
        reduction: str = "mean",
        weight: Any = None,
        ignore_index: int | None = None,
        label_smoothing: float = 0.0,
        options: None = None,
    ):
        super().__init__(weight, reduction=reduction)
        if weight is not None and np.shape(weight) != (num_classes,):
            raise InputError(f"weight: expected shape {(num_classes,)}, got {np.shape(weight)}")
        if not 0 <= label_smoothing <= 1:
            raise InputError(f"label_smoothing: expected between 0 and 1, got {label_smoothing}")
        self.num_classes, self.out_features = num_classes, out_features
        self.ignore_index, self.label_smoothing, self.options = ignore_index, label_smoothing, options
        self.linear = Linear(in_features, num_classes * math.prod(out_features), bias, device, dtype)

    def forward(self, input: Any, target: Any) -> Any:
        shape, bias = (self.num_classes, *self.out_features), self.linear.bias
        return F.linear_cross_entropy(
            input,
            self.linear.weight.reshape(*shape, -1),
            target,
            linear_bias=None if bias is None else bias.reshape(shape),
            weight=self.weight,
            reduction=self.reduction,
            ignore_index=self.ignore_index,
            label_smoothing=self.label_smoothing,
            options=self.options,
        )

    def extra_repr(self) -> str:
        names = ("num_classes", "out_features", "reduction", "ignore_index", "label_smoothing", "options")
        said = {name: getattr(self, name) for name in names}
        facts = {"in_features": self.linear.in_features, "num_classes": said.pop("num_classes")}
        facts |= {"out_features": said.pop("out_features"), "bias": self.linear.bias is not None} | said
        return ", ".join(f"{name}={fact}" for name, fact in facts.items())
