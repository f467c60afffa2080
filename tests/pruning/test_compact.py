"""compact: the same outputs from smaller weights, whatever the forward looks like."""

import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import normax as nx
from normax import nn
from normax.penalties import L2SP, Blocks, GroupLasso

RNG = np.random.default_rng(0)


def zero(cell, index):
    value = np.array(cell)
    value[index] = 0
    cell.value = value


def compacted(net, x, quiet=True):
    """The compacted network, its outputs compared on inputs that `compact` has not seen."""
    before = {name: np.asarray(cell.value) for name, cell in net.named_parameters()}
    with warnings.catch_warnings():
        warnings.simplefilter("error" if quiet else "ignore", nx.Notice)
        small = nx.compact(net, x)
    net.eval()
    small.eval()
    fresh = RNG.normal(size=np.shape(x)).astype("f4")
    np.testing.assert_allclose(nx.jit(small)(fresh), nx.jit(net)(fresh), atol=1e-5)
    for name, cell in net.named_parameters():
        np.testing.assert_array_equal(cell, before[name])
    return small


def test_dead_neurons_go_and_constants_are_folded():
    net = nn.Sequential(
        nn.Linear(6, 12), nn.BatchNorm1d(12), nn.Sigmoid(), nn.Dropout(0.5), nn.Linear(12, 8, bias=False),
        nn.ReLU(), nn.Linear(8, 3),
    )  # fmt: skip
    net[1].running_mean.value = jnp.asarray(RNG.normal(size=12), jnp.float32)
    net[1].bias.value = jnp.asarray(RNG.normal(size=12), jnp.float32)
    zero(net[0].weight, np.s_[5:7])  # the same for every input: sigmoid(β − γμ/σ), not 0
    zero(net[1].weight, np.s_[8])  # likewise
    zero(net[4].weight, np.s_[:, 9])  # feeds nothing
    zero(net[6].weight, np.s_[:, 4:])
    zero(net[4].weight, np.s_[:4, 0])  # feeds only units that feed nothing
    small = compacted(net, np.ones((4, 6), "f4"))
    assert [tuple(small[i].weight.shape) for i in (0, 1, 4, 6)] == [(7, 6), (7,), (4, 7), (3, 4)]
    assert small[0].out_features == small[1].num_features == small[4].in_features == 7
    assert small[1].running_var.shape == (7,)
    assert small[4].bias is not None  # made to take up the constants
    report = small.compaction
    assert report.parameters == (
        sum(p.size for p in net.parameters()),
        sum(p.size for p in small.parameters()),
    )
    assert report.multiply_adds == (4 * (72 + 96 + 24), 4 * (42 + 28 + 12))
    assert {r.name for r in report.resized} >= {"0.weight", "1.running_mean", "6.weight"}
    assert not report.kept
    assert "4.5%" not in str(report)
    assert "multiply-adds" in str(report)
    assert small.training == net.training


