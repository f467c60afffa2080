"""Multi-head attention."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from normax.errors import InputError
from normax.nn import functional as F
from normax.nn import init
from normax.nn.functional._common import as_array, optional
from normax.nn.layers._common import new_parameter
from normax.nn.layers.linear import Linear
from normax.nn.module import Module
from normax.nn.random import layer_key

__all__ = ["MultiheadAttention"]


class NonDynamicallyQuantizableLinear(Linear):
    """The `Linear` that projects attention's output, under the name that PyTorch prints."""


class MultiheadAttention(Module):
    """`softmax(Q Kᵀ / √d + mask) V` in several heads, projected in and out.

    The projections (`in_proj_weight` `(3E, E)`, or three with `kdim` or `vdim`) start from Xavier's uniform
    distribution, `bias_k` and `bias_v` from his normal one, the other biases from 0.

    Args:
        embed_dim: E, features of queries and of the output.
        num_heads: a divisor of E.
        dropout: of the attention weights, in training.
        bias: False leaves all biases of projections out.
        add_bias_kv: every sequence gets a learnt key and value in addition.
        add_zero_attn: every sequence gets a key and a value of zeros in addition.
        kdim: features of keys; default E.
        vdim: features of values; default E.
        batch_first: inputs and output are `(N, L, E)` instead of `(L, N, E)`.
        device: where the parameters live.
        dtype: of the parameters.

    Raises:
        InputError: for a number of heads that does not divide E, and in a call for shapes that do not fit.

    Example:
        >>> import jax.numpy as jnp
        >>> x = jnp.ones((2, 5, 8))
        >>> y, weights = MultiheadAttention(8, 2, batch_first=True)(x, x, x)
        >>> y.shape, weights.shape
        ((2, 5, 8), (2, 5, 5))

    Source:
        Vaswani et al., "Attention is all you need", NeurIPS 2017.
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__()
        if num_heads < 1 or embed_dim < 1 or embed_dim % num_heads:
            raise InputError(f"num_heads: expected a divisor of embed_dim={embed_dim}, got {num_heads}")
        self.embed_dim, self.num_heads = embed_dim, num_heads
        self.dropout, self.batch_first = dropout, batch_first
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self.head_dim, self.add_zero_attn = embed_dim // num_heads, add_zero_attn
        self._qkv_same_embed_dim = self.kdim == self.vdim == embed_dim

        def parameter(wanted: bool, *shape: int, role: str = "weight") -> Any:
            return new_parameter(shape, role, device, dtype) if wanted else None

        apart, e = not self._qkv_same_embed_dim, embed_dim
        self.register_parameter("q_proj_weight", parameter(apart, e, e))
        self.register_parameter("k_proj_weight", parameter(apart, e, self.kdim))
        self.register_parameter("v_proj_weight", parameter(apart, e, self.vdim))
        self.register_parameter("in_proj_weight", parameter(not apart, 3 * e, e))
        self.register_parameter("in_proj_bias", parameter(bias, 3 * e, role="bias"))
        self.out_proj = NonDynamicallyQuantizableLinear(e, e, bias, device, dtype)
        self.register_parameter("bias_k", parameter(add_bias_kv, 1, 1, e, role="bias"))
        self.register_parameter("bias_v", parameter(add_bias_kv, 1, 1, e, role="bias"))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial values anew."""
        for weight in (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight, self.in_proj_weight):
            if weight is not None:
                init.xavier_uniform_(weight)
        if self.in_proj_bias is not None:
            init.zeros_(self.in_proj_bias)
            init.zeros_(self.out_proj.bias)
        if self.bias_k is not None:
            init.xavier_normal_(self.bias_k)
            init.xavier_normal_(self.bias_v)

    def merge_masks(self, attn_mask: Any, key_padding_mask: Any, query: Any) -> tuple[Any, int | None]:
        """Both masks as one, `(N, heads, L, L)`, and its kind: 2, or 1 for a `key_padding_mask` alone, or None."""
        hidden, mask = optional(key_padding_mask), optional(attn_mask)
        if mask is None:
            return hidden, None if hidden is None else 1
        batch, length, _ = query.shape
        shape = batch, self.num_heads, length, length
        mask = mask.reshape(shape) if mask.ndim == 3 else jnp.broadcast_to(mask, shape)
        return (mask if hidden is None else mask + hidden.reshape(batch, 1, 1, length)), 2

    def forward(
        self,
        query: Any,
        key: Any,
        value: Any,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> Any:
        """Attend.

        Args:
            query: `(L, N, E)`, or `(N, L, E)` with `batch_first`, or `(L, E)`.
            key: as the query, with S in place of L.
            value: as the key.
            key_padding_mask: `(N, S)`, True (or added, if floating) where a key is left out.
            need_weights: also return the attention weights.
            attn_mask: `(L, S)` or `(N · heads, L, S)`, True (or added) where attention is not allowed.
            average_attn_weights: average the weights over the heads.
            is_causal: PyTorch's hint; give the mask in `attn_mask`.

        Returns:
            The output, of the query's shape, and the weights `(N, L, S)` (`(N, heads, L, S)` unless
            averaged), or None.
        """
        q, k, v = as_array(query), as_array(key), as_array(value)
        turned = self.batch_first and q.ndim == k.ndim == v.ndim == 3
        if turned:
            q, k, v = (a.swapaxes(0, 1) for a in (q, k, v))
        random = layer_key(self) if self.training and self.dropout > 0 else None
        y, weights = F.multi_head_attention_forward(
            q,
            k,
            v,
            self.embed_dim,
            self.num_heads,
            self.in_proj_weight,
            self.in_proj_bias,
            self.bias_k,
            self.bias_v,
            self.add_zero_attn,
            self.dropout,
            self.out_proj.weight,
            self.out_proj.bias,
            training=self.training,
            key_padding_mask=key_padding_mask,
            need_weights=need_weights,
            attn_mask=attn_mask,
            use_separate_proj_weight=not self._qkv_same_embed_dim,
            q_proj_weight=self.q_proj_weight,
            k_proj_weight=self.k_proj_weight,
            v_proj_weight=self.v_proj_weight,
            average_attn_weights=average_attn_weights,
            is_causal=is_causal,
            dropout_key=random,
        )
        return y.swapaxes(0, 1) if turned else y, weights
