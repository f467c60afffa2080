"""Packed sequences and the recurrent layers over them, against PyTorch."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

import normax as nx
from normax import nn
from normax.nn.utils import rnn

T = torch.nn.utils.rnn
FALLING, MIXED = [5, 4, 4, 1], [2, 5, 1, 4]


class Packed(nn.Module):
    """A recurrent layer over padded rows and their lengths."""

    def __init__(self, layer, ordered):
        super().__init__()
        self.layer, self.ordered = layer, ordered

    def forward(self, x, lengths):
        packed = rnn.pack_padded_sequence(x, lengths, self.layer.batch_first, self.ordered)
        y, state = self.layer(packed)
        return rnn.pad_packed_sequence(y, self.layer.batch_first, -1.0, 6), state


@pytest.mark.parametrize(
    ("kind", "layers", "both", "first", "ordered"),
    [
        ("RNN", 1, False, False, True),
        ("RNN", 2, True, True, False),
        ("GRU", 1, True, False, False),
        ("GRU", 2, False, True, True),
        ("LSTM", 1, True, True, True),
        ("LSTM", 2, True, False, False),
    ],
)
def test_lengths_are_respected_as_by_pytorch(kind, layers, both, first, ordered):
    options = {"batch_first": first, "bidirectional": both} | ({"proj_size": 2} if kind == "LSTM" else {})
    theirs = getattr(torch.nn, kind)(3, 4, layers, **options)
    ours = getattr(nn, kind)(3, 4, layers, **options)
    ours.load_state_dict(theirs.state_dict())
    lengths = FALLING if ordered else MIXED
    x = np.random.default_rng(0).normal(size=(4, 6, 3) if first else (6, 4, 3)).astype("f4")
    packed, state = theirs(T.pack_padded_sequence(torch.tensor(x), lengths, first, ordered))
    y, n = T.pad_packed_sequence(packed, first, -1.0, 6)
    wanted = jax.tree.leaves(jax.tree.map(lambda a: a.detach().numpy(), (y, n, state)))
    net = Packed(ours, ordered)
    for got in (net(x, lengths), nx.jit(net)(x, np.array(lengths, "i4"))):
        for a, b in zip(jax.tree.leaves(got), wanted, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_what_stands_past_an_end_has_no_gradient():
    net = Packed(nn.GRU(3, 4, bidirectional=True), False)
    x = jnp.ones((6, 4, 3))
    gradient = jax.grad(lambda x: nx.functional_call(net, {}, x, MIXED)[0][0].sum())(x)
    past = np.arange(6)[:, None] >= np.array(MIXED)
    assert not np.asarray(gradient)[past].any()
    assert np.asarray(gradient)[~past].any(-1).all()


@pytest.mark.parametrize("lengths", [FALLING, MIXED])
def test_fields_are_pytorchs(lengths):
    x = np.random.default_rng(0).normal(size=(5, 4, 2)).astype("f4")
    theirs = T.pack_padded_sequence(torch.tensor(x), lengths, enforce_sorted=lengths is FALLING)
    ours = rnn.pack_padded_sequence(x, lengths, enforce_sorted=lengths is FALLING)
    for a, b in zip(ours, theirs, strict=True):
        assert (a is None) == (b is None)
        assert a is None or np.array_equal(a, b.numpy())
    for again in (rnn.PackedSequence(*ours), ours._replace(data=ours.data)):
        np.testing.assert_array_equal(again.padded, ours.padded)
        np.testing.assert_array_equal(again.lengths, ours.lengths)


def test_sequences_are_packed_and_unpacked():
    parts = [np.arange(n, dtype="f4") for n in (3, 1, 2)]
    packed = rnn.pack_sequence(parts, enforce_sorted=False)
    for a, b in zip(rnn.unpack_sequence(packed), parts, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(packed.data, T.pack_sequence([*map(torch.tensor, parts)], False).data)


def test_lengths_that_do_not_fit_are_refused_or_give_nan():
    x = np.ones((5, 2, 3), "f4")
    for lengths, words in (
        ([5, 0], "from 1 to 5"),
        ([6, 1], "from 1 to 5"),
        ([1, 5], "enforce_sorted=False"),
    ):
        with pytest.raises(nx.InputError, match=words):
            rnn.pack_padded_sequence(x, lengths)
    with pytest.raises(nx.InputError, match="2 integers"):
        rnn.pack_padded_sequence(x, [5])
    with pytest.raises(nx.InputError, match="at least 5"):
        rnn.pad_packed_sequence(rnn.pack_padded_sequence(x, [5, 2]), total_length=4)
    net = nx.jit(Packed(nn.GRU(3, 2), True))
    (y, _), h = net(x, np.array([5, 6], "i4"))
    assert np.isfinite(h[0, 0]).all()
    assert np.isnan(h[0, 1]).all()
    with pytest.raises(nx.InputError, match=r"packed\.padded"):
        jax.jit(lambda n: rnn.pack_padded_sequence(x, n).data)(jnp.array([5, 2]))


def test_weights_are_listed_and_modes_named_as_in_pytorch():
    for kind, layers, both in itertools.product(("RNN", "LSTM", "GRU"), (1, 2), (False, True)):
        theirs = getattr(torch.nn, kind)(3, 4, layers, bidirectional=both)
        ours = getattr(nn, kind)(3, 4, layers, bidirectional=both)
        assert ours.mode == theirs.mode
        shapes = [[[tuple(w.shape) for w in group] for group in rnn.all_weights] for rnn in (ours, theirs)]
        assert shapes[0] == shapes[1]
        assert ours.flatten_parameters() is None
    assert isinstance(nn.LSTM(1, 1), nn.RNNBase)
    assert repr(nn.RNNBase("GRU", 3, 4)) == repr(torch.nn.RNNBase("GRU", 3, 4))
    with pytest.raises(nx.InputError, match="did you mean 'LSTM'"):
        nn.RNNBase("LSMT", 3, 4)