class Residual(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.inner = nn.Conv2d(width, 5, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(5)
        self.outer = nn.Conv2d(5, width, 1)

    def forward(self, x):
        return nn.functional.relu(x + self.outer(nn.functional.relu(self.norm(self.inner(x)))))


@pytest.mark.slow
def test_channels_go_through_residual_sums_pools_depthwise_and_flattened():
    net = nn.Sequential(
        nn.Conv2d(1, 6, 3), Residual(6), nn.Conv2d(6, 6, 3, padding=1, groups=6), nn.MaxPool2d(2),
        nn.AvgPool2d(3), nn.Flatten(), nn.Linear(6, 4), nn.Tanh(), nn.Linear(4, 2),
    )  # fmt: skip
    zero(net[1].inner.weight, np.s_[:, 4:])  # residual channels 4 and 5: read nowhere
    zero(net[6].weight, np.s_[:, 4:])
    zero(net[1].inner.weight, np.s_[1])  # zero into a norm with β = 0, then ReLU: 0
    zero(net[1].outer.weight, np.s_[:, 3])
    small = compacted(net, np.ones((2, 1, 8, 8), "f4"))
    assert [tuple(c.weight.shape[:2]) for c in (small[0], small[1].inner, small[1].outer, small[2])] == [
        (4, 1), (3, 4), (4, 3), (4, 1),
    ]  # fmt: skip
    assert small[2].groups == 4
    assert small[6].weight.shape == (4, 4)


def test_a_whole_flattened_map_goes_or_none_of_it():
    net = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(12, 2))
    zero(net[3].weight, np.s_[:, 4:8])  # channel 1
    zero(net[3].weight, np.s_[:, 9:])  # most of channel 2
    small = compacted(net, np.ones((1, 1, 4, 4), "f4"))
    assert small[3].in_features == 8
    assert any("3 zero slices along 3.weight[1]" in line for line in small.compaction.kept)


def test_a_channel_that_is_constant_before_padding_stays():
    """Zeros beside the image make its contribution differ at the border."""
    net = nn.Sequential(nn.Conv2d(1, 3, 1), nn.ReLU(), nn.Conv2d(3, 2, 3, padding=1))
    zero(net[0].weight, np.s_[0])
    net[0].bias.value = jnp.asarray([1.0, 0.2, 0.3])
    assert compacted(net, np.ones((1, 1, 5, 5), "f4"), quiet=False)[0].out_channels == 3
    net[2].padding = (0, 0)
    assert compacted(net, np.ones((1, 1, 5, 5), "f4"))[0].out_channels == 2


class ByHand(nn.Module):
    """Raw parameters, a tied weight, two branches that meet in a concatenation, and a gate."""

    def __init__(self):
        super().__init__()
        self.a = nn.Parameter(jnp.asarray(RNG.normal(size=(4, 6)), jnp.float32))
        self.gate = nn.Parameter(jnp.ones(6))
        self.tied = nn.Linear(6, 6, bias=False)
        self.out = nn.Linear(12, 2)

    def forward(self, x):
        h = jax.nn.gelu(x @ self.a.value) * self.gate
        return self.out(jnp.concatenate([h, jnp.tanh(self.tied(self.tied(h)))], axis=1))


def test_a_forward_written_by_hand():
    net = ByHand()
    zero(net.gate, np.s_[[1, 4]])
    zero(net.tied.weight, np.s_[[1, 4]])
    zero(net.out.weight, np.s_[:, 8])
    zero(net.tied.weight, np.s_[2])
    small = compacted(net, np.ones((3, 4), "f4"))
    # Unit 2 lives in h, so that it stays in the tied weight; 1 and 4 are gone from everywhere.
    assert [tuple(c.shape) for c in (small.a, small.gate, small.tied.weight, small.out.weight)] == [
        (4, 4), (4,), (4, 4), (2, 8),
    ]  # fmt: skip


class Gated(nn.Module):
    """One layer's outputs in two halves, one of which opens the other."""

    def __init__(self):
        super().__init__()
        self.both, self.out = nn.Linear(4, 12), nn.Linear(6, 2)

    def forward(self, x):
        value, gate = jnp.split(self.both(x), 2, axis=1)
        return self.out(value * jax.nn.sigmoid(gate))


def test_halves_that_meet_again_go_together():
    net = Gated()
    zero(net.out.weight, np.s_[:, :2])
    small = compacted(net, np.ones((3, 4), "f4"))
    np.testing.assert_array_equal(
        small.both.weight, net.both.weight.value[np.array([2, 3, 4, 5, 8, 9, 10, 11])]
    )


class Attends(nn.Module):
    """Attention of a sequence to itself, its weights left unused, or returned where they are asked for."""

    def __init__(self, shown=False, **options):
        super().__init__()
        self.shown, self.attention = shown, nn.MultiheadAttention(12, 4, batch_first=True, **options)
        for cell in self.attention.parameters():
            cell.value = jnp.asarray(RNG.normal(size=cell.shape), jnp.float32)

    def forward(self, x):
        y, weights = self.attention(x, x[..., : self.attention.kdim], x[..., : self.attention.vdim])
        return (y, weights) if self.shown else y


@pytest.mark.parametrize(
    "options", [{}, {"kdim": 5, "vdim": 7}, {"add_bias_kv": True, "add_zero_attn": True}]
)
def test_whole_heads_go(options):
    net, x = Attends(**options), np.ones((2, 5, 12), "f4")
    heads = GroupLasso(0.1, Blocks("in", 4))
    nx.penalize(net, {"attention.out_proj.weight": heads})
    zero(net.attention.out_proj.weight, np.s_[:, 3:6])  # nothing reads the second head
    zero(net.attention.out_proj.weight, np.s_[:, :2])  # nor most of the first: it stays
    if not options:
        nx.penalize(net, {"attention.in_proj_weight": GroupLasso(0.1, Blocks("out", 4, parts=3))})
        zero(net.attention.in_proj_weight, np.s_[33:])  # the values of the last head are its bias
        zero(net.attention.in_proj_bias, np.s_[33:])
    small = compacted(net, x).attention
    left = 2 if not options else 3
    assert (small.num_heads, small.head_dim, small.embed_dim) == (left, 3, 12)
    assert small.out_proj.weight.shape == (12, 3 * left)
    assert small.out_proj.in_features == 3 * left
    assert small.out_proj.weight.penalty == GroupLasso(0.1, Blocks("in", left))
    if not options:
        assert small.in_proj_weight.shape == (18, 12)
        assert small.in_proj_bias.shape == (18,)
        assert small.in_proj_weight.penalty.groups == Blocks("out", 2, parts=3)
        rows = np.r_[0:3, 6:9]
        np.testing.assert_array_equal(
            small.in_proj_weight, net.attention.in_proj_weight.value[np.r_[rows, rows + 12, rows + 24]]
        )


@pytest.mark.slow
def test_heads_in_a_transformer_and_in_multiples():
    net, x = nn.TransformerEncoderLayer(16, 4, 8, batch_first=True), np.ones((2, 3, 16), "f4")
    zero(net.self_attn.out_proj.weight, np.s_[:, :12])
    zero(net.linear2.weight, np.s_[:, 3:])
    small = compacted(net, x)
    assert small.self_attn.num_heads == 1
    assert small.linear1.weight.shape == (3, 16)
    # Two heads of 4 make a multiple of 8.
    assert nx.compact(net, x, multiple=8).self_attn.num_heads == 2


def test_heads_whose_weights_are_an_output_stay():
    net = Attends(shown=True)
    zero(net.attention.out_proj.weight, np.s_[:, 3:6])
    small = nx.compact(net, np.ones((2, 5, 12), "f4"))
    assert small.attention.num_heads == 4
    assert "attention.out_proj.weight[1]" in str(small.compaction)


def test_groups_of_channels_stay_and_it_is_said():
    groups = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3, groups=2), nn.Conv2d(8, 2, 1))
    zero(groups[3].weight, np.s_[:, :4])
    with pytest.warns(nx.Notice, match="stay"):
        small = nx.compact(groups, np.ones((1, 1, 6, 6), "f4"))
    assert small[2].weight.shape == groups[2].weight.shape
    assert "2.weight[0]" in str(small.compaction)


