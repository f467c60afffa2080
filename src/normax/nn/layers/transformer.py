"""The transformer: encoder, decoder, and both."""

from __future__ import annotations

import copy
from typing import Any

import jax
import jax.numpy as jnp

from normax.errors import InputError
from normax.nn import functional as F
from normax.nn import init
from normax.nn.device import device as find_device
from normax.nn.functional._common import as_array
from normax.nn.layers.attention import MultiheadAttention
from normax.nn.layers.containers import ModuleList
from normax.nn.layers.dropout import Dropout
from normax.nn.layers.linear import Linear
from normax.nn.layers.normalization import LayerNorm
from normax.nn.module import Module

__all__ = [
    "Transformer",
    "TransformerDecoder",
    "TransformerDecoderLayer",
    "TransformerEncoder",
    "TransformerEncoderLayer",
]


def _activation(given: Any) -> Any:
    """A function of arrays: itself, by its name, or the counterpart of PyTorch's function or module."""
    names = {"relu": F.relu, "gelu": F.gelu}
    if isinstance(given, str):
        if given not in names:
            raise InputError(f"activation: expected 'relu', 'gelu' or a function, got {given!r}")
        return names[given]
    kind = type(given)
    if kind.__module__.startswith("torch.nn.modules"):
        raise InputError(
            f"activation: expected a function of arrays, got torch.nn.{kind.__name__}(); write nn.{kind.__name__}()"
        )
    theirs = (getattr(given, "__module__", None) or "torch").startswith("torch")
    return getattr(F, given.__name__, given) if theirs and hasattr(given, "__name__") else given


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
        place: dict[str, Any] = {"device": device, "dtype": dtype}
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, **place)
        self.linear1 = Linear(d_model, dim_feedforward, bias, **place)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias, **place)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias, **place)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias, **place)
        self.dropout1, self.dropout2 = Dropout(dropout), Dropout(dropout)
        self.activation = _activation(activation)

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
        self.enable_nested_tensor, self.mask_check = enable_nested_tensor, mask_check
        self.layers = ModuleList(copy.deepcopy(encoder_layer) for _ in range(num_layers))
        self.num_layers = num_layers
        self.norm = norm

    def forward(
        self, src: Any, mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool | None = None
    ) -> Any:
        """`src` and output `(L, N, E)` or `(N, L, E)`; masks as `MultiheadAttention`'s."""
        for layer in self.layers:
            src = layer(
                src,
                src_mask=mask,
                is_causal=bool(is_causal),
                src_key_padding_mask=src_key_padding_mask,
            )
        return src if self.norm is None else self.norm(src)


class TransformerDecoderLayer(Module):
    """Self-attention, attention to the encoder's output, and a two-layer network, each with a residual
    connection and layer normalisation.

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
        >>> TransformerDecoderLayer(8, 2, 16)(jnp.ones((5, 2, 8)), jnp.ones((7, 2, 8))).shape
        (5, 2, 8)

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
        place: dict[str, Any] = {"device": device, "dtype": dtype}
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, **place)
        self.multihead_attn = MultiheadAttention(
            d_model, nhead, dropout, bias, batch_first=batch_first, **place
        )
        self.linear1 = Linear(d_model, dim_feedforward, bias, **place)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias, **place)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias, **place)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias, **place)
        self.norm3 = LayerNorm(d_model, layer_norm_eps, bias=bias, **place)
        self.dropout1, self.dropout2, self.dropout3 = Dropout(dropout), Dropout(dropout), Dropout(dropout)
        self.activation = _activation(activation)

    def forward(
        self,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Any:
        """`tgt` and output `(L, N, E)`, `memory` `(S, N, E)`, or batch first; masks as `MultiheadAttention`'s."""
        x = as_array(tgt)

        def attend(x):
            y, _ = self.self_attn(x, x, x, tgt_key_padding_mask, False, tgt_mask, is_causal=tgt_is_causal)
            return self.dropout1(y)

        def look(x):
            y, _ = self.multihead_attn(
                *(x, memory, memory, memory_key_padding_mask, False, memory_mask), is_causal=memory_is_causal
            )
            return self.dropout2(y)

        def network(x):
            return self.dropout3(self.linear2(self.dropout(self.activation(self.linear1(x)))))

        if self.norm_first:
            x = x + attend(self.norm1(x))
            x = x + look(self.norm2(x))
            return x + network(self.norm3(x))
        x = self.norm1(x + attend(x))
        x = self.norm2(x + look(x))
        return self.norm3(x + network(x))


