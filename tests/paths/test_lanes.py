"""Lanes that differ in more than a strength, that start warm, or that stop early: each is still the fit alone."""

import os
import signal
import subprocess
import sys

import numpy as np
import optax
import pytest
from sklearn.datasets import load_digits

import normax as nx
from normax import nn
from normax.paths.plan import chunks
from normax.paths.schedule import Warm
from normax.penalties import L1, L2, ElasticNet
from normax.selection import folds, set_aside

pytestmark = pytest.mark.filterwarnings("ignore::normax.errors.Notice")

OPTIONS = {"loss": "cross_entropy", "cv": 2, "epochs": 3, "batch_size": 32, "seed": 5}


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(n_class=3, return_X_y=True)
    return (X[:131] / 16).astype(np.float32), y[:131]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.norm, self.drop, self.fc2 = (
            nn.Linear(64, 6), nn.BatchNorm1d(6), nn.Dropout(0.3), nn.Linear(6, 3),
        )  # fmt: skip

    def forward(self, x):
        return self.fc2(self.drop(nn.functional.relu(self.norm(self.fc1(x)))))


@pytest.fixture
def net():
    nx.manual_seed(0)
    return Net()


def alone(net, digits, rows, optimizer, penalty, drop=0.3, **options):
    """The outputs for all rows of the same fit by `nx.fit`."""
    X, y = digits
    again = Net()
    again.load_state_dict(net.state_dict())
    again.drop.p = drop
    nx.penalize(again, penalty)
    nx.fit(again, (X[rows], y[rows]), loss="cross_entropy", optimizer=optimizer, **options)
    return again, np.asarray(again.eval()(X))


@pytest.mark.slow
def test_every_hyper_parameter_can_be_an_axis(net, digits):
    _, y = digits
    path = nx.path(
        net, digits, **OPTIONS, strengths=[1e-2, 1e-3], penalty=ElasticNet() + L2(), select="min",
        optimizer=optax.inject_hyperparams(optax.sgd)(learning_rate=1.0),
        over={"drop.p": [0.0, 0.4], "learning_rate": [0.1, 0.03], "l1_ratio": [0.9], "L2.strength": [0.01]},
    )  # fmt: skip
    assert path.surface().shape == (2, 2, 2, 1, 1)
    assert list(path.axes) == ["strength", "drop.p", "learning_rate", "l1_ratio", "L2.strength"]
    train, test = folds(2, len(y), y, stratify=True, seed=5)[1]
    for entry in (1, 6):
        s = {name: float(values[entry]) for name, values in path.settings.items()}
        penalty = ElasticNet(s["strength"], 0.9) + L2(0.01)
        options = {name: OPTIONS[name] for name in ("epochs", "batch_size", "seed")}
        _, outputs = alone(net, digits, train, optax.sgd(s["learning_rate"]), penalty, s["drop.p"], **options)
        np.testing.assert_allclose(path.held_out(entry)[test], outputs[test], rtol=0, atol=1e-4)
        assert path.model(entry).drop.p == s["drop.p"]
    assert path.best.settings["drop.p"] in (0.0, 0.4)
    assert net.drop.p == 0.3
    slice_ = path.at({"learning_rate": 0.03})
    assert slice_.axes == {}
    where = path.settings["learning_rate"] == 0.03
    where &= path.settings["drop.p"] == path.best.settings["drop.p"]
    np.testing.assert_array_equal(slice_.cv_mean, path.cv_mean[where])
    np.testing.assert_array_equal(slice_.held_out(1), path.held_out(int(np.flatnonzero(where)[1])))
    rates = path.at({"strength": 1e-3, "drop.p": 0.4}, along="learning_rate")
    assert rates.strengths.tolist() == [0.1, 0.03]
    np.testing.assert_array_equal(rates.cv_mean, path.surface()[1, 1, :, 0, 0])
    assert list(rates.settings) == ["learning_rate"]
    assert any("large   learning_rate" in ax.get_xlabel() for ax in rates.plot().axes)
    with pytest.raises(nx.InputError, match=r"no axis 'drop'; did you mean 'drop.p'"):
        path.at(along="drop")
    with pytest.raises(nx.InputError, match=r"did you mean 'drop.p'.*0.2 is none of"):
        path.at({"dorp.p": 0.4, "learning_rate": 0.2})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"over": {"dorp.p": [0.1], "fc1": [2]}}, r"'dorp.p'; did you mean 'drop.p'.*'fc1'"),
        ({"over": {"drop.p": [0.1, 0.1]}}, "different finite numbers"),
        ({"over": {"drop.p": [1.0]}}, r"\[0, 1\)"),
        ({"over": {"learning_rate": [0.1]}}, "inject_hyperparams"),
        ({"over": {"l1_ratio": [2.0]}, "penalty": ElasticNet}, "l1_ratio"),
        ({"over": {"fc1.in_features": [3]}, "select": "min"}, "decides in Python"),
        ({"over": {"drop.p": [0.1]}, "select": "1se"}, r"simpler=\['strength', 'drop.p'\]"),
        ({"over": {"drop.p": [0.1]}, "simpler": "drop"}, "simpler: no 'drop'"),
        ({"simpler": "strength"}, "one order"),
        ({"warm_start": "strong-to-weak"}, "never gets its weights back"),
        ({"warm_start": 0}, "warm_start"),
        ({"warm_epochs": 2}, "warm_start=True"),
        ({"early_stopping": 0}, "patience"),
        ({"early_stopping": nx.EarlyStopping("loss")}, "validation_loss"),
        ({"early_stopping": 2, "validation": 1.5}, "share"),
    ],
)
def test_bad_input_is_named(net, digits, change, message):
    class Narrow(Net):
        def forward(self, x):
            return super().forward(x) if self.fc1.in_features > 3 else x

    narrow = Narrow()
    with pytest.raises(nx.InputError, match=message):
        nx.path(narrow, digits, **{**OPTIONS, "strengths": [1e-2], "optimizer": optax.sgd(0.1), **change})


