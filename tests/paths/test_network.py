"""Paths of networks: a lane is the fit that a user would run alone."""

import pickle

import jax
import numpy as np
import optax
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import Lasso
from sklearn.preprocessing import StandardScaler

import normax as nx
from normax import nn
from normax.penalties import L1, L2, ElasticNet
from normax.selection import folds

pytestmark = pytest.mark.filterwarnings("ignore::normax.errors.Notice")


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(n_class=4, return_X_y=True)
    return (X[:203] / 16).astype(np.float32), y[:203]


def network(kind: str) -> nn.Module:
    nx.manual_seed(0)
    if kind == "mlp":
        return nn.Sequential(nn.Linear(64, 12), nn.ReLU(), nn.Linear(12, 4))
    if kind == "norm and dropout":
        layers = nn.Linear(64, 12), nn.BatchNorm1d(12), nn.ReLU(), nn.Dropout(0.3), nn.Linear(12, 4)
        return nn.Sequential(*layers)

    class Convolutional(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.pool, self.out = nn.Conv2d(1, 3, 3, padding=1), nn.MaxPool2d(2), nn.Linear(48, 4)

        def forward(self, x):
            h = self.pool(nn.functional.relu(self.conv(x.reshape(-1, 1, 8, 8))))
            return self.out(h.reshape(h.shape[0], -1))

    return Convolutional()


@pytest.mark.parametrize(
    "kind",
    ["norm and dropout", *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("mlp", "convolutional"))],
)
def test_a_lane_is_the_fit_alone(digits, kind):
    X, y = digits
    strengths, options = [1e-2, 1e-3], {"epochs": 3, "batch_size": 32, "seed": 5}
    net = network(kind)
    optimizer = optax.sgd(0.05, 0.9)
    path = nx.path(
        net, digits, loss="cross_entropy", strengths=strengths, cv=3, optimizer=optimizer, **options
    )
    start = net.state_dict()
    for k, (train, test) in enumerate(folds(3, len(y), y, stratify=True, seed=5)[:2]):
        alone = network(kind)
        alone.load_state_dict(start)
        nx.penalize(alone, L1(strengths[k]))
        nx.fit(alone, (X[train], y[train]), loss="cross_entropy", optimizer=optimizer, **options)
        alone.eval()
        np.testing.assert_allclose(
            path.held_out(k)[test], np.asarray(nx.jit(alone)(X[test])), rtol=0, atol=2e-4
        )


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["mlp", "norm and dropout"])
def test_a_lane_is_the_fit_alone_in_float64_to_rounding(digits, kind):
    with jax.enable_x64(True):
        X, y = digits
        net = network(kind).double()
        optimizer = optax.adam(1e-2)
        options = {"epochs": 20, "batch_size": 32, "seed": 5}
        path = nx.path(
            net, (X, y), loss="cross_entropy", strengths=[1e-2, 1e-3], cv=3, optimizer=optimizer, **options
        )
        train, test = folds(3, len(y), y, stratify=True, seed=5)[1]
        alone = network(kind).double()
        alone.load_state_dict(net.state_dict())
        nx.penalize(alone, L1(1e-3))
        nx.fit(alone, (X[train], y[train]), loss="cross_entropy", optimizer=optimizer, **options)
        alone.eval()
        outputs = np.asarray(alone(X[test].astype(float)))
        np.testing.assert_allclose(path.held_out(1)[test], outputs, rtol=0, atol=1e-8)


def test_the_network_and_the_grid_of_strengths_are_left_as_they_were(digits):
    net = network("norm and dropout")
    before = net.state_dict()
    path = nx.path(net, digits, loss="cross_entropy", strengths=4, cv=3, epochs=2, optimizer=optax.adam(1e-2))
    after = net.state_dict()
    assert all((before[name] == after[name]).all() for name in before)
    assert net.training
    assert path.strengths[0] / path.strengths[3] == pytest.approx(1e3)
    assert path.penalised == ("0.weight", "4.weight")
    assert any("batch norm" in notice for notice in path.notices)


