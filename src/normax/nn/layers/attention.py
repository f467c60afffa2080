"""Multi-head attention and the transformer's encoder."""

from __future__ import annotations

import copy
from typing import Any

import jax
import jax.numpy as jnp

from normax.errors import InputError
from normax.nn import functional as F
from normax.nn import init
from normax.nn.functional._common import as_array
from normax.nn.layers._common import new_parameter
from normax.nn.layers.containers import ModuleList
from normax.nn.layers.dropout import Dropout
from normax.nn.layers.linear import Linear
from normax.nn.layers.normalization import LayerNorm
from normax.nn.module import Module
from normax.nn.random import layer_key

__all__ = ["MultiheadAttention", "TransformerEncoder", "TransformerEncoderLayer"]


class NonDynamicallyQuantizableLinear(Linear):
    """The `Linear` that projects attention's output, under the name that PyTorch prints."""


class MultiheadAttention(Module):
    """`softmax(Q Kᵀ / √d + mask) V` in several heads, projected in and out.

    `in_proj_weight` `(3E, E)` starts from Xavier's uniform distribution, biases from 0.

    Args:
        embed_dim: E, features of queries, keys and values.
        num_heads: a divisor of E.
        dropout: of the attention weights, in training.
        bias: False leaves all biases out.
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
        *,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__()
        if num_heads < 1 or embed_dim % num_heads:
            raise InputError(f"num_heads: expected a divisor of embed_dim={embed_dim}, got {num_heads}")
        self.embed_dim, self.num_heads, self.dropout, self.batch_first = (
            embed_dim,
            num_heads,
            dropout,
            batch_first,
        )
        self.in_proj_weight = new_parameter((3 * embed_dim, embed_dim), "weight", device, dtype)
        self.register_parameter(
            "in_proj_bias", new_parameter((3 * embed_dim,), "bias", device, dtype) if bias else None
        )
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias, device, dtype)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial values anew."""
        init.xavier_uniform_(self.in_proj_weight)
        if self.in_proj_bias is not None:
            init.zeros_(self.in_proj_bias)
            init.zeros_(self.out_proj.bias)

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
        if q.ndim not in (2, 3) or k.ndim != q.ndim or k.shape != v.shape or q.shape[-1] != self.embed_dim:
            raise InputError(
                f"expected query, key and value with {self.embed_dim} features, all 2D or all 3D, "
                f"got shapes {q.shape}, {k.shape} and {v.shape}"
            )
        if is_causal and attn_mask is None:
            raise InputError("is_causal: expected the mask itself in attn_mask")
        unbatched = q.ndim == 2
        if unbatched:
            q, k, v = q[None], k[None], v[None]
        elif not self.batch_first:
            q, k, v = (a.swapaxes(0, 1) for a in (q, k, v))
        weights = jnp.split(self.in_proj_weight.value, 3)
        biases = [None] * 3 if self.in_proj_bias is None else jnp.split(self.in_proj_bias.value, 3)
        q, k, v = (self._heads(F.linear(a, w, b)) for a, w, b in zip((q, k, v), weights, biases))
        scores = q @ k.swapaxes(-1, -2) / (self.embed_dim // self.num_heads) ** 0.5
        if attn_mask is not None:
            mask = _additive(attn_mask, scores.dtype)
            scores = scores + (mask.reshape(scores.shape) if mask.ndim == 3 else mask)
        if key_padding_mask is not None:
            mask = _additive(key_padding_mask, scores.dtype)
            scores = scores + (mask[None] if unbatched else mask)[:, None, None]
        attention = jax.nn.softmax(scores, -1)
        if self.training and self.dropout > 0:
            attention = F.dropout(attention, self.dropout, key=layer_key(self))
        y = (attention @ v).swapaxes(1, 2)
        y = self.out_proj(y.reshape(*y.shape[:2], self.embed_dim))
        shown = None if not need_weights else attention.mean(1) if average_attn_weights else attention
        if unbatched:
            return y[0], None if shown is None else shown[0]
        return y if self.batch_first else y.swapaxes(0, 1), shown

    def _heads(self, x: jax.Array) -> jax.Array:
        """`(N, L, E)` as `(N, heads, L, E / heads)`."""
        return x.reshape(*x.shape[:2], self.num_heads, -1).swapaxes(1, 2)


def _additive(mask: Any, dtype: Any) -> jax.Array:
    m = as_array(mask)
    return jnp.where(m, -jnp.inf, 0).astype(dtype) if m.dtype == bool else m.astype(dtype)


class TransformerEncoderLayer(Module):
    """Self-attention and a two-layer network, each with a residual connection and layer normalisation.

    Args:
        d_model: features E.
        nhead: heads, a divisor of E.
        dim_feedforward: width of the network.
        dropout: after attention and in the network, in training.
        activation: `"relu"`, `"gelu"`, or a function of arrays.
        layer_norm_eps: ε of the normalisations.
        batch_first: inputs are `(N, L, E)` instead of `(L, N, E)`.
        norm_first: normalise before each part instead of after.
        bias: False leaves all biases out.
        device: where the parameters live.
        dtype: of the parameters.

    Example:
        >>> import jax.numpy as jnp
        >>> TransformerEncoderLayer(8, 2, 16, batch_first=True)(jnp.ones((2, 5, 8))).shape
        (2, 5, 8)

    Source:
        Vaswani et al., "Attention is all you need", NeurIPS 2017.
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Any = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__()
        names = {"relu": F.relu, "gelu": F.gelu}
        if isinstance(activation, str) and activation not in names:
            raise InputError(f"activation: expected 'relu', 'gelu' or a function, got {activation!r}")
        place: dict[str, Any] = {"device": device, "dtype": dtype}
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, **place)
        self.linear1 = Linear(d_model, dim_feedforward, bias, **place)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias, **place)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias, **place)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias, **place)
        self.dropout1, self.dropout2 = Dropout(dropout), Dropout(dropout)
        self.activation = names[activation] if isinstance(activation, str) else activation

    def forward(
        self, src: Any, src_mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool = False
    ) -> Any:
        """`src` and output `(L, N, E)` or `(N, L, E)`; masks as `MultiheadAttention`'s."""
        x = as_array(src)

        def attend(x):
            y, _ = self.self_attn(x, x, x, src_key_padding_mask, False, src_mask, is_causal=is_causal)
            return self.dropout1(y)

        def network(x):
            return self.dropout2(self.linear2(self.dropout(self.activation(self.linear1(x)))))

        if self.norm_first:
            x = x + attend(self.norm1(x))
            return x + network(self.norm2(x))
        x = self.norm1(x + attend(x))
        return self.norm2(x + network(x))


class TransformerEncoder(Module):
    """A stack of copies of an encoder layer, which start equal, as in PyTorch.

    Args:
        encoder_layer: the layer.
        num_layers: copies.
        norm: a module after the last one, or None.
        enable_nested_tensor: PyTorch's; arrays here are never nested.
        mask_check: PyTorch's.

    Example:
        >>> import jax.numpy as jnp
        >>> TransformerEncoder(TransformerEncoderLayer(8, 2, 16), 2)(jnp.ones((5, 2, 8))).shape
        (5, 2, 8)
    """

    def __init__(
        self,
        encoder_layer: Module,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ):
        super().__init__()
        self.layers = ModuleList(copy.deepcopy(encoder_layer) for _ in range(num_layers))
        self.num_layers = num_layers
        self.norm = norm

    def forward(
        self, src: Any, mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool = False
    ) -> Any:
        """`src` and output `(L, N, E)` or `(N, L, E)`; masks as `MultiheadAttention`'s."""
        for layer in self.layers:
            src = layer(src, mask, src_key_padding_mask, is_causal)
        return src if self.norm is None else self.norm(src)
