"""Losses by name: `(output, target) -> (batch,)`, each a negative log-likelihood or a distance per row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.errors import InputError, suggest
from normax.nn.indices import past_end

__all__ = ["LOSSES", "check_targets", "find_loss", "smoothed"]

Loss = Callable[[Any, Any], Any]


def _aligned(output: Any, target: Any) -> tuple[Any, Any]:
    """Output and target as `(batch, outputs)`, so that `(n, 1)` against `(n,)` never becomes `(n, n)`."""
    if output.ndim == 1:
        output = output[:, None]
    if target.ndim == 1:
        target = target[:, None]
    if output.shape != target.shape:
        raise InputError(
            f"loss: output {tuple(output.shape)} and target {tuple(target.shape)} differ in shape"
        )
    return output, target.astype(output.dtype)


def _rows(values: Any) -> Any:
    return values.reshape(values.shape[0], -1).sum(-1)


def squared(output, target):
    """½ Σ_outputs (y − f)²."""
    output, target = _aligned(output, target)
    return _rows((output - target) ** 2) / 2


def mse(output, target):
    """PyTorch's mean squared error: the mean over outputs of (y − f)²."""
    output, target = _aligned(output, target)
    return ((output - target) ** 2).reshape(output.shape[0], -1).mean(-1)


def absolute(output, target):
    """Σ_outputs |y − f|."""
    output, target = _aligned(output, target)
    return _rows(abs(output - target))


def cross_entropy(output, target):
    """−log softmax(f)[y], for logits f `(batch, classes)` and integer classes y `(batch,)`."""
    if output.ndim != 2 or target.ndim != 1:
        hint = ""
        if target.ndim == 2:
            hint = "; write y.ravel()" if target.shape[1] == 1 else "; of one column a class make y.argmax(1)"
        raise InputError(
            "cross_entropy: expected logits (batch, classes) and integer classes (batch,), got "
            f"{tuple(output.shape)} and {tuple(target.shape)}{hint}"
        )
    return jax.nn.logsumexp(output, axis=1) - _picked(output, target.astype(jnp.int32))


@jax.custom_jvp
def _picked(output, target):
    place = past_end(target, output.shape[1])[:, None]  # no class that is: NaN
    return jnp.take_along_axis(output, place, axis=1, mode="fill")[:, 0]


@_picked.defjvp
def _(primals, tangents):
    """In reverse a comparison, which fuses with its surroundings, where a gather's transpose is a scatter."""
    hit = primals[1][:, None] == jnp.arange(primals[0].shape[1])
    return _picked(*primals), jnp.where(hit, tangents[0], 0).sum(1)


def binary_cross_entropy(output, target):
    """Σ_outputs log(1 + e^f) − y·f, for logits f and targets in [0, 1]."""
    output, target = _aligned(output, target)
    return _rows(jax.nn.softplus(output) - target * output)


def poisson(output, target):
    """Σ_outputs e^f − y·f, for log-rates f and counts y."""
    output, target = _aligned(output, target)
    return _rows(jnp.exp(output) - target * output)


LOSSES: dict[str, Loss] = {
    loss.__name__: loss for loss in (squared, mse, absolute, cross_entropy, binary_cross_entropy, poisson)
}


def find_loss(loss: str | Loss) -> Loss:
    """The per-row loss that a name or a function stands for."""
    if isinstance(loss, type):
        raise InputError(f"loss: {loss.__name__} is a class; make one: {loss.__name__}(reduction='none')")
    if (getattr(loss, "__module__", None) or type(loss).__module__).startswith("torch."):
        raise InputError(
            "loss: a PyTorch loss computes on tensors; name one, loss='cross_entropy', or take its namesake in "
            "normax.nn with reduction='none'"
        )
    if callable(loss):
        return loss
    if not isinstance(loss, str) or loss not in LOSSES:
        raise InputError(
            f"loss: unknown {loss!r}{suggest(str(loss), LOSSES)}; one of {', '.join(LOSSES)}, or a function"
        )
    return LOSSES[loss]


def smoothed(loss: str | Loss, smoothing: float) -> Loss:
    """A named loss with its targets mixed with a share of the uniform distribution (Szegedy et al. 2016)."""
    plain = find_loss(loss)
    if smoothing == 0:
        return plain
    if not 0 < smoothing < 1 or loss not in ("cross_entropy", "binary_cross_entropy"):
        raise InputError(
            "label_smoothing: expected a share in [0, 1) and loss='cross_entropy' or 'binary_cross_entropy', got "
            f"{smoothing!r} and {loss!r}"
        )
    if loss == "binary_cross_entropy":
        return lambda output, target: plain(output, target * (1 - smoothing) + smoothing / 2)

    def mixed(output, target):
        uniform = jax.nn.logsumexp(output, axis=1) - output.mean(1)
        return (1 - smoothing) * plain(output, target) + smoothing * uniform

    return mixed


def check_targets(
    loss: Any, y: np.ndarray, outputs: tuple[int, ...], where: Callable[[int], str] = "row {}".format
) -> None:
    """Refuse targets that the named loss cannot mean, by row, before any work starts."""
    wrong: np.ndarray
    if loss == "cross_entropy":
        classes = outputs[-1] if outputs else None  # not known yet
        wrong = np.flatnonzero(
            ((y < 0) | (y >= (classes or np.inf)) | (y != np.round(y))).reshape(len(y), -1).any(1)
        )
        expected = "integer classes from 0" if classes is None else f"integer classes 0 to {classes - 1}"
    elif loss == "binary_cross_entropy":
        wrong = np.flatnonzero(((y < 0) | (y > 1)).reshape(len(y), -1).any(1))
        expected = "values in [0, 1]"
    elif loss == "poisson":
        wrong = np.flatnonzero((y < 0).reshape(len(y), -1).any(1))
        expected = "counts >= 0"
    else:
        return
    if wrong.size:
        raise InputError(
            f"y: {loss} expects {expected}, got {y[wrong[0]]} at {where(wrong[0])} ({wrong.size} such rows)"
        )
