"""fit: reproducible, honest about batches and weights, and whole after an interrupt."""

import os
import signal

import jax.numpy as jnp
import numpy as np
import optax
import pandas
import pytest
from scipy import sparse
from sklearn.datasets import load_digits

import normax as nx
from normax import nn
from normax.nn.random import raw_key
from normax.penalties import L1, L2
from normax.training.loop import RowSet, shuffled
from normax.training.losses import find_loss


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return (X[:300] / 16).astype(np.float32), y[:300]


def network():
    nx.manual_seed(0)
    return nn.Sequential(nn.Linear(64, 16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 10))


def weights(net):
    return np.concatenate([np.asarray(p).ravel() for p in net.parameters()])


def test_a_seed_reproduces_a_run_bit_for_bit(digits):
    options = {"loss": "cross_entropy", "optimizer": optax.adam(1e-2), "epochs": 3, "batch_size": 64}
    runs = []
    for seed in (7, 7, 8):
        net = nx.penalize(network(), L1(1e-3))
        history = nx.fit(net, digits, seed=seed, validation=0.2, **options)
        runs.append((weights(net), history.loss, history.validation_loss))
    for a, b in zip(runs[0], runs[1]):
        np.testing.assert_array_equal(a, b)
    assert (runs[0][0] != runs[2][0]).any()
    nx.manual_seed(3)
    net = network()
    nx.manual_seed(3)
    nx.fit(net, digits, **options)
    first = weights(net)
    net = network()
    nx.manual_seed(3)
    nx.fit(net, digits, **options)
    np.testing.assert_array_equal(first, weights(net))


def test_a_full_batch_is_the_users_own_loop(digits):
    X, y = digits
    X = X + 0.1 * np.random.default_rng(0).random(X.shape, np.float32)  # every weight sees a gradient
    net, own = (
        nx.penalize(nn.Sequential(nn.Linear(64, 16), nn.Tanh(), nn.Linear(16, 10)), L1(1e-3))
        for _ in range(2)
    )
    own.load_state_dict(net.state_dict())
    history = nx.fit(
        net, (X, y), loss="cross_entropy", optimizer=optax.adam(1e-2), epochs=15, batch_size=1000
    )
    step = nx.train_step(own, lambda net, x, y: nn.functional.cross_entropy(net(x), y), optax.adam(1e-2))
    losses = [float(step(X, y)) for _ in range(15)]
    np.testing.assert_allclose(history.loss, losses, rtol=1e-4)
    np.testing.assert_allclose(weights(net), weights(own), atol=2e-4)


def test_whole_weights_are_repeated_rows():
    random = np.random.default_rng(0)
    X = random.normal(size=(30, 4)).astype(np.float32)
    y = X @ np.array([1, -1, 0, 2], np.float32)
    times = random.integers(0, 3, 30)
    results = []
    for data, weight in (((X, y), times), ((np.repeat(X, times, 0), np.repeat(y, times)), None)):
        nx.manual_seed(0)
        net = nx.penalize(nn.Linear(4, 1), L2(0.1))
        nx.fit(
            net,
            data,
            loss="squared",
            optimizer=optax.sgd(0.1),
            epochs=60,
            batch_size=100,
            sample_weight=weight,
        )
        results.append(weights(net))
    np.testing.assert_allclose(results[0], results[1], atol=1e-4)


def test_a_short_last_batch_counts_its_own_rows():
    """70 rows in batches of 32: with a rate of 0 the epoch's loss is the mean over exactly these rows."""
    random = np.random.default_rng(0)
    X, y = random.normal(size=(70, 3)).astype(np.float32), random.normal(size=70).astype(np.float32)
    nx.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 5), nn.Linear(5, 1))
    history = nx.fit(net, (X, y), loss="squared", optimizer=optax.sgd(0.0), epochs=2, batch_size=32)
    expected = 0.5 * np.mean((np.asarray(net(X))[:, 0] - y) ** 2)
    np.testing.assert_allclose(history.loss, expected, rtol=1e-5)


def test_padding_stays_out_of_batch_norm():
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    net = nn.Sequential(nn.BatchNorm1d(3, momentum=1.0), nn.Linear(3, 1))
    nx.fit(
        net,
        (x, x[:, 0]),
        loss="squared",
        optimizer=optax.sgd(0.0),
        epochs=1,
        batch_size=4,
        validation=(x, x[:, 0]),
    )
    # The last batch holds one row, so the statistics are those of the first four of this epoch's order.
    theirs = torch.nn.BatchNorm1d(3, momentum=1.0)
    candidates = []
    for left in range(5):
        theirs(torch.tensor(np.delete(x, left, 0)))
        candidates.append(theirs.running_var.numpy().copy())
    assert np.isclose(np.asarray(net[0].running_var), candidates, rtol=1e-4).all(1).any()