class Mixing(nn.Module):
    """Sizes written into the code, a mean over units, a sort."""

    def __init__(self, kind):
        super().__init__()
        self.kind, self.one, self.two = kind, nn.Linear(4, 6), nn.Linear(6, 2)
        self.norm = nn.LayerNorm(6)

    def forward(self, x):
        h = self.one(x)
        if self.kind == "size":
            return self.two(h.reshape(-1, 6))
        if self.kind == "norm":
            return self.two(self.norm(h))
        if self.kind == "sort":
            return self.two(jnp.sort(h))
        return self.two(h) * jnp.mean(jax.nn.relu(h), axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("kind", "why"),
    [("size", "expects its size"), ("mean", "an output changes"), ("norm", ""), ("sort", "`sort` mixes")],
)
def test_what_cannot_go_stays_and_is_told(kind, why):
    net = Mixing(kind)
    zero(net.one.weight, np.s_[:2])
    zero(net.one.bias, np.s_[:2])
    if kind != "mean":
        zero(net.two.weight, np.s_[:, :2])
    x = np.ones((3, 4), "f4")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        small = nx.compact(net, x)
    assert small.one.out_features == 6
    np.testing.assert_array_equal(small(x), net(x))
    assert any(why in line for line in small.compaction.kept)
    assert bool(told) == bool(why)
    assert len(set(small.compaction.kept)) == len(small.compaction.kept)


