"""Checkpoints: whole or not there, and a resumed fit goes on to the same bits."""

import os
import re
import signal
import subprocess
import sys
import textwrap

import numpy as np
import optax
import pytest
from safetensors.numpy import save_file

import normax as nx
from normax import nn, sealed
from normax.training import checkpoint

SCRIPT = """
    import sys, time, numpy as np, optax, normax as nx
    from normax import nn
    random = np.random.default_rng(0)
    X = random.normal(size=(60, 4)).astype("float32")
    y = (X[:, 0] > 0).astype("int32")

    def fit(file, in_memory, resume, **more):
        nx.manual_seed(0)
        net = nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.Dropout(0.2), nn.Linear(5, 2))
        nx.penalize(net, nx.penalties.L1(1e-3))
        history = nx.fit(net, (X, y), loss="cross_entropy", optimizer=optax.adam(1e-2), epochs=6, batch_size=16,
                         in_memory=in_memory, checkpoint=nx.Checkpoint(file, every=0), resume=resume, ema=0.9,
                         validation=0.2, **more)
        return np.concatenate([np.ravel(v) for v in net.state_dict().values()]), history
"""


def namespace():
    space = {}
    exec(textwrap.dedent(SCRIPT), space)
    return space


@pytest.mark.parametrize("in_memory", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_a_killed_fit_resumes_to_the_same_bits(tmp_path, in_memory):
    file = tmp_path / "run.safetensors"
    kill = """
        from normax.training import sources, run, blocks
        sources.CHUNK_STEPS = 1
        blocks.BLOCK_SECONDS = 0  # every block is one step
        save = run.Run.save
        def dying(self):
            save(self)
            if (self.epoch, self.step) == (2, 1):
                import os, signal
                os.kill(os.getpid(), signal.SIGKILL)
        run.Run.save = dying
    """
    code = textwrap.dedent(SCRIPT) + textwrap.dedent(kill)
    code += f"\nfit({str(file)!r}, {in_memory}, False, seed=5)\n"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal.SIGKILL
    fit = namespace()["fit"]
    weights, history = fit(file, in_memory, True)
    expected, whole = fit(tmp_path / "other.safetensors", in_memory, False, seed=5)
    np.testing.assert_array_equal(weights, expected)
    np.testing.assert_array_equal(history.loss, whole.loss)
    np.testing.assert_array_equal(history.validation_loss, whole.validation_loss)
    again, _ = fit(file, in_memory, True)  # a finished fit is only read
    np.testing.assert_array_equal(again, expected)


X = np.random.default_rng(0).normal(size=(30, 3)).astype(np.float32)


def fit(net, **options):
    nx.fit(net, (X, X[:, 0]), loss="squared", **({"optimizer": optax.sgd(0.1), "epochs": 2} | options))


def test_another_architecture_is_refused_with_every_difference(tmp_path):
    file = tmp_path / "run.safetensors"
    fit(nn.Linear(3, 1), checkpoint=file)
    other = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 1))
    with pytest.raises(nx.InputError) as error:
        fit(other, checkpoint=file, resume=True)
    for name in ("missing weights/0.weight", "missing weights/1.bias", "unexpected weights/weight"):
        assert name in str(error.value)
    with pytest.raises(nx.InputError, match="batch_size: 30 there, 10 here"):
        fit(nn.Linear(3, 1), checkpoint=file, resume=True, batch_size=10)
    with pytest.raises(nx.InputError, match="missing optimizer"):
        fit(nn.Linear(3, 1), checkpoint=file, resume=True, optimizer=optax.adam(0.1))
    fit(nn.Linear(3, 1), checkpoint=tmp_path / "seeded", seed=1)
    with pytest.raises(nx.InputError, match="another seed than 2"):
        fit(nn.Linear(3, 1), checkpoint=tmp_path / "seeded", seed=2, resume=True)
    nx.save(other, file)
    with pytest.raises(nx.InputError, match=r"holds no fit.*nx\.load"):
        fit(nn.Linear(3, 1), checkpoint=file, resume=True)
    file.write_bytes(b"half")
    with pytest.raises(nx.InputError, match="damaged, or no fit"):
        fit(nn.Linear(3, 1), checkpoint=file, resume=True)


