"""Losses as modules."""

from __future__ import annotations

from typing import Any

from normax.nn import functional as F
from normax.nn.cells import Buffer
from normax.nn.functional._common import legacy
from normax.nn.module import Module

__all__ = [
    "BCELoss",
    "BCEWithLogitsLoss",
    "CrossEntropyLoss",
    "GaussianNLLLoss",
    "HuberLoss",
    "KLDivLoss",
    "L1Loss",
    "MSELoss",
    "MultiLabelSoftMarginLoss",
    "NLLLoss",
    "PoissonNLLLoss",
    "SmoothL1Loss",
    "SoftMarginLoss",
]


class _Loss(Module):
    """A loss of an output and a target, with PyTorch's `reduction`.

    `size_average` and `reduce` are PyTorch's deprecated way to say it, and still understood.
    """

    def __init__(self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"):
        super().__init__()
        self.reduction = legacy(size_average, reduce, reduction)


class _WeightedLoss(_Loss):
    """A loss with weights, kept as a buffer."""

    def __init__(
        self,
        weight: Any = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ):
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", None if weight is None else Buffer(weight))


class MSELoss(_Loss):
    """`(x − y)²`.

    Args:
        size_average: deprecated in PyTorch.
        reduce: deprecated in PyTorch.
        reduction: `"mean"` over all elements, `"sum"`, or `"none"`.

    Example:
        >>> import jax.numpy as jnp
        >>> float(MSELoss()(jnp.array([1.0, 3.0]), jnp.zeros(2)))
        5.0
    """

    def forward(self, input: Any, target: Any) -> Any:
        return F.mse_loss(input, target, reduction=self.reduction)


class L1Loss(_Loss):
    """`|x − y|`; arguments as `MSELoss`'s.

    Example:
        >>> import jax.numpy as jnp
        >>> float(L1Loss()(jnp.array([1.0, 3.0]), jnp.zeros(2)))
        2.0
    """

    def forward(self, input: Any, target: Any) -> Any:
        return F.l1_loss(input, target, reduction=self.reduction)


class SmoothL1Loss(_Loss):
    """`½ d² / β` where `d = |x − y| < β`, else `d − ½ β`.

    Args:
        size_average: deprecated in PyTorch.
        reduce: deprecated in PyTorch.
        reduction: `"mean"`, `"sum"` or `"none"`.
        beta: β.

    Example:
        >>> import jax.numpy as jnp
        >>> float(SmoothL1Loss()(jnp.array([3.0]), jnp.zeros(1)))
        2.5
    """

    def __init__(
        self, size_average: Any = None, reduce: Any = None, reduction: str = "mean", beta: float = 1.0
    ):
        super().__init__(size_average, reduce, reduction)
        self.beta = beta

    def forward(self, input: Any, target: Any) -> Any:
        return F.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class HuberLoss(_Loss):
    """`½ d²` where `d = |x − y| <= δ`, else `δ (d − ½ δ)`.

    Args:
        reduction: `"mean"`, `"sum"` or `"none"`.
        delta: δ.

    Example:
        >>> import jax.numpy as jnp
        >>> float(HuberLoss(delta=2.0)(jnp.array([3.0]), jnp.zeros(1)))
        4.0
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0):
        super().__init__(reduction=reduction)
        self.delta = delta

    def forward(self, input: Any, target: Any) -> Any:
        return F.huber_loss(input, target, self.reduction, self.delta)


class PoissonNLLLoss(_Loss):
    """`eˣ − y x` for a log rate x, or `x − y log(x + ε)` for a rate x.

    Args:
        log_input: whether x is a log rate.
        full: add Stirling's approximation of `log y!`.
        size_average: deprecated in PyTorch.
        eps: ε.
        reduce: deprecated in PyTorch.
        reduction: `"mean"`, `"sum"` or `"none"`.

    Example:
        >>> import jax.numpy as jnp
        >>> float(PoissonNLLLoss()(jnp.zeros(2), jnp.array([1.0, 2.0])))
        1.0
    """

    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        size_average: Any = None,
        eps: float = 1e-8,
        reduce: Any = None,
        reduction: str = "mean",
    ):
        super().__init__(size_average, reduce, reduction)
        self.log_input, self.full, self.eps = log_input, full, eps

    def forward(self, log_input: Any, target: Any) -> Any:
        return F.poisson_nll_loss(
            log_input, target, self.log_input, full=self.full, eps=self.eps, reduction=self.reduction
        )


class GaussianNLLLoss(_Loss):
    """`½ (log v + (x − y)² / v)` for expected values x and variances v.

    Args:
        full: add the constant `½ log 2π`.
        eps: the least variance.
        reduction: `"mean"`, `"sum"` or `"none"`.

    Example:
        >>> import jax.numpy as jnp
        >>> float(GaussianNLLLoss()(jnp.array([2.0]), jnp.zeros(1), jnp.ones(1)))
        2.0
    """

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean"):
        super().__init__(reduction=reduction)
        self.full, self.eps = full, eps

    def forward(self, input: Any, target: Any, var: Any) -> Any:
        return F.gaussian_nll_loss(input, target, var, self.full, self.eps, self.reduction)


class KLDivLoss(_Loss):
    """`y (log y − x)` for log-probabilities x.

    Args:
        size_average: deprecated in PyTorch.
        reduce: deprecated in PyTorch.
        reduction: `"batchmean"` is the divergence's definition; `"mean"` divides by all elements.
        log_target: whether the target is logarithmic.

    Example:
        >>> import jax.numpy as jnp
        >>> p = jnp.array([[0.5, 0.5]])
        >>> float(KLDivLoss(reduction="batchmean")(jnp.log(p), p))
        0.0
    """

    def __init__(
        self, size_average: Any = None, reduce: Any = None, reduction: str = "mean", log_target: bool = False
    ):
        super().__init__(size_average, reduce, reduction)
        self.log_target = log_target

    def forward(self, input: Any, target: Any) -> Any:
        return F.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)


class CrossEntropyLoss(_WeightedLoss):
    """`−Σ_c w_c y_c log softmax(x)_c` of raw scores; see `normax.nn.functional.cross_entropy`.

    Args:
        weight: one for each class, or None.
        size_average: deprecated in PyTorch.
        ignore_index: a class that counts for nothing.
        reduce: deprecated in PyTorch.
        reduction: `"mean"`, `"sum"` or `"none"`.
        label_smoothing: this share of each target is spread evenly over the classes.

    Example:
        >>> import jax.numpy as jnp
        >>> round(float(CrossEntropyLoss()(jnp.zeros((2, 4)), jnp.array([0, 3]))), 4)
        1.3863
    """

    def __init__(
        self,
        weight: Any = None,
        size_average: Any = None,
        ignore_index: int = -100,
        reduce: Any = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ):
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index, self.label_smoothing = ignore_index, label_smoothing

    def forward(self, input: Any, target: Any) -> Any:
        return F.cross_entropy(
            input,
            target,
            self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class NLLLoss(_WeightedLoss):
    """`−w_y x_y` for log-probabilities x.

    Args:
        weight: one for each class, or None.
        size_average: deprecated in PyTorch.
        ignore_index: a class that counts for nothing.
        reduce: deprecated in PyTorch.
        reduction: `"mean"` divides by the sum of the targets' weights; `"sum"` or `"none"`.

    Example:
        >>> import jax.numpy as jnp
        >>> float(NLLLoss()(jnp.array([[-1.0, -2.0]]), jnp.array([1])))
        2.0
    """

    def __init__(
        self,
        weight: Any = None,
        size_average: Any = None,
        ignore_index: int = -100,
        reduce: Any = None,
        reduction: str = "mean",
    ):
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index

    def forward(self, input: Any, target: Any) -> Any:
        return F.nll_loss(
            input, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction
        )


class BCELoss(_WeightedLoss):
    """`−w (y log x + (1 − y) log(1 − x))` for probabilities x; logarithms stop at −100.

    Args:
        weight: factors that broadcast, or None.
        size_average: deprecated in PyTorch.
        reduce: deprecated in PyTorch.
        reduction: `"mean"`, `"sum"` or `"none"`.

    Example:
        >>> import jax.numpy as jnp
        >>> round(float(BCELoss()(jnp.array([0.5]), jnp.array([1.0]))), 4)
        0.6931
    """

    def forward(self, input: Any, target: Any) -> Any:
        return F.binary_cross_entropy(input, target, self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(_WeightedLoss):
    """`−w (q y log σ(x) + (1 − y) log(1 − σ(x)))` for raw scores x.

    Args:
        weight: factors that broadcast, or None.
        size_average: deprecated in PyTorch.
        reduce: deprecated in PyTorch.
        reduction: `"mean"`, `"sum"` or `"none"`.
        pos_weight: q, a weight of the positives, or None.

    Example:
        >>> import jax.numpy as jnp
        >>> round(float(BCEWithLogitsLoss()(jnp.zeros(1), jnp.ones(1))), 4)
        0.6931
    """

    def __init__(
        self,
        weight: Any = None,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
        pos_weight: Any = None,
    ):
        super().__init__(weight, size_average, reduce, reduction)
        self.register_buffer("pos_weight", None if pos_weight is None else Buffer(pos_weight))

    def forward(self, input: Any, target: Any) -> Any:
        return F.binary_cross_entropy_with_logits(
            input, target, self.weight, reduction=self.reduction, pos_weight=self.pos_weight
        )


class SoftMarginLoss(_Loss):
    """`log(1 + e^(−y x))` for y of −1 and 1; arguments as `MSELoss`'s.

    Example:
        >>> import jax.numpy as jnp
        >>> round(float(SoftMarginLoss()(jnp.zeros(1), jnp.ones(1))), 4)
        0.6931
    """

    def forward(self, input: Any, target: Any) -> Any:
        return F.soft_margin_loss(input, target, reduction=self.reduction)


class MultiLabelSoftMarginLoss(_WeightedLoss):
    """The binary cross-entropy of raw scores, averaged over the classes of each sample.

    Args:
        weight: one for each class, or None.
        size_average: deprecated in PyTorch.
        reduce: deprecated in PyTorch.
        reduction: `"mean"`, `"sum"` or `"none"`.

    Example:
        >>> import jax.numpy as jnp
        >>> round(float(MultiLabelSoftMarginLoss()(jnp.zeros((1, 2)), jnp.array([[1.0, 0.0]]))), 4)
        0.6931
    """

    def forward(self, input: Any, target: Any) -> Any:
        return F.multilabel_soft_margin_loss(input, target, self.weight, reduction=self.reduction)
