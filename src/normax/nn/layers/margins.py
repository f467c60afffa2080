"""Losses that ask for a margin, and the one of unaligned labels, as modules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from normax.errors import InputError
from normax.nn import functional as F
from normax.nn.layers.loss import _Loss, _WeightedLoss
from normax.nn.layers.ranking import PairwiseDistance

__all__ = ["CTCLoss", "MultiLabelMarginLoss", "MultiMarginLoss", "TripletMarginWithDistanceLoss"]


class MultiMarginLoss(_WeightedLoss):
    """`Σ_{c ≠ y} w_y max(0, margin − x_y + x_c)^p / C`: the hinge loss of several classes.

    Args:
        p: 1 or 2.
        margin: by which the right score should lead.
        weight: w `(C,)`, or None for ones.
        size_average: deprecated in PyTorch.
        reduce: deprecated in PyTorch.
        reduction: `"mean"`, `"sum"` or `"none"`.

    Raises:
        InputError: for another p.

    Example:
        >>> import jax.numpy as jnp
        >>> float(MultiMarginLoss()(jnp.array([[0.5, 0.0]]), jnp.array([0])))
        0.25
    """

    def __init__(
        self,
        p: int = 1,
        margin: float = 1.0,
        weight: Any = None,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
    ):
        super().__init__(weight, size_average, reduce, reduction)
        if p not in (1, 2):
            raise InputError(f"p: expected 1 or 2, got {p}")
        self.p, self.margin = p, margin

    def forward(self, input: Any, target: Any) -> Any:
        return F.multi_margin_loss(input, target, self.p, self.margin, self.weight, reduction=self.reduction)


class MultiLabelMarginLoss(_Loss):
    """`Σ_{y right, c wrong} max(0, 1 − x_y + x_c) / C`; the right classes of a sample end with −1.

    Example:
        >>> import jax.numpy as jnp
        >>> float(MultiLabelMarginLoss()(jnp.array([0.5, 0.0]), jnp.array([0, -1])))
        0.25
    """

    def forward(self, input: Any, target: Any) -> Any:
        return F.multilabel_margin_loss(input, target, reduction=self.reduction)


class TripletMarginWithDistanceLoss(_Loss):
    """`max(0, d(a, p) − d(a, n) + margin)` with a distance of one's own.

    Args:
        distance_function: d, of two arrays; default, the Euclidean.
        margin: > 0.
        swap: the nearer of a and p to n counts.
        reduction: `"mean"`, `"sum"` or `"none"`.

    Raises:
        InputError: for a margin that is not positive.

    Example:
        >>> import jax.numpy as jnp
        >>> x = jnp.zeros((1, 2))
        >>> float(TripletMarginWithDistanceLoss()(x, x, x))
        1.0
    """

    def __init__(
        self,
        *,
        distance_function: Callable[[Any, Any], Any] | None = None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: str = "mean",
    ):
        super().__init__(reduction=reduction)
        if margin <= 0:
            raise InputError(f"margin: expected > 0, got {margin}")
        self.distance_function = PairwiseDistance() if distance_function is None else distance_function
        self.margin, self.swap = margin, swap

    def forward(self, anchor: Any, positive: Any, negative: Any) -> Any:
        return F.triplet_margin_with_distance_loss(
            *(anchor, positive, negative),
            distance_function=self.distance_function,
            margin=self.margin,
            swap=self.swap,
            reduction=self.reduction,
        )


class CTCLoss(_Loss):
    """Connectionist temporal classification: `−log` of the likelihood of labels over all alignments.

    Args:
        blank: the class of no label.
        reduction: `"mean"` divides by the target lengths and then averages; `"sum"` or `"none"`.
        zero_infinity: a sample whose labels do not fit its steps counts 0 instead of infinity.

    Raises:
        InputError: in a call, as `functional.ctc_loss`.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> scores = jax.nn.log_softmax(jnp.zeros((2, 1, 2)))
        >>> loss = CTCLoss(reduction="sum")(scores, jnp.array([[1]]), jnp.array([2]), jnp.array([1]))
        >>> jnp.exp(-loss).round(4).item()
        0.75

    Source:
        Graves et al., "Connectionist temporal classification", ICML 2006.
    """

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False):
        super().__init__(reduction=reduction)
        self.blank, self.zero_infinity = blank, zero_infinity

    def forward(self, log_probs: Any, targets: Any, input_lengths: Any, target_lengths: Any) -> Any:
        return F.ctc_loss(
            *(log_probs, targets, input_lengths, target_lengths),
            *(self.blank, self.reduction, self.zero_infinity),
        )