def test_validation_is_measured_in_evaluation_mode(digits):
    X, y = digits
    net = network()
    history = nx.fit(net, (X[:200], y[:200]), loss="cross_entropy", optimizer=optax.adam(1e-2), epochs=2,
                     batch_size=50, validation=(X[200:], y[200:]))  # fmt: skip
    assert net.training
    net.eval()
    expected = float(nn.functional.cross_entropy(net(X[200:]), y[200:]))
    assert history.validation_loss[-1] == pytest.approx(expected, rel=1e-4)
    assert "validation_loss=" in repr(history)


def test_a_loss_may_be_a_module_with_weights():
    random = np.random.default_rng(0)
    X, y = random.normal(size=(30, 3)).astype("float32"), np.arange(30) % 3
    weight = np.array([1, 2, 3], "float32")
    losses = [
        nn.CrossEntropyLoss(weight, reduction="none"),
        lambda output, target: nn.functional.cross_entropy(output, target, weight, reduction="none"),
    ]
    nets = [nn.Linear(3, 3), nn.Linear(3, 3)]
    nets[1].load_state_dict(nets[0].state_dict())
    for net, loss in zip(nets, losses):
        nx.fit(net, (X, y), loss=loss, optimizer=optax.sgd(0.1), epochs=2, batch_size=10, seed=0)
    np.testing.assert_allclose(nets[0].weight, nets[1].weight, rtol=1e-6)


def test_an_interrupt_keeps_what_was_trained(digits):
    net, seen = network(), []

    def interrupt(run):
        seen.append(weights(run.net))
        if run.epoch == 3:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        nx.fit(net, digits, loss="cross_entropy", optimizer=optax.adam(1e-2), epochs=50, batch_size=50,
               callbacks=[interrupt])  # fmt: skip
    np.testing.assert_array_equal(weights(net), seen[-1])
    assert len(seen) == 3


@pytest.mark.parametrize(
    "name", ["squared", "mse", "absolute", "binary_cross_entropy", "poisson", "cross_entropy"]
)
def test_losses_are_those_of_pytorch(name):
    torch = pytest.importorskip("torch")
    from normax.training.losses import find_loss

    f = torch.nn.functional
    random = np.random.default_rng(0)
    output = random.normal(size=(7, 3)).astype(np.float32)
    target = random.integers(0, 2, (7, 3)).astype(np.float32)
    if name == "cross_entropy":
        target = random.integers(0, 3, 7)
    theirs = {
        "squared": lambda o, t: (f.mse_loss(o, t, reduction="none") / 2).sum(1),
        "mse": lambda o, t: f.mse_loss(o, t, reduction="none").mean(1),
        "absolute": lambda o, t: f.l1_loss(o, t, reduction="none").sum(1),
        "binary_cross_entropy": lambda o, t: f.binary_cross_entropy_with_logits(o, t, reduction="none").sum(
            1
        ),
        "poisson": lambda o, t: f.poisson_nll_loss(o, t, reduction="none").sum(1),
        "cross_entropy": lambda o, t: f.cross_entropy(o, t, reduction="none"),
    }[name](torch.tensor(output), torch.tensor(target))
    np.testing.assert_allclose(
        find_loss(name)(nx.nn.Parameter(output).value, nx.nn.Parameter(target).value), theirs, rtol=1e-5
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"loss": "cros_entropy"}, "did you mean 'cross_entropy'"),
        ({"loss": "squared"}, "differ in shape"),
        ({"loss": lambda o, t: o.mean()}, "one value a row"),
        ({"loss": nn.CrossEntropyLoss()}, "reduction='none'"),
        (
            {"metrics": [lambda o, t: (o.argmax(1) == t).mean()]},
            r"metric_1: expected one value a row.*got shape \(\)",
        ),
        ({"class_weight": {0: -1.0}}, "finite weights >= 0, got {0: -1.0}"),
        ({"ema": "0.9"}, "ema"),
        ({"rates": 0.1}, "pattern or predicate"),
        ({"rates": {"fc1.*": 0.1}}, "parameters: 0.weight, 0.bias"),
        ({"callbacks": [nx.EarlyStopping]}, "make one: EarlyStopping()"),
        ({"validation": (1, 2, 3)}, "3 parts"),
        ({"prox_step": -1.0}, "prox_step: expected a number > 0"),
        ({"optimizer": optax.lbfgs()}, "asks for more than gradients"),
        ({"batch_size": 0}, "batch_size"),
        ({"epochs": 1.5}, "epochs"),
        ({"validation": 1.0}, "validation"),
        ({"optimizer": "adem"}, "did you mean 'adam'"),
        ({"sample_weight": -np.ones(300)}, "row 0"),
        (
            {"optimizer": optax.sgd(1e30), "epochs": 3},
            "step 2 of epoch 1; the first parameter that went bad: 0.weight",
        ),
    ],
)
def test_bad_arguments_are_named(digits, change, message):
    options = {"loss": "cross_entropy", "optimizer": optax.sgd(0.1), "epochs": 1, "batch_size": 50} | change
    with pytest.raises(nx.InputError, match=message):
        nx.fit(network(), digits, **options)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda X, y: (np.where(np.arange(64) == 5, np.nan, X), y), "nan at row 0, column 5"),
        (lambda X, y: (X[:10], y), "as many rows"),
        (lambda X, y: (X, y + 5), "classes 0 to 9"),
        (lambda X, y: (X.astype(object), y), "object"),
        (lambda X, y: (pandas.DataFrame(X).assign(city="Rome"), y), "str in column city; encode"),
        (lambda X, y: (sparse.csr_matrix(X), y), r"X.toarray\(\)"),
        (lambda X, y: (X, y.astype(str)), "return_inverse"),
        (lambda X, y: (X[:1], y[:1]), "at least 2 rows"),
    ],
)
def test_bad_data_is_named_by_row_and_column(digits, spoil, message):
    with pytest.raises(nx.InputError, match=message):
        nx.fit(network(), spoil(*digits), loss="cross_entropy", optimizer=optax.sgd(0.1))


