"""Functions of layers that PyTorch has under `torch` itself too: `torch.conv2d`, `torch.layer_norm`, `torch.relu_`, ..."""

from __future__ import annotations

from typing import Any

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

__all__ = [*_SAME, "batch_norm", "constant_pad_nd", "embedding", "instance_norm"]


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
