"""Exported networks run without normax, and give what the network gives in evaluation mode."""

import subprocess
import sys
from importlib.util import find_spec
from types import SimpleNamespace

import jax
import numpy as np
import pytest

import normax as nx
from normax import nn
from normax.errors import InputError


@pytest.fixture(scope="module")
def net():
    nx.manual_seed(0)
    layers = [
        nn.Conv2d(1, 4, 3),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Flatten(),
        nn.Dropout(0.5),
        nn.Linear(4 * 36, 3),
    ]
    return nn.Sequential(*layers)


@pytest.fixture(scope="module")
def x():
    return np.random.default_rng(0).normal(size=(5, 1, 8, 8)).astype("float32")


def test_it_runs_in_a_process_without_normax(net, x, tmp_path):
    data = nx.export(net, x[:1], file=tmp_path / "net.jax")
    assert (tmp_path / "net.jax").read_bytes() == data
    assert net.training
    np.save(tmp_path / "x.npy", x)
    code = (
        "import sys, numpy as np, jax.export\n"
        "run = jax.export.deserialize(bytearray(open('net.jax', 'rb').read()))\n"
        "np.save('y.npy', run.call(np.load('x.npy')))\n"
        "print(*run.platforms, 'normax' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["cpu", "cuda", "tpu", "False"]
    expected = np.asarray(net.eval()(x))
    net.train()
    np.testing.assert_allclose(np.load(tmp_path / "y.npy"), expected, atol=1e-5)


def test_several_inputs_share_their_rows_and_shapes_are_enough():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(3, 2), nn.Linear(4, 2)

        def forward(self, x, y):
            return self.a(x) * self.b(y)

    two = Two()
    data = nx.export(two, *(jax.ShapeDtypeStruct((1, n), np.float32) for n in (3, 4)))
    x, y = np.ones((6, 3), "float32"), np.ones((6, 4), "float32")
    np.testing.assert_allclose(jax.export.deserialize(bytearray(data)).call(x, y), two(x, y), rtol=1e-6)


def test_rows_can_be_fixed_and_must_be_where_the_forward_counts_them():
    class Half(nn.Module):
        def forward(self, x):
            return x[: len(x) // 2 + int(len(x) > 3)]

    x = np.ones((4, 2), "float32")
    with pytest.raises(InputError, match=r"does not take any number of rows.*export\(\.\.\., rows=4\)"):
        nx.export(Half(), x)
    data = nx.export(Half(), x, rows=4)
    assert jax.export.deserialize(bytearray(data)).call(x).shape == (3, 2)


def test_what_cannot_be_written_is_told(net, x, monkeypatch):
    with pytest.raises(InputError, match="expected an input"):
        nx.export(net)
    with pytest.raises(InputError, match="did you mean 'onnx'"):
        nx.export(net, x, format="onx")
    with pytest.raises(InputError, match="TensorFlow reads ONNX"):
        nx.export(net, x, format="SavedModel")
    monkeypatch.setitem(sys.modules, "jax2onnx", None)
    with pytest.raises(InputError, match=r"pip install 'normax\[export\]'"):
        nx.export(net, x, file="net.onnx")


def test_onnx_is_asked_for_the_forward_in_evaluation_mode_and_any_number_of_rows(net, x, monkeypatch):
    """What is handed to jax2onnx, by a stand-in for it: the true one brings Flax, Equinox and Orbax along."""
    asked = {}

    def to_onnx(forward, **told):
        asked.update(told, output=forward(x))
        return SimpleNamespace(SerializeToString=lambda: b"model")

    monkeypatch.setitem(sys.modules, "jax2onnx", SimpleNamespace(to_onnx=to_onnx))
    assert nx.export(net, x[:1], format="onnx") == b"model"
    (spec,) = asked["inputs"]
    assert spec.shape == ("rows", *x.shape[1:])
    assert not asked["enable_double_precision"]
    np.testing.assert_allclose(asked["output"], net.eval()(x), atol=1e-6)
    net.train()


@pytest.mark.slow  # where the extra `export` is installed
@pytest.mark.skipif(find_spec("jax2onnx") is None, reason="jax2onnx is not installed")
def test_onnx_gives_the_same_at_any_number_of_rows(net, x):
    from onnxruntime import InferenceSession

    session = InferenceSession(nx.export(net, x[:1], format="onnx"))
    found = session.run(None, {session.get_inputs()[0].name: x})[0]
    np.testing.assert_allclose(found, net.eval()(x), atol=1e-5)
    net.train()