class Sequence(nn.Module):
    """An embedding, a rematerialised block, a recurrent layer."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(5, 6)
        self.block = nn.Sequential(nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 7))
        self.memory = nn.GRU(7, 3, batch_first=True)

    def forward(self, tokens):
        return self.memory(nx.remat(self.block)(self.embedding(tokens)))[0]


def test_embedded_sequences():
    net, tokens = Sequence(), np.array([[0, 1, 4]])
    zero(net.block[0].weight, np.s_[:, 2:])
    zero(net.block[2].weight, np.s_[:, 3])
    zero(net.memory.weight_ih_l0, np.s_[:, 5:])
    small = nx.compact(net, tokens)
    assert (small.embedding.embedding_dim, small.block[0].out_features, small.memory.input_size) == (2, 3, 5)
    np.testing.assert_allclose(small(np.array([[3, 2]])), net(np.array([[3, 2]])), atol=1e-6)


def test_a_layer_is_never_emptied_and_inputs_and_outputs_stay():
    net = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 2))
    zero(net[0].weight, np.s_[:])
    zero(net[2].weight, np.s_[:])
    small = nx.compact(net)
    assert (small[0].weight.shape, small[2].weight.shape) == ((1, 3), (2, 1))
    assert any("input" in line for line in small.compaction.kept)
    np.testing.assert_allclose(small(np.ones((1, 3), "f4")), net(np.ones((1, 3), "f4")), atol=1e-6)


@pytest.mark.slow
def test_as_many_units_stay_as_make_a_multiple():
    net = nn.Sequential(nn.Conv2d(1, 9, 3), nn.ReLU(), nn.Conv2d(9, 10, 3), nn.Flatten(), nn.Linear(40, 2))
    zero(net[2].weight, np.s_[:, 5:])
    zero(net[4].weight, np.s_[:, 8:])
    x = np.ones((1, 1, 6, 6), "f4")
    small = nx.compact(net, x, multiple=4)
    assert [tuple(small[i].weight.shape[:2]) for i in (0, 2, 4)] == [(8, 1), (4, 8), (2, 16)]
    np.testing.assert_allclose(small(x), net(x), atol=1e-6)
    assert "3 zero slices along 2.weight[1]: left, so that the axis" in str(small.compaction)
    assert nx.compact(net, x, multiple=16)[2].weight.shape == (10, 9, 3, 3)


def test_penalties_and_frozen_parameters_are_kept():
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    nx.penalize(net, {"0.weight": L2SP(0.1), "2.weight": GroupLasso(0.2, Blocks("in", 4))})
    net[0].bias.requires_grad_(False)
    zero(net[2].weight, np.s_[:, 1])
    small = nx.compact(net, jax.ShapeDtypeStruct((1, 3), jnp.float32))
    assert small[2].weight.penalty == GroupLasso(0.2, Blocks("in", 3))
    assert not small[0].bias.requires_grad
    assert float(nx.penalty(small)) == pytest.approx(float(nx.penalty(net)), rel=1e-5)


def test_what_cannot_be_compacted_is_refused():
    with pytest.raises(nx.InputError, match="expected a normax Module"):
        nx.compact(lambda x: x)
    with pytest.raises(nx.InputError, match="multiple: expected a whole number >= 1, got 0"):
        nx.compact(nn.Linear(1, 1), multiple=0)
    with pytest.raises(nx.InputError, match=r"nx.compact\(net, x\)"):
        nx.compact(nn.Sequential(nn.Conv2d(1, 2, 3)))