def test_the_automatic_grid_begins_where_all_is_zero(digits):
    net = network("mlp")
    options = {"loss": "cross_entropy", "epochs": 10, "optimizer": optax.adam(1e-2), "cv": None}
    path = nx.path(net, digits, strengths=11, **options)
    assert path.nonzero[0] == 0
    assert path.nonzero[-1] > 300
    weaker = nx.path(net, digits, strengths=[path.strengths[0] / 2], **options)
    assert weaker.nonzero[0] > 0


def test_pure_l2_shrinks_and_never_zeroes(digits):
    path = nx.path(network("mlp"), digits, loss="cross_entropy", penalty=L2, strengths=4, cv=None, epochs=5,
                   optimizer=optax.sgd(0.1))  # fmt: skip
    np.testing.assert_allclose(path.strengths, np.geomspace(1, 1e-5, 4))
    norms = np.sqrt((path.weights["2.weight"] ** 2).sum((1, 2)))
    assert (np.diff(norms) > 0).all()
    assert (path.nonzero == path.nonzero[0]).all()


def test_full_batch_lanes_reach_the_lasso(digits):
    """A one-layer net that the certified engine does not take (a dict of patterns) finds its support."""
    random = np.random.default_rng(0)
    X = random.normal(size=(80, 10)).astype(np.float32)
    y = (X[:, 0] - 2 * X[:, 3] + 0.3 * random.normal(size=80)).astype(np.float32)
    strengths = [0.5, 0.1]
    path = nx.path(nn.Linear(10, 1), (X, y), loss="squared", penalty={"weight": L1}, strengths=strengths, cv=None,
                   optimizer=optax.sgd(0.3), epochs=400, batch_size=80)  # fmt: skip
    assert path.engine == "network"
    for i, strength in enumerate(strengths):
        reference = Lasso(strength, tol=1e-10).fit(X.astype(float), y.astype(float))
        np.testing.assert_allclose(path.weights["weight"][i, 0], reference.coef_, atol=1e-5)
        np.testing.assert_array_equal(path.weights["weight"][i, 0] == 0, reference.coef_ == 0)


def test_penalties_on_the_network_stay_and_add(digits):
    options = {"loss": "cross_entropy", "cv": None, "epochs": 3, "optimizer": optax.sgd(0.1)}
    own = nx.penalize(network("mlp"), L2(0.1))
    path = nx.path(own, digits, penalty=L1, strengths=[1e-2], **options)
    both = nx.path(network("mlp"), digits, penalty=L1(1e-2) + L2(0.1), strengths=[1.0], **options)
    np.testing.assert_allclose(path.weights["0.weight"], both.weights["0.weight"], atol=1e-6)


def test_seeds_average_errors_and_keep_the_first_weights(digits):
    options = {
        "loss": "cross_entropy",
        "strengths": [1e-3],
        "cv": 3,
        "epochs": 2,
        "optimizer": optax.sgd(0.1),
    }
    one = nx.path(network("mlp"), digits, seeds=1, **options)
    two = nx.path(network("mlp"), digits, seeds=2, **options)
    np.testing.assert_allclose(one.weights["0.weight"], two.weights["0.weight"])
    assert (one.fold_errors != two.fold_errors).all()


def test_scaled_targets_report_in_the_units_of_y():
    random = np.random.default_rng(0)
    X = random.normal(size=(90, 3)).astype(np.float32)
    y = 5000 + 800 * X[:, 0] + 50 * random.normal(size=90)
    net = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 1))
    path = nx.path(net, (X, y), loss="squared", strengths=[1e-2, 1e-4], cv=3, scale_target=True, epochs=60,
                   optimizer=optax.adam(1e-2), sample_weight=np.ones(90), penalty=ElasticNet)  # fmt: skip
    residual = y - path.held_out(1)
    assert path.cv_mean[1] == pytest.approx(0.5 * np.mean(residual**2), rel=1e-4)
    assert np.corrcoef(path.predict(X, 1), y)[0, 1] > 0.95
    assert abs(path.predict(X, 1).mean() - 5000) < 300
    assert path.null_error[0] > 10 * path.cv_mean[1]


