"""Attention and the transformer's encoder against PyTorch."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from torch_cases import case, cases

from normax import nn
from normax.errors import InputError

CAUSAL = np.triu(np.ones((5, 5), bool), 1)
HIDDEN = np.array([[False] * 5, [False, False, True, True, True]])
QKV = [(5, 2, 8), (4, 2, 8), (4, 2, 8)]


@cases(
    case("MultiheadAttention", 8, 2, inputs=QKV),
    case("MultiheadAttention", 8, 4, bias=False, inputs=[(5, 8), (4, 8), (4, 8)]),
    case(
        "MultiheadAttention",
        8,
        2,
        batch_first=True,
        inputs=[(2, 5, 8)] * 3,
        call_kwargs={"attn_mask": CAUSAL},
    ),
    case(
        "MultiheadAttention",
        *(8, 2),
        inputs=[(5, 2, 8)] * 3,
        call_kwargs={"key_padding_mask": HIDDEN, "average_attn_weights": False},
    ),
    case("TransformerEncoderLayer", 8, 2, 16, 0.0, inputs=(5, 2, 8)),
    case(
        "TransformerEncoderLayer",
        *(8, 2, 16, 0.0),
        activation="gelu",
        batch_first=True,
        norm_first=True,
        inputs=(2, 5, 8),
        call_kwargs={"src_mask": CAUSAL},
    ),
    case("TransformerEncoderLayer", 8, 2, 16, 0.0, bias=False, inputs=(5, 2, 8)),
)
def test_like_torch(case, compare):
    compare(case)


def test_a_stack_of_layers_like_torch():
    with jax.enable_x64(True):
        ours = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, 0.0), 2, nn.LayerNorm(8))
        theirs = torch.nn.TransformerEncoder(
            torch.nn.TransformerEncoderLayer(8, 2, 16, 0.0),
            2,
            torch.nn.LayerNorm(8),
            enable_nested_tensor=False,
        ).double()
        assert repr(ours) == repr(theirs)
        ours.load_state_dict(theirs.state_dict())
        x = np.random.default_rng(0).standard_normal((5, 2, 8))
        y = theirs(torch.tensor(x), src_key_padding_mask=torch.tensor(HIDDEN)).detach().numpy()
        np.testing.assert_allclose(ours(x, src_key_padding_mask=HIDDEN), y, rtol=1e-10, atol=1e-12)


def test_dropout_of_attention_is_for_training():
    layer, x = nn.MultiheadAttention(8, 2, dropout=0.5), jnp.ones((5, 2, 8))
    _, weights = layer(x, x, x, average_attn_weights=False)
    assert bool((weights == 0).any())
    assert not bool((layer.eval()(x, x, x)[1] == 0).any())


def test_refused():
    with pytest.raises(InputError, match="num_heads: expected a divisor of embed_dim=8, got 3"):
        nn.MultiheadAttention(8, 3)
    layer, x = nn.MultiheadAttention(8, 2), jnp.ones((5, 2, 8))
    with pytest.raises(InputError, match="with 8 features"):
        layer(x[..., :4], x, x)
    with pytest.raises(InputError, match="the mask itself"):
        layer(x, x, x, is_causal=True)
