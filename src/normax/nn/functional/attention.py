"""Scaled dot-product attention, and the multi-head form with its projections."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from normax.errors import InputError
from normax.nn.functional._common import as_array, floating, optional
from normax.nn.functional.dropout import dropout
from normax.nn.functional.linear import linear

__all__ = ["multi_head_attention_forward", "scaled_dot_product_attention"]


def scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
    *,
    dropout_key: Any = None,
) -> jax.Array:
    """`softmax(Q Kᵀ scale + mask) V`; a query that may attend to nothing gets 0.

    Args:
        query: `(..., H, L, E)`.
        key: `(..., H, S, E)`.
        value: `(..., H, S, V)`.
        attn_mask: broadcasts to `(..., L, S)`; True where a query may attend, or numbers that are added.
        dropout_p: of the weights; always applied, as PyTorch's: pass 0 in evaluation.
        is_causal: query i attends to the keys up to i; not together with a mask.
        scale: default, `1 / √E`.
        enable_gqa: keys and values have fewer heads, each shared by as many queries' heads.
        dropout_key: a JAX key; default, the compiled step's next, in eager code the global generator's.

    Returns:
        `(..., H, L, V)`.

    Raises:
        InputError: for shapes or arguments that do not fit together.

    Example:
        >>> import jax.numpy as jnp
        >>> q, k = jnp.ones((2, 4, 5, 8)), jnp.ones((2, 2, 6, 8))
        >>> scaled_dot_product_attention(q, k, k, enable_gqa=True).shape
        (2, 4, 5, 8)

    Source:
        Vaswani et al., "Attention is all you need", NeurIPS 2017; Ainslie et al., "GQA", EMNLP 2023.
    """
    q, k, v = floating(query), floating(key), floating(value)
    if min(q.ndim, k.ndim, v.ndim) < 2 or q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise InputError(
            f"expected query (..., L, E), key (..., S, E) and value (..., S, V), got {q.shape}, {k.shape}, {v.shape}"
        )
    if is_causal and attn_mask is not None:
        raise InputError("expected one of attn_mask and is_causal, got both")
    if enable_gqa:
        heads = q.shape[-3] if q.ndim > 2 else 0
        if min(k.ndim, v.ndim) < 3 or heads % k.shape[-3] or heads % v.shape[-3]:
            raise InputError(
                f"enable_gqa: expected numbers of heads that divide the query's, got {q.shape}, {k.shape}, {v.shape}"
            )
        k, v = (jnp.repeat(a, heads // a.shape[-3], -3) for a in (k, v))
    scores = q @ k.swapaxes(-1, -2) * (q.shape[-1] ** -0.5 if scale is None else scale)
    mask = optional(attn_mask)
    if is_causal:
        mask = jnp.tril(jnp.ones(scores.shape[-2:], bool))
    if mask is not None:
        scores = scores + additive(mask if mask.dtype != bool else ~mask, scores.dtype)
    weights = _safe_softmax(scores)
    if dropout_p > 0:
        weights = dropout(weights, dropout_p, key=dropout_key)
    return weights @ v


def _safe_softmax(scores: jax.Array) -> jax.Array:
    """Softmax of the last axis, 0 where everything is masked; no NaN in its gradient either."""
    open_ = (scores > -jnp.inf).any(-1, keepdims=True)
    return jnp.where(open_, jax.nn.softmax(jnp.where(open_, scores, 0), -1), 0)


def additive(mask: Any, dtype: Any) -> jax.Array:
    """A mask as numbers to add: −∞ where a boolean one is True."""
    m = as_array(mask)
    if m.dtype == bool:
        return jnp.where(m, -jnp.inf, 0).astype(dtype)
    if not jnp.issubdtype(m.dtype, jnp.floating):
        raise InputError(f"mask: expected booleans or floating numbers, got {m.dtype}")
    return m.astype(dtype)


def multi_head_attention_forward(
    query: Any,
    key: Any,
    value: Any,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Any,
    in_proj_bias: Any,
    bias_k: Any,
    bias_v: Any,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Any,
    out_proj_bias: Any,
    training: bool = True,
    key_padding_mask: Any = None,
    need_weights: bool = True,
    attn_mask: Any = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Any = None,
    k_proj_weight: Any = None,
    v_proj_weight: Any = None,
    static_k: Any = None,
    static_v: Any = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
    *,
    dropout_key: Any = None,
) -> tuple[jax.Array, jax.Array | None]:
    """What `MultiheadAttention` computes, of its parameters as arguments.

    Args:
        query: `(L, N, E)` or `(L, E)`.
        key: `(S, N, K)` or `(S, K)`.
        value: `(S, N, V)` or `(S, V)`.
        embed_dim_to_check: E.
        num_heads: a divisor of E. Fewer heads than E holds are narrower projections: here and below the E along which
            heads lie is then their number times their size.
        in_proj_weight: `(3E, E)`, the three projections under each other, or None with separate ones.
        in_proj_bias: `(3E,)` or None.
        bias_k: a key `(1, 1, E)` that every sequence gets in addition, or None.
        bias_v: its value.
        add_zero_attn: every sequence gets a key and a value of zeros in addition.
        dropout_p: of the weights, in training.
        out_proj_weight: `(E, E)`.
        out_proj_bias: `(E,)` or None.
        training: whether to drop.
        key_padding_mask: `(N, S)`, True (or added, if floating) where a key is left out.
        need_weights: also return the weights.
        attn_mask: `(L, S)` or `(N · heads, L, S)`, True (or added) where attention is not allowed.
        use_separate_proj_weight: the next three stand for `in_proj_weight`.
        q_proj_weight: `(E, E)`.
        k_proj_weight: `(E, K)`.
        v_proj_weight: `(E, V)`.
        static_k: `(N · heads, S, E / heads)` in place of the projected keys.
        static_v: in place of the projected values.
        average_attn_weights: average the weights over the heads.
        is_causal: PyTorch's hint; the mask itself must be in `attn_mask`.
        dropout_key: a JAX key; default, the compiled step's next, in eager code the global generator's.

    Returns:
        The output, of the query's shape, and the weights `(N, L, S)` (`(N, heads, L, S)` unless averaged) or
        None. A query that may attend to nothing gets 0, and so do its weights.

    Raises:
        InputError: for shapes that do not fit.

    Example:
        >>> import jax.numpy as jnp
        >>> x, eye = jnp.ones((5, 2, 4)), jnp.eye(4)
        >>> y, weights = multi_head_attention_forward(
        ...     x, x, x, 4, 2, jnp.tile(eye, (3, 1)), None, None, None, False, 0.0, eye, None
        ... )
        >>> y.shape, weights.shape
        ((5, 2, 4), (2, 5, 5))
    """
    q, k, v = as_array(query), as_array(key), as_array(value)
    width, inner = embed_dim_to_check, as_array(out_proj_weight).shape[1]
    if num_heads < 1 or inner % num_heads:
        raise InputError(f"num_heads: expected a divisor of embed_dim={inner}, got {num_heads}")
    size = inner // num_heads
    alike = q.ndim == k.ndim == v.ndim and k.shape[:-1] == v.shape[:-1]
    if q.ndim not in (2, 3) or not alike or q.shape[-1] != width:
        raise InputError(
            f"expected query, key and value with {width} features, all 2D or all 3D, "
            f"got shapes {q.shape}, {k.shape} and {v.shape}"
        )
    if is_causal and attn_mask is None:
        raise InputError("is_causal: expected the mask itself in attn_mask")
    if (bias_k is None) != (bias_v is None):
        raise InputError("bias_k, bias_v: expected both or neither")
    unbatched = q.ndim == 2
    if unbatched:
        q, k, v = q[:, None], k[:, None], v[:, None]
    if use_separate_proj_weight:
        weights = [q_proj_weight, k_proj_weight, v_proj_weight]
    else:
        weights = jnp.split(as_array(in_proj_weight), 3)
    biases = [None] * 3 if in_proj_bias is None else jnp.split(as_array(in_proj_bias), 3)
    q, k, v = (linear(a, w, b) for a, w, b in zip((q, k, v), weights, biases))
    batch, length = q.shape[1], q.shape[0]
    if bias_k is not None:
        if static_k is not None or static_v is not None:
            raise InputError("bias_k, bias_v: expected none beside static keys or values")
        k, v = (
            jnp.concatenate([a, jnp.broadcast_to(as_array(b), (1, batch, inner))])
            for a, b in ((k, bias_k), (v, bias_v))
        )

    def heads(x):
        """`(L, N, heads · size)` as `(N, heads, L, size)`."""
        return x.reshape(len(x), batch, num_heads, size).transpose(1, 2, 0, 3)

    q = heads(q)
    k, v = (
        heads(a) if s is None else as_array(s).reshape(batch, num_heads, -1, size)
        for a, s in ((k, static_k), (v, static_v))
    )
    if add_zero_attn:
        k, v = (jnp.pad(a, ((0, 0), (0, 0), (0, 1), (0, 0))) for a in (k, v))
    added = (bias_k is not None) + add_zero_attn
    shape = batch, num_heads, length, k.shape[2]
    mask = _merged(attn_mask, key_padding_mask, shape, added, unbatched, q.dtype)
    scores = q @ k.swapaxes(-1, -2) * size**-0.5
    scores = scores if mask is None else scores + mask
    attention = _safe_softmax(scores)
    if training and dropout_p > 0:
        attention = dropout(attention, dropout_p, key=dropout_key)
    y = (attention @ v).transpose(2, 0, 1, 3).reshape(length, batch, inner)
    y = linear(y, out_proj_weight, out_proj_bias)
    shown = None if not need_weights else attention.mean(1) if average_attn_weights else attention
    if unbatched:
        return y[:, 0], None if shown is None else shown[0]
    return y, shown


def _merged(attn_mask, key_padding_mask, shape, added: int, unbatched: bool, dtype) -> jax.Array | None:
    """Both masks as one that is added to scores of a shape; the last `added` keys are open to all."""
    batch, heads, length, keys = shape
    keys -= added
    total = None
    if attn_mask is not None:
        total = additive(attn_mask, dtype)
        if total.shape not in ((length, keys), (batch * heads, length, keys)):
            raise InputError(
                f"attn_mask: expected shape {(length, keys)} or {(batch * heads, length, keys)}, got {total.shape}"
            )
        total = total.reshape(batch, heads, length, keys) if total.ndim == 3 else total[None, None]
    if key_padding_mask is not None:
        hidden = additive(key_padding_mask, dtype)
        wanted = (keys,) if unbatched else (batch, keys)
        if hidden.shape != wanted:
            raise InputError(f"key_padding_mask: expected shape {wanted}, got {hidden.shape}")
        hidden = hidden.reshape(batch, 1, 1, keys)
        total = hidden if total is None else total + hidden
    if total is None or not added:
        return total
    return jnp.pad(total, ((0, 0), (0, 0), (0, 0), (0, added)))
