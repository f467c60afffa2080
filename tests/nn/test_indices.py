"""Indices and classes out of range: an error where they can be read, NaN in compiled calls, never another row."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import normax as nx
from normax import nn
from normax.errors import InputError
from normax.nn import functional as F

rng = np.random.default_rng(0)
SCORES = rng.normal(size=(4, 5)).astype("f4")
TABLE = rng.normal(size=(5, 2)).astype("f4")
LOGP = np.asarray(jax.nn.log_softmax(rng.normal(size=(6, 4, 5)).astype("f4")))
WEIGHT = np.array([0.5, 1, 2, 1, 3], "f4")
GOOD = np.array([0, 4, 2, 1])
BAD = (-1, -4, 5, 9)


def of_classes(function, **options):
    return lambda y: function(SCORES, y, reduction="none", **options)


ROWWISE = {
    "cross_entropy": of_classes(F.cross_entropy),
    "weighted": of_classes(F.cross_entropy, weight=WEIGHT),
    "smoothed": of_classes(F.cross_entropy, weight=WEIGHT, label_smoothing=0.2),
    "ignoring": of_classes(F.cross_entropy, ignore_index=2),
    "nll_loss": of_classes(F.nll_loss, weight=WEIGHT),
    "multi_margin_loss": of_classes(F.multi_margin_loss, weight=WEIGHT),
    "multilabel_margin_loss": lambda y: F.multilabel_margin_loss(
        SCORES, jnp.stack([y, jnp.full(4, 3), *[jnp.full(4, -1)] * 3], 1), reduction="none"
    ),
    "embedding": lambda y: F.embedding(y, TABLE),
    "embedding by frequency": lambda y: F.embedding(y, TABLE, scale_grad_by_freq=True, padding_idx=4),
    **{
        f"embedding_bag {mode}": lambda y, mode=mode: F.embedding_bag(
            jnp.stack([y, jnp.full(4, 3)], 1), TABLE, mode=mode
        )
        for mode in ("sum", "mean", "max")
    },
    "ctc_loss": lambda y: F.ctc_loss(
        LOGP, y[:, None], np.full(4, 6), np.full(4, 1), reduction="none", zero_infinity=True, blank=3
    ),
    "max_unpool1d": lambda y: F.max_unpool1d(jnp.ones((4, 1, 1)), y[:, None, None], 5),
}


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("name", ROWWISE)
def test_compiled_is_nan_at_the_row_alone(name, bad):
    function = ROWWISE[name]
    y = GOOD.copy()
    y[1] = bad
    if name == "multilabel_margin_loss" and bad == -1:
        return  # there it ends the list of right classes
    with pytest.raises(InputError, match=str(bad)):
        function(y)
    found, right = (np.asarray(jax.jit(function)(jnp.asarray(a))).reshape(4, -1) for a in (y, GOOD))
    assert np.isnan(found[1]).all()
    np.testing.assert_array_equal(np.delete(found, 1, 0), np.delete(right, 1, 0))


@pytest.mark.parametrize("bad", BAD)
def test_unknown_classes_of_one_hot_are_no_vector(bad):
    found = jax.jit(lambda y: F.one_hot(y, 5))(jnp.array([0, bad]))
    assert found[0].tolist() == [1, 0, 0, 0, 0]
    assert (found[1] == jnp.iinfo(found.dtype).min).all()


@pytest.mark.parametrize("bad", BAD)
def test_adaptive_softmax(bad):
    layer = nn.AdaptiveLogSoftmaxWithLoss(3, 5, [2], div_value=1.0)
    x, y = rng.normal(size=(4, 3)).astype("f4"), np.array([0, bad, 4, 2])
    output = nx.jit(layer)(x, y).output
    assert np.isnan(output).tolist() == [False, True, False, False]


def test_ignored_targets_may_be_anything():
    y = np.array([0, -7, 2, 1])
    found = jax.jit(lambda y: F.cross_entropy(SCORES, y, ignore_index=-7))(y)
    np.testing.assert_allclose(found, F.cross_entropy(SCORES[[0, 2, 3]], y[[0, 2, 3]]), rtol=1e-6)


def test_gradients_of_the_other_rows_stand():
    y = np.array([0, -1, 2, 1])

    def gradient(y, rows=slice(None)):
        return jax.jit(jax.grad(lambda x: F.cross_entropy(x[rows], y[rows], reduction="sum")))(SCORES)

    found = gradient(y)
    np.testing.assert_allclose(np.delete(found, 1, 0), np.delete(gradient(GOOD), 1, 0), rtol=1e-6)
    assert not np.any(found[1])
    pick = jax.jit(jax.grad(lambda t: F.embedding(jnp.array([1, -1, 7]), t, scale_grad_by_freq=True).sum()))
    assert pick(TABLE).tolist() == [[0, 0], [1, 1], [0, 0], [0, 0], [0, 0]]


@pytest.mark.parametrize("offsets", [[1, 2], [0, 9], [0, 3, 1]])
def test_offsets_that_do_not_rise(offsets):
    table, offsets = jnp.asarray(TABLE), jnp.array(offsets)
    bags = jax.jit(lambda at: F.embedding_bag(jnp.arange(4), table, at, mode="sum"))
    assert np.isnan(bags(offsets)).all()
    assert not np.isnan(bags(offsets * 0)).any()


@pytest.mark.parametrize(("lengths", "counts"), [((7, 6), (1, 1)), ((6, 6), (2, 1)), ((6, 6), (1, -1))])
def test_lengths_beyond_the_array(lengths, counts):
    loss = jax.jit(lambda a, b: F.ctc_loss(LOGP[:, :2], np.ones((2, 1), int), a, b, reduction="none"))
    wrong = [length > 6 or not 0 <= count <= 1 for length, count in zip(lengths, counts)]
    assert np.isnan(loss(jnp.array(lengths), jnp.array(counts))).tolist() == wrong


class Positions(nn.Module):
    """A table of one's own, read by index."""

    def __init__(self):
        super().__init__()
        self.table = nn.Parameter(TABLE)
        self.register_buffer("counts", np.arange(5, dtype="f4"))

    def forward(self, i):
        return self.table[i] * self.counts[i][..., None]