def test_chunks_of_lanes_change_nothing(digits, monkeypatch):
    options = {"loss": "cross_entropy", "cv": None, "epochs": 2, "strengths": [1e-1, 1e-2, 1e-3, 1e-4]}
    whole = nx.path(network("mlp"), digits, optimizer=optax.sgd(0.1), **options)
    monkeypatch.setattr("normax.paths.layout.LANES_AT_ONCE", 2)
    parts = nx.path(network("mlp"), digits, optimizer=optax.sgd(0.1), **options)
    np.testing.assert_allclose(whole.weights["0.weight"], parts.weights["0.weight"], atol=1e-6)


def test_a_second_path_of_the_same_kind_does_not_compile(digits):
    traces = []
    options = {"loss": "cross_entropy", "cv": 3, "epochs": 2}
    nx.path(network("mlp"), digits, strengths=[1e-2, 1e-3], optimizer=optax.sgd(0.1), **options)
    net = network("mlp")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("normax.paths.lanes.Lanes._epochs", lambda *_: traces.append("training"))
        patch.setattr("normax.training.loop.Loop.step", lambda *_: traces.append("step"))
        path = nx.path(net, digits, strengths=[3e-2, 5e-3], optimizer=optax.sgd(0.1), **options)
    assert traces == []
    assert path.nonzero[0] < path.nonzero[1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"penalty": {"0.wieght": L1}}, "did you mean '0.weight'"),
        ({"optimizer": optax.lion(1e-3)}, "step cannot be read"),
        ({"penalty": L2, "strengths": [30.0]}, "diverge"),
        ({"epochs": 0}, "epochs"),
        ({"loss": "squared"}, "differ in shape"),
        ({"scale_target": True}, "scale_target"),
        ({"strengths": "auto"}, "list of numbers, got 'auto'"),
        ({"feature_names": ["a"]}, "feature_names: expected 64, one a column of X, got 1"),
    ],
)
def test_bad_input_is_named(digits, change, message):
    options = {
        "loss": "cross_entropy",
        "strengths": 2,
        "cv": 2,
        "epochs": 1,
        "optimizer": optax.sgd(0.1),
    } | change
    with pytest.raises(nx.InputError, match=message):
        nx.path(network("mlp"), digits, **options)


def test_a_last_batch_of_one_row_leaves_batch_norm_finite(digits):
    X, y = digits
    path = nx.path(network("norm and dropout"), (X[:97], y[:97]), loss="cross_entropy", strengths=[1e-3], cv=None,
                   epochs=2, batch_size=16, optimizer=optax.sgd(0.05))  # fmt: skip
    assert np.isfinite(path.train_mean).all()
    assert all(np.isfinite(w).all() for w in path.weights.values())


@pytest.mark.slow
def test_an_interrupted_path_goes_on_and_ends_alike(digits, tmp_path):
    options = {"loss": "cross_entropy", "strengths": 4, "cv": 3, "epochs": 2, "optimizer": optax.adam(1e-2)}
    whole = nx.path(network("norm and dropout"), digits, **options)
    seen = []

    def stop(phase, done, total):
        seen.append(phase)
        if phase == "folds" and done > total // 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        nx.path(network("norm and dropout"), digits, checkpoint=tmp_path / "run", on_progress=stop, **options)
    done = sorted(file.name for file in (tmp_path / "run").iterdir())
    assert "path.json" in done
    assert 2 <= len(done) <= 8  # of three folds' and all rows' chunks some are there
    seen.clear()
    again = nx.path(
        network("norm and dropout"), digits, checkpoint=tmp_path / "run",
        on_progress=lambda phase, done, total: seen.append(phase), **options,
    )  # fmt: skip
    assert "looking for the largest strength" not in seen
    for field in ("strengths", "fold_errors", "held_out_outputs", "curves"):
        np.testing.assert_array_equal(getattr(again, field), getattr(whole, field))
    for name in whole.weights:
        np.testing.assert_array_equal(again.weights[name], whole.weights[name])
    X, y = digits
    with pytest.raises(
        nx.InputError, match="other data, folds, starting weights, network, loss, penalty or training"
    ):
        nx.path(network("mlp"), (X, np.roll(y, 1)), checkpoint=tmp_path / "run", **options)
    (tmp_path / "run" / "rows-1-lanes-0.safetensors").write_bytes(b"half")
    with pytest.raises(nx.InputError, match="damaged"):
        nx.path(network("norm and dropout"), digits, checkpoint=tmp_path / "run", **options)


