"""Recurrent layers and embeddings against PyTorch."""

import jax.numpy as jnp
import numpy as np
import optax
import pytest
import torch
from torch_cases import case, cases

import normax as nx
from normax import nn
from normax.errors import InputError

INDEX = np.array([[0, 2, 4], [2, 1, 2]])
FLAT, OFFSETS = np.array([0, 2, 2, 4, 1, 3, 0]), np.array([0, 1, 4, 4, 6])  # one bag is empty


# PyTorch says that it has no fast path for projections.
@pytest.mark.filterwarnings("ignore:LSTM with projections")
@cases(
    case("RNN", 3, 4, inputs=(5, 2, 3)),
    case("RNN", 3, 4, 2, "relu", bidirectional=True, inputs=(5, 2, 3)),
    case("LSTM", 3, 4, inputs=(5, 3)),
    case("LSTM", 3, 4, 2, batch_first=True, bidirectional=True, inputs=(2, 5, 3)),
    case("LSTM", 3, 4, bias=False, proj_size=2, inputs=[(5, 2, 3), ((1, 2, 2), (1, 2, 4))]),
    case("GRU", 3, 4, 2, inputs=[(5, 2, 3), (2, 2, 4)]),
    case("GRU", 3, 4, bias=False, bidirectional=True, inputs=(5, 2, 3)),
    case("GRU", 3, 4, 2, dropout=0.5, inputs=(5, 2, 3), modes=(False,)),
    case("RNNCell", 3, 4, inputs=(2, 3)),
    case("RNNCell", 3, 4, nonlinearity="relu", inputs=[(2, 3), (2, 4)]),
    case("LSTMCell", 3, 4, inputs=[(2, 3), ((2, 4), (2, 4))]),
    case("LSTMCell", 3, 4, bias=False, inputs=(3,)),
    case("GRUCell", 3, 4, inputs=[(2, 3), (2, 4)]),
    case("Embedding", 5, 3, inputs=INDEX),
    case("Embedding", 5, 3, padding_idx=-3, inputs=INDEX),
    case("Embedding", 5, 3, scale_grad_by_freq=True, inputs=INDEX),
    *(case("EmbeddingBag", 5, 3, mode=mode, inputs=INDEX) for mode in ("sum", "mean", "max")),
    *(
        case("EmbeddingBag", 5, 3, mode=mode, padding_idx=2, inputs=[FLAT, OFFSETS])
        for mode in ("sum", "mean", "max")
    ),
    case("EmbeddingBag", 5, 3, mode="sum", inputs=[FLAT, OFFSETS, (7,)]),
    case("EmbeddingBag", 5, 3, include_last_offset=True, inputs=[FLAT, np.array([0, 3, 7])]),
)
def test_like_torch(case, compare):
    compare(case)


def test_roles_and_frozen_tables():
    assert {n: p.role for n, p in nn.LSTM(2, 2).named_parameters()}["bias_hh_l0"] == "bias"
    assert not nn.Embedding.from_pretrained(jnp.ones((4, 2))).weight.requires_grad
    assert (nn.Embedding(4, 2, padding_idx=1).weight.value[1] == 0).all()


def test_refused():
    with pytest.raises(InputError, match="expected indices from 0 to 4, got 7"):
        nn.Embedding(5, 3)(jnp.array([1, 7]))
    with pytest.raises(InputError, match="expected integer indices"):
        nn.Embedding(5, 3)(jnp.ones(2))
    with pytest.raises(InputError, match="expected input of 3 features"):
        nn.GRU(3, 4)(jnp.ones((5, 2, 2)))
    with pytest.raises(InputError, match="hx: expected shapes"):
        nn.GRU(3, 4)(jnp.ones((5, 2, 3)), jnp.ones((1, 1, 4)))
    with pytest.raises(InputError, match="sparse"):
        nn.Embedding(5, 3, sparse=True)


@pytest.mark.parametrize("p", [2.0, 1.0])
def test_rows_that_are_read_are_scaled_in_the_table_as_in_pytorch(p):
    index = np.array([[1, 3, 1], [0, 3, 3]])
    for how in ("eager", "jit", "gradient", "bag"):
        if how == "bag":
            theirs, ours = (lib.EmbeddingBag(5, 3, max_norm=0.7, norm_type=p) for lib in (torch.nn, nn))
        else:
            theirs, ours = (lib.Embedding(5, 3, max_norm=0.7, norm_type=p) for lib in (torch.nn, nn))
        assert repr(ours) == repr(theirs)
        ours.load_state_dict(theirs.state_dict())
        wanted = theirs(torch.tensor(index))
        if how == "gradient":
            loss, gradients = nx.value_and_grad(ours, lambda net, i: (net(i) ** 2).sum())(index)
            (wanted**2).sum().backward()
            np.testing.assert_allclose(gradients["weight"], theirs.weight.grad, rtol=1e-5, atol=1e-6)
        else:
            got = (nx.jit(ours) if how == "jit" else ours)(index)
            np.testing.assert_allclose(got, wanted.detach(), rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(ours.weight.value, theirs.weight.detach(), rtol=1e-5, atol=1e-6)


def test_a_training_step_refuses_a_table_that_changes_while_it_is_read():
    net = nn.Embedding(5, 3, max_norm=0.7)
    step = nx.train_step(net, lambda net, i: (net(i) ** 2).sum(), optax.sgd(0.1))
    with pytest.raises(InputError, match=r"weight: Embedding\(max_norm.*MaxNorm\(1 / max_norm\)"):
        step(np.array([1, 2]))