def test_the_simplest_good_entry_goes_by_the_order_that_was_named(net, digits):
    options = {
        **OPTIONS,
        "strengths": [1e-2, 1e-3],
        "optimizer": optax.sgd(0.1),
        "over": {"drop.p": [0.0, 0.5]},
    }
    path = nx.path(net, digits, **options, simpler=["drop.p", "-nonzero"])
    within = np.flatnonzero(path.cv_mean <= path.minimum.cv_mean + path.minimum.cv_se)
    most = within[path.settings["drop.p"][within] == path.settings["drop.p"][within].max()]
    assert path.best.index == most[np.argmin(path.nonzero[most])]
    assert [row["choice"] for row in path.table()].count("1se") + (path.best == path.minimum) == 1


def test_a_warm_lane_goes_on_from_the_strongest_of_the_block_before(net, digits):
    optimizer, options = optax.sgd(0.1), {"batch_size": 32, "seed": 5}
    path = nx.path(
        net, digits, **{**OPTIONS, "cv": None}, strengths=[3e-2, 1e-3, 1e-2, 1e-4], penalty=L1, optimizer=optimizer,
        warm_start=2, warm_epochs=2,
    )  # fmt: skip
    rows = np.arange(len(digits[1]))
    # Blocks: 0 (without penalty) and 1e-4, cold; 1e-3 and 1e-2 from 1e-4; 3e-2 from 1e-2.
    first, _ = alone(net, digits, rows, optimizer, L1(1e-4), epochs=3, **options)
    second, _ = alone(first.train(), digits, rows, optimizer, L1(1e-2), epochs=2, **options)
    third, _ = alone(second.train(), digits, rows, optimizer, L1(3e-2), epochs=2, **options)
    for entry, fitted in ((3, first), (2, second), (0, third)):
        np.testing.assert_allclose(
            path.weights["fc1.weight"][entry], np.asarray(fitted.fc1.weight), atol=1e-4
        )
    assert (path.nonzero[0] < path.nonzero[3]).all()


def test_warm_chunks_come_after_what_they_start_from():
    strengths, kinds = np.array([4.0, 3, 2, 1, 0, 4, 2, 0]), np.array([0, 0, 0, 0, 0, 1, 1, 2])
    plan = chunks(strengths, kinds, 10, 3, Warm(2, 5))
    seen: set = set()
    for chunk in plan:
        assert len(chunk.lanes) <= chunk.size <= 3
        if chunk.before is None:
            assert chunk.epochs == 10
        else:
            assert chunk.epochs == 5
            assert set(chunk.before.tolist()) <= seen
            assert (kinds[chunk.before] == kinds[chunk.lanes]).all()
            assert (strengths[chunk.before] < strengths[chunk.lanes]).all()
        seen |= set(chunk.lanes.tolist())
    assert seen == set(range(8))
    assert len({chunk.size for chunk in plan}) == 1


@pytest.mark.slow
def test_early_stopping_is_that_of_the_fit_alone_and_the_refit_runs_the_median(net, digits):
    X, y = digits
    options = {**OPTIONS, "epochs": 12}
    path = nx.path(net, digits, **options, strengths=[3e-2, 1e-4], optimizer=optax.sgd(0.5), early_stopping=2)
    alive = {name: options[name] for name in ("batch_size", "seed", "epochs")}
    for fold, (train, test) in enumerate(folds(2, len(y), y, stratify=True, seed=5)[:1]):
        inner, watched = set_aside(train, 0.2, 5, y)
        stopping = nx.EarlyStopping(patience=2)
        _, outputs = alone(net, digits, inner, optax.sgd(0.5), L1(1e-4), validation=(X[watched], y[watched]),
                           callbacks=[stopping], **alive)  # fmt: skip
        assert path.epochs[fold, 1] == stopping.best_epoch
        np.testing.assert_allclose(path.held_out(1)[test], outputs[test], rtol=0, atol=2e-4)
        stopped = min(stopping.best_epoch + 2, 12)
        assert np.isfinite(path.curves[fold, 1]).sum() == stopped
    assert path.epochs[:2].min() < 12
    median = np.floor(np.median(path.epochs[:2], axis=0) + 0.5)
    np.testing.assert_array_equal(path.epochs[2], median)
    again, _ = alone(
        net, digits, np.arange(len(y)), optax.sgd(0.5), L1(1e-4), **{**alive, "epochs": int(median[1])}
    )
    np.testing.assert_allclose(path.weights["fc1.weight"][1], np.asarray(again.fc1.weight), atol=1e-4)