def test_the_ensemble_averages_the_probabilities_of_the_folds(digits):
    X, y = digits
    path = nx.path(network("mlp"), digits, loss="cross_entropy", strengths=[1e-2, 1e-3], cv=3, epochs=2)
    ensemble = path.ensemble(1)
    rows = folds(3, len(y), y, stratify=True, seed=0)
    for outputs, (_, test) in zip(ensemble.each(X), rows):
        np.testing.assert_allclose(outputs[test], path.held_out(1)[test], atol=1e-5)
    probabilities = jax.nn.softmax(ensemble.each(X), axis=-1).mean(0)
    np.testing.assert_allclose(jax.nn.softmax(ensemble.predict(X), axis=-1), probabilities, atol=1e-6)
    assert ensemble.spread(X).shape == (len(y), 4)
    assert path.curves.shape == (4, 2, 2)
    linear = nx.path(nn.Linear(64, 1), (X, y), loss="squared", strengths=3, cv=3)
    with pytest.raises(nx.InputError, match="certified solver"):
        linear.ensemble()


def test_a_diverged_lane_is_named_and_leaves_the_others_alone(digits):
    X, y = digits

    def breaks_at_zero(output, target):
        return (output[:, 0] - target) ** 2 + 1e-12 / abs(output[:, 0])

    options = {"loss": breaks_at_zero, "cv": 3, "epochs": 4, "optimizer": optax.sgd(1e-3)}
    net = nn.Linear(64, 1, bias=False)
    with pytest.warns(
        nx.Notice, match=r"diverged at strength 300 \(fold 0, step \d of epoch \d, first parameter weight"
    ):
        path = nx.path(net, (X, y.astype("float32")), strengths=[300, 1e-3], **options)
    alone = nx.path(net, (X, y.astype("float32")), strengths=[1e-3], **options)
    np.testing.assert_allclose(path.fold_errors[:, 1], alone.fold_errors[:, 0], rtol=1e-4)
    assert path.best.index == 1


def test_a_path_survives_pickling_and_centres_each_column_of_targets():
    random = np.random.default_rng(0)
    X = random.normal(size=(40, 3)).astype("float32")
    Y = np.stack([X[:, 0] + 100, 3 * X[:, 1] - 7], axis=1)
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    path = nx.path(
        net, (X, Y), loss="squared", penalty=L2, strengths=[0.0], cv=2, epochs=60, batch_size=40,
        optimizer=optax.adam(0.03), scale_target=True, sample_weight=np.arange(40.0), transform=StandardScaler(),
    )  # fmt: skip
    again = pickle.loads(pickle.dumps(path))
    assert np.array_equal(again.predict(X), path.predict(X))
    assert np.array_equal(again.ensemble().predict(X), path.ensemble().predict(X))
    assert np.allclose(path.target_scale[0], np.average(Y, axis=0, weights=np.arange(40)))
    assert np.allclose(path.transform.mean_, np.average(X, axis=0, weights=np.arange(40)), atol=1e-6)
    assert np.abs(path.predict(X) - Y).mean() < 1