@pytest.mark.parametrize("bad", [5, 9, -6])
def test_tables_of_ones_own_have_no_other_rows(bad):
    net, rows = Positions(), np.array([1, bad, -1])
    with pytest.raises(InputError, match=f"from 0 to 4, got {bad}"):
        net(rows)
    with pytest.raises(InputError, match="axis 1 from 0 to 1, got 7"):
        net.table[:, 7]
    assert (np.isnan(nx.jit(net)(rows)) == [[False] * 2, [True] * 2, [False] * 2]).all()
    loss, gradients = nx.value_and_grad(net, lambda net, i: net(i).sum())(rows)
    assert np.isnan(loss)
    assert np.isnan(gradients["table"][1]).sum() == 0
    X, y = np.arange(12).reshape(12, 1) % 5, np.zeros(12)
    X[7] = bad
    with pytest.raises(InputError, match=f"X: .*got {bad} at row 7"):
        nx.fit(
            nn.Sequential(net, nn.Flatten(), nn.Linear(2, 1)),
            (X, y),
            loss="mse",
            optimizer=optax.sgd(0.1),
            epochs=1,
        )


def test_cells_are_indexed_as_arrays():
    array = np.arange(60.0, dtype="f4").reshape(3, 4, 5)
    cell, draw = nn.Parameter(array), np.random.default_rng(0)
    parts = [
        lambda: int(draw.integers(-5, 5)),
        lambda: slice(*sorted(draw.integers(-5, 6, 2).tolist())),
        lambda: None,
        lambda: Ellipsis,
        lambda: draw.integers(-4, 4, 2),
        lambda: np.uint8(draw.integers(0, 5)),
    ]
    for _ in range(100):
        index = tuple(parts[i]() for i in draw.integers(0, len(parts), draw.integers(1, 4)))
        if sum(part is Ellipsis for part in index) > 1:
            continue
        try:
            expected = array[index]
        except IndexError:
            with pytest.raises((IndexError, InputError)):
                cell[index]
        else:
            np.testing.assert_array_equal(cell[index], expected)
    some = array[:, :, 0] > 20
    np.testing.assert_array_equal(cell[nn.Buffer(some), None, 2], array[some, None, 2])


@pytest.mark.parametrize("wide", [2**32 + 1, -(2**32) + 1, -(2**63)])
def test_compiled_calls_refuse_numbers_that_would_wrap_around(wide):
    rows, net = np.array([[0, wide]]), nn.Embedding(5, 2)
    step = nx.train_step(net, lambda net, batch: net(batch["rows"]).sum(), optax.sgd(0.1))
    gradient = nx.value_and_grad(net, lambda net, rows: net(rows).sum())
    for call in (net, nx.jit(net), gradient, lambda rows: step({"rows": rows})):
        with pytest.raises(InputError, match="would wrap them around"):
            call(rows)
    if wide > 0:
        with pytest.raises(InputError, match="would wrap them around"):
            nx.jit(net)(rows.astype("uint64"))
    assert np.isfinite(nx.jit(net)(np.array([[0, 4]], "uint64"))).all()