def test_a_full_disk_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    file = tmp_path / "run.safetensors"
    net = nn.Linear(3, 1)
    fit(net, checkpoint=file)
    old = file.read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    before = np.asarray(net.weight)
    with pytest.raises(nx.InputError, match="No space left"):
        fit(net, checkpoint=file)
    assert file.read_bytes() == old
    assert os.listdir(tmp_path) == [file.name]
    assert (np.asarray(net.weight) != before).any()  # what was trained is kept all the same


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """The checkpoint of a fit with early stopping."""
    file = tmp_path_factory.mktemp("stopped") / "run.safetensors"
    fit(nn.Linear(3, 1), **stopping(), checkpoint=file, epochs=2)
    return file


def stopping():
    return {"callbacks": nx.EarlyStopping("loss"), "ema": 0.9}


def test_resuming_removes_nothing_of_others(stopped, tmp_path):
    file = tmp_path / stopped.name
    file.write_bytes(stopped.read_bytes())
    others = {
        f".{file.name}.notes",
        f".{file.name}.abc123",
        f".{file.name}.1.part",
        f".{file.name}-mine.part",
    }
    for name in others:
        (tmp_path / name).write_text("mine")
    fit(nn.Linear(3, 1), **stopping(), checkpoint=file, epochs=3, resume=True)
    assert set(os.listdir(tmp_path)) == others | {file.name}


def test_damaged_checkpoints_are_refused(stopped, tmp_path):
    data, random = stopped.read_bytes(), np.random.default_rng(0)
    file = tmp_path / "run.safetensors"
    for _ in range(200):
        at = int(random.integers(len(data)))
        damaged = bytearray(data)
        if random.random() < 0.5:
            damaged[at] ^= 1 << int(random.integers(8))
        else:
            del damaged[at : at + int(random.integers(1, len(data)))]
        file.write_bytes(damaged)
        with pytest.raises(nx.InputError, match=re.escape(str(file))):
            checkpoint.read(file)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda arrays, facts: 3, "expected the description of a normax fit"),
        (lambda arrays, facts: [facts], "expected the description of a normax fit"),
        (lambda arrays, facts: facts | {"version": 99}, "written by a newer normax"),
        (lambda arrays, facts: facts | {"epoch": "1", "stopped": None}, "epoch: expected a whole number, got \"1\"; stopped"),
        (lambda arrays, facts: facts | {"step": -1}, "its history is not of"),
        (lambda arrays, facts: {k: v for k, v in facts.items() if k != "step"}, "step: not there"),
        (lambda arrays, facts: arrays.pop("key") is None or facts, "holds no key"),
        (lambda arrays, facts: arrays.update({"history/sums": np.zeros(3)}) or facts, "its history is not of"),
        (lambda arrays, facts: arrays.update({"key": np.zeros(3)}) or facts, "key: expected uint32 (2,)"),
        (lambda arrays, facts: arrays.pop("callbacks/0/best") is None or facts, "EarlyStopping, callback 0, cannot go on"),
        (lambda arrays, facts: arrays.update({"state/weights/bias": np.zeros(1)}) or facts, "weights/bias: expected float32"),
    ],
)  # fmt: skip
def test_nonsense_under_a_right_checksum_is_refused_by_name(stopped, tmp_path, change, message):
    arrays, facts = checkpoint.read(stopped)
    file = tmp_path / "run.safetensors"
    facts = change(arrays, facts)
    sealed.write_sealed(file, arrays, facts)
    with pytest.raises(nx.InputError, match=re.escape(message)):
        fit(nn.Linear(3, 1), **stopping(), checkpoint=file, epochs=3, resume=True)


def test_a_checkpoint_without_a_checksum_is_called_so(tmp_path):
    file = tmp_path / "run.safetensors"
    save_file({"key": np.zeros(2, np.uint32)}, file, {"normax": "{}"})
    with pytest.raises(nx.InputError, match="no fit with a checksum, or one of an older normax"):
        checkpoint.read(file)
