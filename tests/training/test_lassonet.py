"""Networks that select features: the module, its training in every metric, its path."""

import numpy as np
import optax
import pytest
from sklearn.linear_model import MultiTaskLasso

import normax as nx
from normax import nn
from normax.errors import InputError

NAMES = ("age", "bmi", "dose", "lab", "sex", "site")


def network(outputs=1, seed=0):
    nx.manual_seed(seed)
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, outputs))


@pytest.fixture(scope="module")
def data():
    """Two features that matter, one of them not linearly."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 6)).astype("float32")
    return X, X[:, 0] + np.sin(2 * X[:, 2])


def test_it_is_the_network_and_a_linear_model():
    net = network(2)
    before, weights = np.asarray(net[0].weight), net.state_dict()
    wrapped = nx.LassoNet(net)
    x = np.random.default_rng(0).normal(size=(5, 6)).astype("float32")
    theta = np.asarray(wrapped.weight)[:2]
    reference = network(2)
    reference.load_state_dict(weights)
    np.testing.assert_allclose(wrapped(x), x @ theta.T + np.asarray(reference(x)), atol=1e-5)
    np.testing.assert_array_equal(wrapped.weight.value[2:], before)
    assert [name for name, _ in wrapped.named_parameters()] == [
        "weight",
        "net.0.bias",
        "net.2.weight",
        "net.2.bias",
    ]
    twin = nx.LassoNet(network(2, seed=1))
    twin.load_state_dict(wrapped.state_dict())
    np.testing.assert_array_equal(twin(x), wrapped(x))


def test_any_network_whose_first_layer_is_linear():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.head = nn.Linear(8, 1)
            self.body = nn.Linear(6, 8)

        def forward(self, x):
            return self.head(nn.functional.relu(self.body(x)))

    net = nx.LassoNet(Net(), layer="body")
    assert net.weight.shape == (9, 6)
    net.reset_parameters()
    assert abs(net.weight.value).max() <= 1 / np.sqrt(6)


def test_refuses_networks_it_cannot_take():
    with pytest.raises(InputError, match="no Linear layer"):
        nx.LassoNet(nn.Sequential(nn.ReLU()))
    with pytest.raises(InputError, match="group lasso"):
        nx.LassoNet(nn.Linear(3, 1))
    with pytest.raises(InputError, match="no Linear layer of Sequential is called '1'"):
        nx.LassoNet(network(), layer="1")
    shared = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    shared[1].weight = shared[0].weight
    with pytest.raises(InputError, match=r"shared with 1\.weight"):
        nx.LassoNet(shared)
    with pytest.raises(InputError, match=r"expected outputs \(batch, outputs\), got \(2,\)"):
        nx.LassoNet(nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1), nn.Flatten(0)))
    with pytest.raises(InputError, match="names: expected 6"):
        nx.LassoNet(network()).features(["age"])


@pytest.mark.parametrize(
    "optimizer", [optax.sgd(0.1, 0.9), optax.adam(optax.cosine_decay_schedule(0.05, 600))]
)
def test_without_a_hidden_part_it_is_the_group_lasso(optimizer, data):
    """M = 0 leaves θ: scikit-learn's multi-task lasso, whatever the optimiser's metric."""
    X, y = data
    Y = np.stack([y, X[:, 0] - X[:, 3] / 2], 1)
    net = nx.LassoNet(network(2))
    nx.penalize(net, net.hierarchy(0.1, M=0.0))
    nx.fit(net, (X, Y), loss="squared", optimizer=optimizer, epochs=600, batch_size=120, progress=False)
    oracle = MultiTaskLasso(0.1, tol=1e-10, max_iter=10_000).fit(X.astype(float), Y.astype(float))
    assert not net.weight.value[2:].any()
    np.testing.assert_allclose(net.weight.value[:2], oracle.coef_, atol=1e-3)
    np.testing.assert_array_equal(np.asarray(net.weight.value[:2]) == 0, oracle.coef_ == 0)


@pytest.mark.parametrize(
    "optimizer", [optax.sgd(0.05, 0.9), optax.adam(optax.cosine_decay_schedule(0.02, 1000))]
)
def test_every_optimiser_ends_where_a_plain_step_stays(optimizer, data):
    """A stationary point is a fixed point of the proximal gradient step in any metric; here of step 0.05."""
    X, y = data
    net = nx.LassoNet(network())
    net.net[2].weight.requires_grad = False  # or it grows for ever while θ shrinks
    nx.penalize(net, net.hierarchy(0.6, M=2.0))
    nx.fit(net, (X, y), loss="squared", optimizer=optimizer, epochs=1000, batch_size=120, progress=False)
    _, gradients = nx.value_and_grad(net, lambda net, x, y: ((net(x)[:, 0] - y) ** 2).mean() / 2)(X, y)
    w = net.weight.value
    stays = net.weight.penalty.prox(w - 0.05 * gradients["weight"], 0.05)
    np.testing.assert_allclose(stays, w, atol=2e-3)
    assert (abs(w[1:]) <= 2 * abs(w[0]) * (1 + 1e-5)).all()
    assert set(net.features(NAMES)) >= {"age", "dose"}
    assert len(net.features()) < 6


def test_a_path_names_the_features_and_draws_them(data):
    net = nx.LassoNet(network())
    nx.fit(net, data, loss="squared", optimizer=optax.sgd(0.05, 0.9), epochs=20, seed=0, progress=False)
    options = {"loss": "squared", "optimizer": optax.sgd(0.05, 0.9), "epochs": 60, "batch_size": 40}
    path = nx.path(
        net, data, penalty=net.hierarchy(M=2.0), strengths=[30.0, 1.0, 0.3, 0.0], cv=None, feature_names=NAMES, **options
    )  # fmt: skip
    assert path.features(0) == ()
    assert set(path.features(1)) >= {"age", "dose"}
    assert path.features(3) == NAMES
    assert path.feature_counts.tolist() == [len(path.features(i)) for i in range(4)]
    assert path.feature_counts[1] < 6
    assert path.model(1).features(NAMES) == path.features(1)
    nx.penalize(net, net.hierarchy(1.0, M=2.0))
    nx.fit(net, data, seed=0, progress=False, **options)
    np.testing.assert_allclose(path.weights["weight"][1], net.weight.value, atol=1e-3)

    figure = path.plot()
    words = [text.get_text() for ax in figure.axes for text in ax.texts] + [
        ax.get_xlabel() for panel in figure.axes for ax in (panel, *panel.child_axes)
    ]
    assert "dose" in " ".join(words)
    assert "features that are in" in words


def test_features_of_other_paths(data):
    X, y = data
    path = nx.path(nn.Linear(6, 1), (X, y), loss="squared", strengths=[0.2], cv=None, feature_names=NAMES)
    assert path.features(0)[0] == "age"
    with pytest.warns(nx.Notice, match="only some weights"):
        wrong = nx.path(
            network(), data, loss="squared", penalty={"2.weight": "l1"}, strengths=[0.1], cv=None, epochs=1,
            batch_size=10, feature_names=NAMES,
        )  # fmt: skip
    with pytest.raises(InputError, match=r"2\.weight has 8 columns and there are 6 feature names"):
        wrong.features(0)


@pytest.mark.parametrize(("unit", "block"), [(1.0, 1), (1e6, 3)])
def test_a_warm_path_finds_strengths_from_all_features_to_none(unit, block):
    nx.manual_seed(0)
    random = np.random.default_rng(0)
    X = random.normal(size=(80, 6)).astype("float32")
    y = X[:, 0] + np.sin(2 * X[:, 1])
    net = nx.LassoNet(nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 1)))
    path = nx.path(
        net, (X, y), loss="squared", penalty=net.hierarchy(unit), strengths=12, cv=None,
        optimizer=optax.sgd(0.03, 0.9), epochs=30, batch_size=40, warm_start=block, warm_epochs=8,
    )  # fmt: skip
    left = (path.weights["weight"] != 0).any(axis=1).sum(axis=1)
    assert left[0] == 0
    assert left[-1] == 6
    assert len(set(left)) >= 4
    assert (np.diff(left) >= 0).all()
