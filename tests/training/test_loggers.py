"""Loggers hand on what the history holds: to stand-ins of each package, and to the package itself where it is there."""

import struct
import sys
from importlib.util import find_spec
from types import SimpleNamespace

import numpy as np
import pytest

import normax as nx
from normax import nn
from normax.errors import InputError
from normax.paths import linear_path


@pytest.fixture(scope="module")
def data():
    X = np.random.default_rng(0).normal(size=(40, 3)).astype("float32")
    return X, X[:, :1]


def fit(data, *callbacks, **options):
    return nx.fit(
        nn.Linear(3, 1), data, loss="squared", optimizer="sgd", epochs=3, callbacks=callbacks, **options
    )


def path():
    X = np.random.default_rng(0).normal(size=(40, 30))
    y = X[:, 0] + np.random.default_rng(1).normal(size=40)
    return linear_path(X, y, strengths=[0.1, 1.0, 0.3, 0.05], cv=4)


class Mlflow:
    """mlflow as far as it is used."""

    def __init__(self, active=None):
        self.active, self.log, self.params = active, [], {}

    def active_run(self):
        return self.active

    def start_run(self, run_name):
        self.active = run_name or "unnamed"

    def end_run(self):
        self.active = None

    def log_params(self, params):
        self.params |= params

    def log_metrics(self, values, step):
        self.log.append((step, values))


def test_mlflow_gets_every_epoch_and_its_run_is_ended(data, monkeypatch):
    fake = Mlflow()
    monkeypatch.setitem(sys.modules, "mlflow", fake)
    history = fit(data, nx.MLflow("first", {"width": 3}), validation=0.25)
    assert fake.active is None
    assert fake.params == {"width": 3}
    assert [step for step, _ in fake.log] == [1, 2, 3]
    assert [values["loss"] for _, values in fake.log] == pytest.approx(history.loss.tolist())
    assert [values["validation_loss"] for _, values in fake.log] == pytest.approx(
        history.validation_loss.tolist()
    )
    ours = Mlflow(active="outer")
    monkeypatch.setitem(sys.modules, "mlflow", ours)
    fit(data, nx.MLflow())
    assert ours.active == "outer"  # who started it ends it


def test_wandb_gets_every_epoch_and_its_run_is_finished(data, monkeypatch):
    log, finished, asked = [], [], {}

    def init(**options):
        asked.update(options)
        return SimpleNamespace(log=log.append, finish=lambda: finished.append(True))

    monkeypatch.setitem(sys.modules, "wandb", SimpleNamespace(run=None, init=init))
    history = fit(data, nx.WandB(project="tables"))
    assert asked == {"project": "tables"}
    assert [row["step"] for row in log] == [1, 2, 3]
    assert [row["loss"] for row in log] == pytest.approx(history.loss.tolist())
    assert finished == [True]


def test_a_path_is_logged_from_strong_to_weak(monkeypatch):
    fake, found = Mlflow(), path()
    monkeypatch.setitem(sys.modules, "mlflow", fake)
    nx.MLflow().log_path(found)
    *rows, (_, best) = fake.log
    assert [values["path/strength"] for _, values in rows] == [1.0, 0.3, 0.1, 0.05]
    assert rows[1][1]["path/cv"] == found.cv_mean[2]
    assert best["best/strength"] == found.best.strength


def scalars(file):
    """(step, name, value) of an event file: records of length, checksum, message, checksum."""
    from tensorboardX.proto.event_pb2 import Event

    data, at, found = file.read_bytes(), 0, []
    while at < len(data):
        (length,) = struct.unpack_from("<Q", data, at)
        event = Event.FromString(data[at + 12 : at + 12 + length])
        found += [(event.step, value.tag, value.simple_value) for value in event.summary.value]
        at += 16 + length
    return found


@pytest.mark.skipif(find_spec("tensorboardX") is None, reason="tensorboardX is not installed")
def test_tensorboard_files_hold_the_history(data, tmp_path):
    history = fit(data, nx.TensorBoard(tmp_path))
    (file,) = tmp_path.iterdir()
    rows = scalars(file)
    assert [row[:2] for row in rows] == [(1, "loss"), (2, "loss"), (3, "loss")]
    assert [row[2] for row in rows] == pytest.approx(history.loss.tolist())


def test_a_missing_package_is_named_before_anything_is_trained(data, monkeypatch):
    for name in ("mlflow", "wandb", "tensorboardX", "torch.utils.tensorboard"):
        monkeypatch.setitem(sys.modules, name, None)
    for logger, extra in (
        (nx.MLflow(), "mlflow"),
        (nx.WandB(), "wandb"),
        (nx.TensorBoard("runs"), "tensorboard"),
    ):
        with pytest.raises(InputError, match=rf"pip install 'normax\[{extra}\]'"):
            fit(data, logger)
    with pytest.raises(InputError, match="expected a folder or a writer"):
        nx.TensorBoard()
