"""What a fit measures, weighs and calls: against definitions and PyTorch's and scikit-learn's numbers."""

import csv

import numpy as np
import optax
import pytest

import normax as nx
from normax import nn
from normax.penalties import L1

random = np.random.default_rng(0)
X = random.normal(size=(60, 3)).astype(np.float32)
y = (X[:, 0] + 0.5 * random.normal(size=60) > 0.4).astype(np.int32)


def fitted(**options):
    nx.manual_seed(0)
    net = nx.penalize(nn.Linear(3, 2), options.pop("penalty", None))
    defaults = {
        "loss": "cross_entropy",
        "optimizer": optax.sgd(0.5),
        "epochs": 4,
        "batch_size": 20,
        "seed": 0,
    }
    return net, nx.fit(net, (X, y), **(defaults | options))


def test_early_stopping_leaves_the_best_weights(tmp_path):
    """Trained on 10 rows with a large rate, the held-out loss turns up; the network is the best one met."""
    seen, held_out = [], (X[30:], y[30:])
    nx.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 30), nn.ReLU(), nn.Linear(30, 2))
    history = nx.fit(
        net, (X[:10], y[:10]), loss="cross_entropy", optimizer=optax.adam(0.05), epochs=200, validation=held_out,
        metrics=["accuracy"], batch_size=10,
        callbacks=[
            lambda run: seen.append(run.values()), nx.EarlyStopping(patience=3), nx.CSVLog(tmp_path / "log.csv")
        ],
    )  # fmt: skip
    best = int(np.argmin(history.validation_loss))
    assert len(seen) == len(history.loss) == best + 4 < 200
    for name, value in net.state_dict().items():
        np.testing.assert_array_equal(value, seen[best][name])
    with open(tmp_path / "log.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    np.testing.assert_allclose([float(row["loss"]) for row in rows], history.loss, rtol=1e-6)
    accuracy = np.mean(np.argmax(seen[-1]["2.weight"] @ np.maximum(
        seen[-1]["0.weight"] @ held_out[0].T + seen[-1]["0.bias"][:, None], 0) + seen[-1]["2.bias"][:, None], 0)
        == held_out[1])  # fmt: skip
    assert history.metrics["validation_accuracy"][-1] == pytest.approx(accuracy)
    pandas = pytest.importorskip("pandas")
    assert isinstance(history.frame(), pandas.DataFrame)
    assert list(history.frame()) == ["loss", "validation_loss", "accuracy", "validation_accuracy"]
    assert len(history.plot().axes) == 2


def test_an_unmeasured_monitor_is_named():
    with pytest.raises(
        nx.InputError, match=r"does not measure 'validation_loss'; it measures|did you mean 'loss'"
    ):
        fitted(callbacks=[nx.EarlyStopping()])
    with pytest.raises(nx.InputError, match="patience"):
        nx.EarlyStopping(patience=0)
    with pytest.raises(nx.InputError, match="did you mean 'accuracy'"):
        fitted(metrics=["acuracy"])


def test_class_weights_are_row_weights():
    from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight

    balanced, _ = fitted(class_weight="balanced")
    by_row, _ = fitted(sample_weight=compute_sample_weight("balanced", y))
    np.testing.assert_allclose(np.asarray(balanced.weight), np.asarray(by_row.weight), rtol=1e-5)
    weights = np.random.default_rng(0).uniform(0.5, 2.0, len(y))
    balanced, _ = fitted(class_weight="balanced", sample_weight=weights)
    by_class = compute_class_weight("balanced", classes=np.unique(y), y=y, sample_weight=weights)
    by_row, _ = fitted(sample_weight=weights * by_class[np.searchsorted(np.unique(y), y)])
    np.testing.assert_allclose(np.asarray(balanced.weight), np.asarray(by_row.weight), rtol=1e-5)
    with pytest.raises(nx.InputError, match="no class 7"):
        fitted(class_weight={7: 2.0})


def test_label_smoothing_is_pytorchs():
    torch = pytest.importorskip("torch")
    _, history = fitted(label_smoothing=0.2, optimizer=optax.sgd(0.0), epochs=1, batch_size=60)
    net, _ = fitted(optimizer=optax.sgd(0.0), epochs=1)
    output = torch.tensor(np.asarray(net(X)))
    expected = torch.nn.functional.cross_entropy(output, torch.tensor(y).long(), label_smoothing=0.2)
    assert history.loss[0] == pytest.approx(float(expected), rel=1e-5)


def test_the_average_follows_the_weights_and_keeps_exact_zeros():
    met = []
    options = {"batch_size": 60, "epochs": 6, "penalty": L1(0.12)}
    net, _ = fitted(
        ema=0.5, callbacks=[lambda run: met.append(np.asarray(run.carry[0].weights[0]))], **options
    )
    nx.manual_seed(0)
    average = np.asarray(nn.Linear(3, 2).weight)
    for t, w in enumerate(met):
        d = min(0.5, (1 + t) / (10 + t))
        average = np.where(w == 0, 0, d * average + (1 - d) * w)
    np.testing.assert_allclose(np.asarray(net.weight), average, rtol=1e-5)
    assert (np.asarray(net.weight) == 0).any()


def test_a_frozen_network_is_refused():
    net = nn.Linear(3, 2).requires_grad_(False)
    with pytest.raises(nx.InputError, match="no trainable parameter"):
        nx.fit(net, (X, y), loss="cross_entropy", optimizer=optax.sgd(0.1))


def test_the_last_good_weights_stay_when_a_loss_is_lost():
    """The rate explodes at the seventh step: the network holds what six steps made of it."""

    def rate(step):
        return 0.1 + 3e38 * (step >= 6)

    options = {"loss": "squared", "optimizer": optax.sgd(rate), "batch_size": 20, "seed": 0}
    nets = []
    for _ in range(2):
        nx.manual_seed(0)
        nets.append(nn.Linear(3, 1))
    with pytest.raises(nx.InputError, match="step 1 of epoch 3; the first parameter that went bad: weight"):
        nx.fit(nets[0], (X, 10.0 * y), epochs=5, **options)
    nx.fit(nets[1], (X, 10.0 * y), epochs=2, **options)
    np.testing.assert_array_equal(np.asarray(nets[0].weight), np.asarray(nets[1].weight))
