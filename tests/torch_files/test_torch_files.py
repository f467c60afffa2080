"""Files written for PyTorch run as they are, without torch, and give PyTorch's numbers (`regenerate.py` makes them)."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).parent
EXPECTED = json.loads((HERE / "expected.json").read_text(encoding="utf-8"))
#: Files whose training and gradients are compared too; all of them in the long tail.
WHOLE = ("gpt", "inplace", "resnet", "tabnet")


def computed(asked):
    """What `without_torch.py` prints; programs this small are not worth optimising."""
    settings = os.environ | {"JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}
    command = [sys.executable, str(HERE / "without_torch.py"), asked]
    done = subprocess.run(command, capture_output=True, text=True, env=settings)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def found():
    return computed(",".join(WHOLE))


@pytest.fixture(scope="module")
def all_found():
    return computed("all")


def assert_same(ours, theirs, where):
    assert ours["shape"] == theirs["shape"], where
    scale = max(np.abs(theirs["entries"]).max(initial=0.0), 1e-6)
    np.testing.assert_allclose(
        ours["entries"], theirs["entries"], rtol=1e-4, atol=1e-4 * scale, err_msg=where
    )
    np.testing.assert_allclose(ours["norm"], theirs["norm"], rtol=1e-4, atol=1e-6, err_msg=where)


def check(name, ours):
    assert "error" not in ours, ours["error"]
    for part, made in ours.items():
        theirs = EXPECTED[name][part]
        assert len(made) == len(theirs), part
        keys = theirs if isinstance(theirs, dict) else range(len(theirs))
        for key in keys:
            assert_same(made[key], theirs[key], f"{name}: {part} {key}")


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_file_gives_the_numbers_of_torch(name, found):
    check(name, found[name])
    assert ("gradients" in found[name]) == (name in WHOLE)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_training_and_gradients_are_those_of_torch(name, all_found):
    assert "gradients" in all_found[name] or "error" in all_found[name]
    check(name, all_found[name])


def test_the_numbers_are_of_the_files_that_are_there():
    assert sorted(EXPECTED) == sorted(file.stem for file in (HERE / "models").glob("*.py"))
    assert len(EXPECTED) >= 20
