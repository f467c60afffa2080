"""Attention and the transformer against PyTorch."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from torch_cases import case, cases

import normax as nx
from normax import nn
from normax.errors import InputError
from normax.nn import functional as F

CAUSAL = np.triu(np.ones((5, 5), bool), 1)
HIDDEN = np.array([[False] * 5, [False, False, True, True, True]])
ADDED = np.random.default_rng(0).standard_normal((4, 5, 4))
QKV = [(5, 2, 8), (4, 2, 8), (4, 2, 8)]


# PyTorch says why its fast path does not take this encoder.
@pytest.mark.filterwarnings("ignore:enable_nested_tensor")
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
    case("MultiheadAttention", 8, 2, kdim=6, vdim=5, inputs=[(5, 2, 8), (4, 2, 6), (4, 2, 5)]),
    case(
        "MultiheadAttention",
        *(8, 2),
        add_bias_kv=True,
        add_zero_attn=True,
        bias=False,
        inputs=[(5, 2, 8)] * 3,
        call_kwargs={
            "key_padding_mask": HIDDEN,
            "attn_mask": CAUSAL,
            "need_weights": False,
            "is_causal": True,
        },
    ),
    case(
        "MultiheadAttention",
        *(8, 2),
        add_zero_attn=True,
        kdim=6,
        batch_first=True,
        inputs=[(2, 5, 8), (2, 4, 6), (2, 4, 8)],
        call_kwargs={"attn_mask": ADDED},
    ),
    case(
        "TransformerDecoderLayer",
        *(8, 2, 16, 0.0),
        inputs=[(5, 2, 8), (4, 2, 8)],
        call_kwargs={"tgt_mask": CAUSAL, "tgt_is_causal": True, "memory_key_padding_mask": HIDDEN[:, :4]},
    ),
    case(
        "TransformerDecoderLayer",
        *(8, 2, 16, 0.0, "gelu"),
        batch_first=True,
        norm_first=True,
        bias=False,
        inputs=[(2, 5, 8), (2, 4, 8)],
    ),
    case("Transformer", 8, 2, 1, 1, 16, 0.0, inputs=[(4, 2, 8), (5, 2, 8)], call_kwargs={"tgt_mask": CAUSAL}),
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


QUERY, KEY = (2, 4, 5, 8), (2, 2, 6, 8)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"is_causal": True, "scale": 0.3},
        {"attn_mask": np.random.default_rng(0).random((2, 1, 5, 6)) < 0.3},
        {"attn_mask": np.random.default_rng(0).standard_normal((5, 6)).astype("f4")},
        {"attn_mask": np.zeros((5, 6), bool)},
    ],
)
def test_scaled_dot_product_attention_like_torch(options):
    rng = np.random.default_rng(1)
    q, k, v = (rng.standard_normal(s).astype("f4") for s in (QUERY, KEY, KEY))
    tensors = [torch.tensor(a, requires_grad=True) for a in (q, k, v)]
    theirs = {n: torch.tensor(o) if isinstance(o, np.ndarray) else o for n, o in options.items()}
    wanted = torch.nn.functional.scaled_dot_product_attention(*tensors, enable_gqa=True, **theirs)
    (wanted**2).sum().backward()

    def squared(q, k, v):
        y = F.scaled_dot_product_attention(q, k, v, enable_gqa=True, **options)
        return jnp.sum(y**2), y

    grads, y = jax.jit(jax.grad(squared, (0, 1, 2), has_aux=True))(q, k, v)
    np.testing.assert_allclose(y, wanted.detach(), rtol=1e-4, atol=1e-5)
    for a, b in zip(grads, tensors):
        np.testing.assert_allclose(a, b.grad, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", [bool, float])
def test_a_query_that_may_attend_to_nothing_gets_zero_with_and_without_weights(kind):
    net = nn.MultiheadAttention(8, 2, batch_first=True)
    rng = np.random.default_rng(0)
    q, k = rng.normal(size=(2, 3, 8)).astype("f4"), rng.normal(size=(2, 4, 8)).astype("f4")
    mask = np.zeros((3, 4), bool)
    mask[0] = True
    mask = mask if kind is bool else np.where(mask, -np.inf, 0).astype("f4")
    theirs = torch.nn.MultiheadAttention(8, 2, batch_first=True)
    theirs.load_state_dict({name: torch.tensor(np.asarray(p)) for name, p in net.state_dict().items()})
    y, _ = theirs(*map(torch.tensor, (q, k, k)), attn_mask=torch.tensor(mask), need_weights=False)
    for need in (True, False):
        got, weights = net(q, k, k, attn_mask=mask, need_weights=need)
        np.testing.assert_allclose(got, y.detach(), rtol=1e-4, atol=1e-5)
        assert weights is None or not np.asarray(weights)[:, 0].any()

        def loss(net, q, need=need):
            return (net(q, k, k, attn_mask=mask, need_weights=need)[0] ** 2).sum()

        _, gradients = nx.value_and_grad(net, loss)(q)
        assert all(np.isfinite(g).all() for g in gradients.values())


def test_a_sequence_of_padding_alone_leaves_the_others_alone():
    net = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    x = np.random.default_rng(0).normal(size=(2, 4, 8)).astype("f4")
    hidden = np.array([[True] * 4, [False, False, True, True]])

    def loss_fn(net, x):
        return (net(x, src_key_padding_mask=hidden)[1, :2] ** 2).sum()

    loss, gradients = nx.value_and_grad(net, loss_fn)(x)
    assert np.isfinite(loss)
    assert all(np.isfinite(g).all() for g in gradients.values())


@pytest.mark.parametrize("kind", [bool, "f4"])
def test_masks_merge_like_torch(kind):
    ours, theirs = (m.MultiheadAttention(4, 2, batch_first=True) for m in (nn, torch.nn))
    random = np.random.default_rng(0)
    x, hidden = np.zeros((3, 5, 4), "f4"), random.integers(0, 2, (3, 5)).astype(kind)
    masks = [random.integers(0, 2, shape).astype(kind) for shape in ((5, 5), (6, 5, 5))]
    for pair in [(None, None), (None, hidden), *((m, h) for m in masks for h in (None, hidden))]:
        merged, code = ours.merge_masks(*pair, x)
        wanted, wanted_code = theirs.merge_masks(
            *(None if m is None else torch.tensor(m) for m in pair), torch.tensor(x)
        )
        assert code == wanted_code
        assert (merged is None) == (wanted is None)
        if merged is not None:
            np.testing.assert_array_equal(merged, wanted)
