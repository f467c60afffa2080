"""Connectionist temporal classification: the likelihood of labels without their alignment."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.errors import InputError
from normax.nn.functional._common import as_array, reduce_loss
from normax.nn.indices import check_indices, unless

__all__ = ["ctc_loss"]

_NEVER = -1e30  # log 0 that gradients survive


def ctc_loss(
    log_probs: Any,
    targets: Any,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> jax.Array:
    """`−log Σ_alignments Π_t p_t`: labels may repeat and blanks may stand between them.

    As PyTorch's, the gradient in `log_probs` is the one that passes through the `log_softmax` they come from.

    Args:
        log_probs: `(T, N, C)` or `(T, C)`, log-probabilities (of `log_softmax`).
        targets: classes `(N, S)`, or those of all samples in one row `(Σ target_lengths,)`.
        input_lengths: `(N,)` steps of each sample, at most T.
        target_lengths: `(N,)` labels of each sample.
        blank: the class of no label.
        reduction: `"mean"` divides by the target lengths and then averages; `"sum"` or `"none"`.
        zero_infinity: a sample whose labels do not fit its steps counts 0 instead of infinity.

    Raises:
        InputError: for shapes that do not fit and, in eager mode, classes and lengths; in a compiled call the loss of
            such a sample is NaN, and `targets` in one row are refused, whose lengths must be known.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> scores = jax.nn.log_softmax(jnp.zeros((2, 1, 2)))
        >>> loss = ctc_loss(scores, jnp.array([[1]]), jnp.array([2]), jnp.array([1]), reduction="none")
        >>> jnp.exp(-loss).round(4).tolist()  # three of the four alignments
        [0.75]

    Source:
        Graves et al., "Connectionist temporal classification", ICML 2006.
    """
    x = as_array(log_probs)
    if x.ndim not in (2, 3):
        raise InputError(f"log_probs: expected (T, N, C) or (T, C), got {x.shape}")
    unbatched = x.ndim == 2
    x = x[:, None] if unbatched else x
    steps, batch, classes = x.shape
    if not 0 <= blank < classes:
        raise InputError(f"blank: expected a class from 0 to {classes - 1}, got {blank}")
    lengths, counts = (as_array(a).reshape(-1) for a in (input_lengths, target_lengths))
    if len(lengths) != batch or len(counts) != batch:
        raise InputError(
            f"expected {batch} input_lengths and target_lengths, got {len(lengths)} and {len(counts)}"
        )
    labels = _padded(as_array(targets), counts, batch, unbatched)
    used = jnp.arange(labels.shape[1]) < counts[:, None]
    check_indices(labels, classes, "classes", used)
    check_indices(lengths, steps + 1, "input_lengths")
    check_indices(counts, labels.shape[1] + 1, "target_lengths")
    wrong = (lengths < 0) | (lengths > steps) | (counts < 0) | (counts > labels.shape[1])
    wrong |= (used & ((labels < 0) | (labels >= classes))).any(1)
    total = jax.nn.logsumexp(x, -1, keepdims=True)
    x = x + (jax.lax.stop_gradient(total) - total)
    loss = -_log_likelihood(x, labels, lengths, counts, blank)
    impossible = loss > -_NEVER / 2
    loss = unless(wrong, jnp.where(impossible, 0 if zero_infinity else jnp.inf, loss))
    if reduction == "mean":
        return jnp.mean(loss / jnp.maximum(counts, 1).astype(loss.dtype))
    loss = reduce_loss(loss, reduction)
    return loss[0] if unbatched and reduction == "none" else loss


def _padded(targets: jax.Array, counts: jax.Array, batch: int, unbatched: bool) -> jax.Array:
    """Targets as `(N, S)`."""
    if not jnp.issubdtype(targets.dtype, jnp.integer):
        raise InputError(f"targets: expected integer classes, got {targets.dtype}")
    if targets.ndim == 2 and len(targets) == batch:
        return targets
    if targets.ndim != 1:
        raise InputError(f"targets: expected ({batch}, S) or one row, got {targets.shape}")
    if unbatched:
        return targets[None]
    if isinstance(counts, jax.core.Tracer):
        raise InputError("targets: expected (N, S) in a compiled call, where target_lengths are not known")
    known = np.asarray(counts)
    if known.sum() != len(targets):
        raise InputError(
            f"targets: expected {int(known.sum())}, the sum of target_lengths, got {len(targets)}"
        )
    starts = np.cumsum(known) - known
    place = starts[:, None] + np.arange(max(int(known.max(initial=0)), 1))
    if not len(targets):
        return jnp.zeros(place.shape, targets.dtype)
    return targets[np.minimum(place, len(targets) - 1)]


def _log_likelihood(x, labels, lengths, counts, blank: int) -> jax.Array:
    """The forward recursion over the labels with blanks between them, `(N, 2S + 1)` states."""
    batch, size = labels.shape
    states = jnp.full((batch, 2 * size + 1), blank, labels.dtype).at[:, 1::2].set(labels)
    # A step may skip the blank between two different labels.
    skip = jnp.zeros(states.shape, bool).at[:, 3::2].set(labels[:, 1:] != labels[:, :-1])
    emitted = jnp.take_along_axis(x, jnp.clip(states, 0, x.shape[-1] - 1)[None], -1)
    place = jnp.arange(states.shape[1])
    first = jnp.where(place < jnp.minimum(2, 2 * counts[:, None] + 1), 0.0, _NEVER).astype(x.dtype)

    def shifted(alpha, by):
        return jnp.pad(alpha, ((0, 0), (by, 0)), constant_values=_NEVER)[:, : alpha.shape[1]]

    def step(alpha, inputs):
        t, logp = inputs
        moves = jnp.logaddexp(alpha, shifted(alpha, 1))
        moves = jnp.logaddexp(moves, jnp.where(skip, shifted(alpha, 2), _NEVER))
        moves = jnp.where(t == 0, first, moves) + logp
        return jnp.where((t < lengths)[:, None], moves, alpha), None

    nothing = jnp.where(place == 0, 0.0, _NEVER).astype(x.dtype)  # no steps emit no labels
    alpha, _ = jax.lax.scan(step, jnp.broadcast_to(nothing, states.shape), (jnp.arange(len(x)), emitted))
    ends = jnp.where((place == 2 * counts[:, None]) | (place == 2 * counts[:, None] - 1), alpha, _NEVER)
    return jax.nn.logsumexp(ends, -1)
