"""Functions of layers that PyTorch has under `torch` itself too: `torch.conv2d`, `torch.layer_norm`, `torch.relu_`,
..."""

from __future__ import annotations

from typing import Any

import numpy as np

from normax.torch.creation import full_like
from normax.torch.nn import functional

F: Any = functional

# Those that are `torch.nn.functional`'s by name and arguments.
_SAME = [
    "adaptive_avg_pool1d",
    "adaptive_max_pool1d",
    "alpha_dropout",
    "avg_pool1d",
    "bilinear",
    "binary_cross_entropy_with_logits",
    "celu",
    "celu_",
    "channel_shuffle",
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "cosine_embedding_loss",
    "cosine_similarity",
    "ctc_loss",
    "dropout",
    "feature_alpha_dropout",
    "group_norm",
    "hinge_embedding_loss",
    "kl_div",
    "layer_norm",
    "margin_ranking_loss",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
    "pairwise_distance",
    "pixel_shuffle",
    "pixel_unshuffle",
    "poisson_nll_loss",
    "relu_",
    "rms_norm",
    "rrelu",
    "rrelu_",
    "selu",
    "selu_",
    "threshold",
    "threshold_",
    "triplet_margin_loss",
]
for _name in _SAME:
    globals()[_name] = getattr(F, _name)

__all__ = [
    *_SAME,
    "batch_norm",
    "constant_pad_nd",
    "detach_",
    "embedding",
    "embedding_bag",
    "fill",
    "grid_sampler",
    "instance_norm",
    "pdist",
]


def batch_norm(
    input: Any,
    weight: Any,
    bias: Any,
    running_mean: Any,
    running_var: Any,
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool = False,
) -> Any:
    """`F.batch_norm`, its arguments in another order."""
    return F.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)


def instance_norm(
    input: Any,
    weight: Any,
    bias: Any,
    running_mean: Any,
    running_var: Any,
    use_input_stats: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool = False,
) -> Any:
    """`F.instance_norm`, its arguments in another order."""
    return F.instance_norm(input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps)


def embedding(weight: Any, indices: Any, padding_idx: int = -1, *ignored: Any) -> Any:
    """`F.embedding`, its arguments in another order."""
    return F.embedding(indices, weight, None if padding_idx < 0 else padding_idx)


def constant_pad_nd(input: Any, pad: Any, value: float = 0) -> Any:
    """`F.pad` with a constant."""
    return F.pad(input, pad, "constant", value)


def pdist(input: Any, p: float = 2.0) -> Any:
    """The p-norm of the difference of every two rows, each pair once."""
    i, j = np.triu_indices(input.shape[0], 1)
    return F.pairwise_distance(input[i], input[j], p, eps=0.0)


def fill(input: Any, value: Any) -> Any:
    """One value everywhere, in another's shape and dtype."""
    return full_like(input, value)


def grid_sampler(
    input: Any, grid: Any, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Any:
    """`F.grid_sample`, its modes by number."""
    modes, paddings = ("bilinear", "nearest", "bicubic"), ("zeros", "border", "reflection")
    return F.grid_sample(input, grid, modes[interpolation_mode], paddings[padding_mode], align_corners)


def embedding_bag(
    weight: Any,
    input: Any,
    offsets: Any = None,
    scale_grad_by_freq: bool = False,
    mode: int = 0,
    sparse: bool = False,
    per_sample_weights: Any = None,
    include_last_offset: bool = False,
    padding_idx: int = -1,
) -> tuple:
    """`F.embedding_bag`, its mode by number, as the first of a tuple."""
    kind, padding = ("sum", "mean", "max")[mode], None if padding_idx < 0 else padding_idx
    bags = F.embedding_bag(
        *(input, weight, offsets),
        mode=kind,
        per_sample_weights=per_sample_weights,
        include_last_offset=include_last_offset,
        padding_idx=padding,
    )
    return (bags,)


def detach_(input: Any) -> Any:
    """Without gradient from here on."""
    return input.detach_()
