"""Losses of pairs and triplets, and distances, as modules."""

from __future__ import annotations

from typing import Any

from normax.nn import functional as F
from normax.nn.layers.loss import _Loss
from normax.nn.module import Module

__all__ = [
    "CosineEmbeddingLoss",
    "CosineSimilarity",
    "HingeEmbeddingLoss",
    "MarginRankingLoss",
    "PairwiseDistance",
    "TripletMarginLoss",
]


class CosineSimilarity(Module):
    """`x₁·x₂ / (max(‖x₁‖, ε) max(‖x₂‖, ε))` along the axis `dim`.

    Example:
        >>> import jax.numpy as jnp
        >>> CosineSimilarity()(jnp.ones((1, 2)), jnp.ones((1, 2))).round(3).tolist()
        [1.0]
    """

    def __init__(self, dim: int = 1, eps: float = 1e-8):
        super().__init__()
        self.dim, self.eps = dim, eps

    def forward(self, x1: Any, x2: Any) -> Any:
        return F.cosine_similarity(x1, x2, self.dim, self.eps)


class PairwiseDistance(Module):
    """`‖x₁ − x₂ + ε‖_p` of the last axis.

    Example:
        >>> import jax.numpy as jnp
        >>> PairwiseDistance()(jnp.ones((3, 2)), jnp.zeros((3, 2))).shape
        (3,)
    """

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False):
        super().__init__()
        self.norm, self.eps, self.keepdim = p, eps, keepdim

    def forward(self, x1: Any, x2: Any) -> Any:
        return F.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)


class _MarginLoss(_Loss):
    def __init__(
        self, margin: float = 0.0, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
    ):
        super().__init__(size_average, reduce, reduction)
        self.margin = margin


class MarginRankingLoss(_MarginLoss):
    """`max(0, −y (x₁ − x₂) + margin)` for y of 1 (the first should rank higher) or −1.

    Example:
        >>> import jax.numpy as jnp
        >>> float(MarginRankingLoss()(jnp.array([1.0]), jnp.array([3.0]), jnp.array([1.0])))
        2.0
    """

    def forward(self, input1: Any, input2: Any, target: Any) -> Any:
        return F.margin_ranking_loss(input1, input2, target, self.margin, reduction=self.reduction)


class CosineEmbeddingLoss(_MarginLoss):
    """`1 − cos(x₁, x₂)` where y is 1, `max(0, cos(x₁, x₂) − margin)` where it is −1.

    Example:
        >>> import jax.numpy as jnp
        >>> x = jnp.array([[1.0, 0.0]])
        >>> float(CosineEmbeddingLoss()(x, x, jnp.array([1.0])))
        0.0
    """

    def forward(self, input1: Any, input2: Any, target: Any) -> Any:
        return F.cosine_embedding_loss(input1, input2, target, self.margin, reduction=self.reduction)


class HingeEmbeddingLoss(_MarginLoss):
    """x where y is 1, `max(0, margin − x)` where it is −1.

    Example:
        >>> import jax.numpy as jnp
        >>> float(HingeEmbeddingLoss()(jnp.array([0.5]), jnp.array([1.0])))
        0.5
    """

    def __init__(
        self, margin: float = 1.0, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
    ):
        super().__init__(margin, size_average, reduce, reduction)

    def forward(self, input: Any, target: Any) -> Any:
        return F.hinge_embedding_loss(input, target, self.margin, reduction=self.reduction)


class TripletMarginLoss(_Loss):
    """`max(0, d(a, p) − d(a, n) + margin)`, d the p-norm distance; `swap` takes the nearer of a and p to n.

    Example:
        >>> import jax.numpy as jnp
        >>> x = jnp.zeros((1, 2))
        >>> float(TripletMarginLoss()(x, x, x))
        1.0
    """

    def __init__(
        self,
        margin: float = 1.0,
        p: float = 2.0,
        eps: float = 1e-6,
        swap: bool = False,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
    ):
        super().__init__(size_average, reduce, reduction)
        self.margin, self.p, self.eps, self.swap = margin, p, eps, swap

    def forward(self, anchor: Any, positive: Any, negative: Any) -> Any:
        return F.triplet_margin_loss(
            anchor, positive, negative, self.margin, self.p, self.eps, self.swap, reduction=self.reduction
        )