def test_the_order_of_an_epoch_is_a_permutation_and_does_not_depend_on_padding():
    rows = jnp.arange(10, 1047)
    orders = [shuffled(RowSet(rows[:n_max], 1000), raw_key(3), 2, 64) for n_max in (1000, 1037)]
    np.testing.assert_array_equal(np.sort(orders[0][:1000]), rows[:1000])
    np.testing.assert_array_equal(orders[0][:1000], orders[1][:1000])
    assert all(len(order) % 64 == 0 for order in orders)
    assert np.mean(orders[0][:1000] == rows[:1000]) < 0.01


def test_a_prox_that_waits_longer_than_the_fit_says_so():
    X, y = np.ones((20, 3), np.float32), np.ones(20, np.float32)
    options = {"loss": "squared", "optimizer": optax.adam(0.1), "batch_size": 10}
    with pytest.warns(nx.Notice, match="penalty of weight acts from step 5 of 8: .* 10 steps"):
        nx.fit(nx.penalize(nn.Linear(3, 1), L1(10.0)), (X, y), epochs=4, **options)
    net = nx.penalize(nn.Linear(3, 1), L1(10.0))
    nx.fit(net, (X, y), epochs=6, **options)  # no notice, which would be an error
    assert not np.asarray(net.weight).any()


@pytest.mark.parametrize("strengths", [3, [0.1]])
def test_a_path_of_few_steps_has_a_grid_and_is_the_fits(strengths):
    random = np.random.default_rng(0)
    X = random.normal(size=(20, 3)).astype("f4")
    y = X[:, 0] + random.normal(size=20).astype("f4")
    options = {"loss": "squared", "optimizer": optax.adam(0.1), "batch_size": 10, "epochs": 4}
    net = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1))
    with pytest.warns(nx.Notice) as told:
        path = nx.path(net, (X, y), strengths=strengths, cv=None, **options)
    assert any("acts from step 5 of 8" in str(notice.message) for notice in told)
    nx.penalize(net, L1(float(path.strengths[0])))
    with pytest.warns(nx.Notice, match="acts from step 5 of 8"):
        nx.fit(net, (X, y), seed=0, **options)
    for name, weights in path.weights.items():
        np.testing.assert_allclose(weights[0], net.state_dict()[name], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("shape", "cure"), [((3, 1), r"y\.ravel"), ((3, 2), r"y\.argmax")])
def test_targets_of_two_axes_are_told_how_to_become_classes(shape, cure):
    with pytest.raises(nx.InputError, match=cure):
        find_loss("cross_entropy")(np.zeros((3, 2)), np.zeros(shape))