class TransformerDecoder(Module):
    """A stack of copies of a decoder layer, which start equal, as in PyTorch.

    Args:
        decoder_layer: the layer.
        num_layers: copies.
        norm: a module after the last one, or None.

    Example:
        >>> import jax.numpy as jnp
        >>> stack = TransformerDecoder(TransformerDecoderLayer(8, 2, 16), 2)
        >>> stack(jnp.ones((5, 2, 8)), jnp.ones((7, 2, 8))).shape
        (5, 2, 8)
    """

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None):
        super().__init__()
        self.layers = ModuleList(copy.deepcopy(decoder_layer) for _ in range(num_layers))
        self.num_layers = num_layers
        self.norm = norm

    def forward(
        self,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Any:
        """Arguments as the layer's; `tgt_is_causal` None leaves the mask to speak for itself."""
        for layer in self.layers:
            tgt = layer(
                tgt,
                memory,
                tgt_mask=tgt_mask,
                memory_mask=memory_mask,
                tgt_key_padding_mask=tgt_key_padding_mask,
                memory_key_padding_mask=memory_key_padding_mask,
                tgt_is_causal=bool(tgt_is_causal),
                memory_is_causal=memory_is_causal,
            )
        return tgt if self.norm is None else self.norm(tgt)


class Transformer(Module):
    """Encoder and decoder; every weight matrix starts from Xavier's uniform distribution.

    Args:
        d_model: features E.
        nhead: heads, a divisor of E.
        num_encoder_layers: layers of the encoder.
        num_decoder_layers: layers of the decoder.
        dim_feedforward: width of the networks.
        dropout: after attention and in the networks, in training.
        activation: `"relu"`, `"gelu"`, or a function of arrays.
        custom_encoder: a module in place of the encoder.
        custom_decoder: a module in place of the decoder.
        layer_norm_eps: ε of the normalisations.
        batch_first: inputs are `(N, L, E)` instead of `(L, N, E)`.
        norm_first: normalise before each part instead of after.
        bias: False leaves all biases out.
        device: where the parameters live.
        dtype: of the parameters.

    Raises:
        InputError: in a call, if sources and targets differ in batch or features.

    Example:
        >>> import jax.numpy as jnp
        >>> net = Transformer(8, 2, 1, 1, 16)
        >>> net(jnp.ones((7, 2, 8)), jnp.ones((5, 2, 8))).shape
        (5, 2, 8)

    Source:
        Vaswani et al., "Attention is all you need", NeurIPS 2017.
    """

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Any = F.relu,
        custom_encoder: Module | None = None,
        custom_decoder: Module | None = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__()
        place: dict[str, Any] = {"device": device, "dtype": dtype}
        rest = (
            d_model,
            nhead,
            dim_feedforward,
            dropout,
            activation,
            layer_norm_eps,
            batch_first,
            norm_first,
            bias,
        )

        def norm() -> LayerNorm:
            return LayerNorm(d_model, layer_norm_eps, bias=bias, **place)

        if custom_encoder is None:
            layer: Module = TransformerEncoderLayer(*rest, **place)
            custom_encoder = TransformerEncoder(layer, num_encoder_layers, norm())
        if custom_decoder is None:
            layer = TransformerDecoderLayer(*rest, **place)
            custom_decoder = TransformerDecoder(layer, num_decoder_layers, norm())
        self.encoder, self.decoder = custom_encoder, custom_decoder
        self.d_model, self.nhead, self.batch_first = d_model, nhead, batch_first
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        for parameter in self.parameters():
            if parameter.ndim > 1:
                init.xavier_uniform_(parameter)

    def forward(
        self,
        src: Any,
        tgt: Any,
        src_mask: Any = None,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        src_key_padding_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Any:
        """`src` `(S, N, E)`, `tgt` and output `(L, N, E)`, or batch first; masks as `MultiheadAttention`'s."""
        x, y = as_array(src), as_array(tgt)
        batch = 0 if self.batch_first else 1
        if x.ndim not in (2, 3) or x.ndim != y.ndim or (x.ndim == 3 and x.shape[batch] != y.shape[batch]):
            raise InputError(
                f"expected src and tgt, both 2D or both 3D, of one batch, got {x.shape} and {y.shape}"
            )
        if not x.shape[-1] == y.shape[-1] == self.d_model:
            raise InputError(
                f"expected src and tgt with {self.d_model} features, got {x.shape} and {y.shape}"
            )
        memory = self.encoder(x, src_mask, src_key_padding_mask, bool(src_is_causal))
        return self.decoder(
            y,
            memory,
            tgt_mask=tgt_mask,
            memory_mask=memory_mask,
            tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask,
            tgt_is_causal=tgt_is_causal,
            memory_is_causal=memory_is_causal,
        )

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: Any = None, dtype: Any = None) -> jax.Array:
        """`(sz, sz)`: −∞ above the diagonal, 0 elsewhere, for `tgt_mask`.

        Example:
            >>> Transformer.generate_square_subsequent_mask(2).tolist()
            [[0.0, -inf], [0.0, 0.0]]
        """
        mask = jnp.triu(jnp.full((sz, sz), -jnp.inf, dtype), 1)
        return mask if device is None else jax.device_put(mask, find_device(device))
