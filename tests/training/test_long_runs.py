"""Processes that run for long, threads of the caller's, and results that travel."""

import copy
import importlib
import json
import multiprocessing
import pickle
import subprocess
import sys
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import normax as nx
from normax import nn

pytestmark = pytest.mark.filterwarnings("ignore::normax.Notice")  # of so short fits

random = np.random.default_rng(0)
X = random.normal(size=(60, 4)).astype("f")
y = X[:, :1] - X[:, 1:2]
PATH = {
    "loss": "squared",
    "strengths": [1e-2, 1e-3],
    "cv": 2,
    "epochs": 2,
    "optimizer": "sgd",
    "progress": False,
}


def network():
    net = nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.Dropout(0.2), nn.Linear(5, 1))
    return nx.penalize(net, nx.penalties.L1(1e-3))


def fit(net, **options):
    return nx.fit(net, (X, y), loss="squared", optimizer="adam", epochs=3, seed=1, progress=False, **options)


@pytest.mark.slow
def test_fits_and_paths_at_once_in_threads_are_those_of_each_alone():
    nets = [network() for _ in range(2)]

    def fitted(k):
        net = copy.deepcopy(nets[k % 2])
        if k // 2 % 2:
            return nx.path(net, (X, y), **PATH).fold_errors
        return fit(net).loss

    alone = [fitted(k) for k in range(4)]
    with ThreadPoolExecutor(4) as pool:
        for k, found in enumerate(pool.map(fitted, range(12))):
            np.testing.assert_array_equal(found, alone[k % 4])


@pytest.mark.slow
def test_estimators_built_at_once_begin_with_their_own_weights():
    def fitted(state):
        model = nx.NetworkRegressor(strength=0.01, random_state=state, epochs=1)
        return model.fit(X, y[:, 0]).predict(X)

    alone = [fitted(state) for state in range(2)]
    with ThreadPoolExecutor(4) as pool:
        for k, found in enumerate(pool.map(lambda k: fitted(k % 2), range(8))):
            np.testing.assert_array_equal(found, alone[k % 2])


@pytest.mark.parametrize("second", [fit, lambda net: nx.path(net, (X, y), **PATH)])
def test_two_fits_of_one_network_at_once_are_refused(second):
    net, refused = network(), []
    sharing = nn.Sequential(net[0], nn.Linear(5, 1))  # another network with some of the same weights

    def other():
        for each in (net, sharing):
            with pytest.raises(nx.InputError, match=r"trained in another thread.*copy.deepcopy\(net\)"):
                second(each)
        refused.append(True)

    def during(run):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()

    fit(net, callbacks=[during])
    assert len(refused) == 3
    fit(net)  # and it is free again, also where a fit failed
    with pytest.raises(nx.InputError):
        fit(net, validation=3.0)
    fit(net)


def results():
    net = network()
    history = fit(net)
    path = nx.path(net, (X, y), **PATH)
    return {
        "net": (net.eval(), lambda net: np.asarray(net(X))),
        "history": (history, lambda history: history.loss),
        "path": (path, lambda path: path.predict(X)),
        "ensemble": (path.ensemble(), lambda ensemble: ensemble.predict(X)),
        "comparison": (
            nx.compare(net, (X, y), methods=["l1"], **{k: v for k, v in PATH.items() if k != "penalty"}),
            lambda compared: compared.paths["l1"].predict(X),
        ),
        "regressor": (
            nx.NetworkRegressor(strength=0.01, random_state=0, epochs=1).fit(X, y[:, 0]),
            lambda model: model.predict(X),
        ),
        "classifier": (
            nx.NetworkClassifier(strength=0.01, random_state=0, epochs=1).fit(X, y[:, 0] > 0),
            lambda model: model.predict_proba(X),
        ),
    }


@pytest.mark.slow
def test_everything_fitted_is_the_same_after_a_pickle():
    for found, numbers in results().values():
        again = pickle.loads(pickle.dumps(found))
        assert repr(again) == repr(found)
        np.testing.assert_array_equal(numbers(again), numbers(found))


def predicted(pickled):
    """In a process of its own."""
    model = pickle.loads(pickled)
    return np.asarray(model.eval()(X) if isinstance(model, nn.Module) else model.predict(X))


@pytest.mark.slow
def test_what_was_fitted_predicts_in_spawned_processes_and_in_those_of_loky(monkeypatch):
    from joblib.externals.loky import get_reusable_executor

    fitted = [
        found for found, _ in results().values() if isinstance(found, nn.Module) or hasattr(found, "predict")
    ]
    pickles = [pickle.dumps(found) for found in fitted]
    expected = [predicted(each) for each in pickles]
    monkeypatch.syspath_prepend(Path(__file__).parent)  # workers import by name what they are to call
    here = importlib.import_module(Path(__file__).stem)
    for pool in (ProcessPoolExecutor(2, multiprocessing.get_context("spawn")), get_reusable_executor(2)):
        for found, value in zip(pool.map(here.predicted, pickles), expected):
            np.testing.assert_array_equal(found, value)
        pool.shutdown()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "times", "most"),  # MB that a round may add to memory, once the first rounds are over
    [
        ("100 steps", 200, 0.005),
        ("a fit", 200, 0.01),
        ("a path", 100, 0.03),
        ("an estimator", 60, 0.3),
        ("a fit of another width and loss", 40, 3.0),
        ("a path of another width and loss", 30, 4.0),
        ("forwards of another width", 40, 20.0),
        ("steps in PyTorch's words", 30, 1.0),
    ],
)
def test_what_a_process_holds_stays(kind, times, most):
    script = Path(__file__).with_name("long_runs.py")
    told = subprocess.run(
        [sys.executable, str(script), str(times), kind], capture_output=True, text=True, check=True
    ).stdout
    held = json.loads(told)
    assert (held["memory"][-1] - held["memory"][1]) / (0.6 * times) < most, held
    for name in ("arrays", "networks", "files", "threads"):
        assert held[name][-1] <= held[name][0], (name, held)