def test_rows_set_aside_keep_classes_groups_and_times():
    rows, labels = np.arange(40)[::2], np.arange(40) % 8 // 4
    train, watched = set_aside(rows, 0.25, 0, labels=labels)
    assert sorted([*train, *watched]) == rows.tolist()
    assert labels[watched].sum() in (2, 3)
    train, watched = set_aside(rows, 0.25, 0, groups=np.arange(40) // 4)
    assert not set(train // 4) & set(watched // 4)
    train, watched = set_aside(rows, 0.25, 0, time=-np.arange(40))
    assert train.min() > watched.max()
    with pytest.raises(nx.InputError, match="one side empty"):
        set_aside(rows[:2], 0.1, 0)


def test_folds_without_a_class_are_named(net, digits):
    """Rows of a class that a fold does not train on stay out of its error; a fold that judges nothing is refused."""
    X, y = digits
    options = {**OPTIONS, "epochs": 1, "strengths": [1e-2]}
    train = np.flatnonzero(y != 2)[20:]
    with pytest.warns(nx.Notice, match="fold 0 trains without class 2"):
        path = nx.path(net, digits, **{**options, "cv": [(train, np.setdiff1d(np.arange(len(y)), train))]})
    np.testing.assert_array_equal(
        np.flatnonzero(~np.isnan(path.held_out()[:, 0])), np.flatnonzero(y != 2)[:20]
    )
    with pytest.raises(nx.InputError, match="fold 0 trains without class 2 and holds out nothing else"):
        nx.path(net, digits, **{**options, "cv": [(np.flatnonzero(y != 2), np.flatnonzero(y == 2))]})


def test_a_path_goes_on_in_the_same_process(net, digits, tmp_path):
    """An interrupted cell of a notebook is run again: the programs are there already, and the path is the same."""
    options = {**OPTIONS, "strengths": 3, "checkpoint": tmp_path}
    whole = nx.path(net, digits, **options)
    for part in sorted(tmp_path.glob("rows-*"))[::2]:
        part.unlink()
    again = nx.path(net, digits, **options)
    np.testing.assert_array_equal(whole.fold_errors, again.fold_errors)
    np.testing.assert_array_equal(whole.weights["fc1.weight"], again.weights["fc1.weight"])


PATH = """
import os, signal, sys, warnings
import numpy as np, optax
import normax as nx
from normax import nn

warnings.simplefilter("ignore")
nx.manual_seed(0)
random = np.random.default_rng(0)
X = random.normal(size=(61, 5)).astype("f")
y = (X[:, 0] > 0).astype(int)
net = nn.Sequential(nn.Linear(5, 4), nn.BatchNorm1d(4), nn.Dropout(0.2), nn.ReLU(), nn.Linear(4, 2))
folder, kill = sys.argv[1], len(sys.argv) > 3

def stop(phase, done, total):
    if kill and phase == "folds" and done > total // 2:
        os.kill(os.getpid(), signal.SIGKILL)

path = nx.path(net, (X, y), loss="cross_entropy", strengths=[1e-2, 1e-3, 1e-4], cv=2, epochs=4, seed=5, warm_start=2,
               optimizer=optax.sgd(0.1), checkpoint=None if folder == "-" else folder, on_progress=stop)
np.savez(sys.argv[2], cv=path.fold_errors, held_out=path.held_out_outputs, **path.weights)
"""


def run_path(*args, **environment):
    return subprocess.run(
        [sys.executable, "-c", PATH, *map(str, args)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )


@pytest.mark.slow
def test_a_killed_path_goes_on_to_the_same_bits(tmp_path):
    whole, again = tmp_path / "whole.npz", tmp_path / "again.npz"
    killed = run_path(tmp_path / "run", again, "kill")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert len(list((tmp_path / "run").glob("rows-*"))) in range(1, 6)
    for arguments in ((tmp_path / "run", again), ("-", whole)):
        done = run_path(*arguments)
        assert done.returncode == 0, done.stderr
    for name, value in np.load(whole).items():
        np.testing.assert_array_equal(value, np.load(again)[name])


@pytest.mark.slow
def test_lanes_over_eight_devices_are_those_of_one(tmp_path):
    one, eight = tmp_path / "one.npz", tmp_path / "eight.npz"
    flags = os.environ.get("XLA_FLAGS", "") + " --xla_force_host_platform_device_count=8"
    for done in (run_path("-", one), run_path("-", eight, XLA_FLAGS=flags)):
        assert done.returncode == 0, done.stderr
    for name, value in np.load(one).items():
        np.testing.assert_allclose(np.load(eight)[name], value, rtol=0, atol=1e-5)
