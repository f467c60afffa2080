"""Kernels: shipped ones are found by the kinds of their arguments, others are compiled; a wheel's need no numba."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import normax
from normax import compiled
from normax.compiled import Kernel, kernel, kinds

ROOT = Path(__file__).parent.parent


@kernel
def _twice(a):
    return 2.0 * a


@kernel
def total(a, b):
    """A kernel that calls another."""
    return _twice(a).sum() + b


def test_a_kernel_calls_another_and_keeps_its_words():
    assert total(np.arange(3.0), 1) == 7.0
    assert total.__doc__ == "A kernel that calls another."


def test_a_shipped_function_serves_its_kinds_alone(monkeypatch):
    a = np.arange(3.0)
    monkeypatch.setattr(total, "shipped", {kinds((a, 1)): lambda a, b: "shipped"})
    assert total(a, 1) == "shipped"
    assert total(a, 1.5) == 7.5
    assert total(np.arange(6.0)[::2], 1) == 13.0  # laid out otherwise
    frozen = a.copy()
    frozen.flags.writeable = False
    assert total(frozen, 1) == 7.0


@pytest.mark.parametrize(
    "other",
    [
        np.zeros(3, np.float32),
        np.zeros((3, 1)),
        np.zeros(6)[::2],
        np.zeros(3, ">f8"),
        np.ndarray(3, buffer=bytearray(25), offset=1),
        np.zeros(3).tolist(),
        (np.zeros(3),),
        None,
    ],
)
def test_whatever_machine_code_must_know_is_in_the_kinds(other):
    assert kinds((other,)) != kinds((np.zeros(3),))


def test_an_array_mapped_from_a_file_is_an_array(tmp_path):
    mapped = np.memmap(tmp_path / "a", dtype=float, mode="w+", shape=3)
    assert kinds((mapped,)) == kinds((np.zeros(3),))
    assert total(mapped, 1) == 1.0


def test_a_library_of_other_sources_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(compiled, "LIBRARY", tmp_path)
    told = {"module": "kernels_any", "stamp": "0" * 64, "files": ["compiled.py"], "kernels": {}}
    monkeypatch.setattr(compiled, "source_stamp", lambda files: "1" * 64)
    for level in compiled.LEVELS:
        (tmp_path / f"{level}.json").write_text(json.dumps(told))
    assert compiled._loaded() == {}


def test_all_machine_code_is_a_kernel():
    """numba is named in one file, so that a wheel's fits never import it."""
    naming = [
        f
        for f in Path(normax.__file__).parent.rglob("*.py")
        if "numba import" in f.read_text(encoding="utf-8")
    ]
    assert [f.name for f in naming] == ["compiled.py"]
    assert isinstance(total, Kernel)


FITS = """
import sys
import numpy as np
from normax.linear_model import Lasso, LassoCV, LogisticRegression, LogisticRegressionCV, PoissonRegressor, Ridge
rng = np.random.default_rng(0)
X = rng.normal(size=(80, 6))
y = X[:, 0] + rng.normal(size=80)
for model, target in (
    (Lasso(0.1), y), (LassoCV(), y), (Ridge(), y), (LogisticRegression(), y > 0),
    (LogisticRegressionCV(Cs=3, l1_ratios=(1.0,)), y > 0), (PoissonRegressor(), np.round(np.exp(y))),
):
    print(*(value.hex() for value in np.ravel(model.fit(X, target).coef_)))
print("numba" in sys.modules)
"""


@pytest.mark.slow
def test_a_package_with_its_kernels_fits_without_numba(tmp_path):
    """The kernels are built into a copy of the package; the same fits then compile nothing, and agree."""
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", "_kernels"))
    shutil.copytree(ROOT / "wheels", tmp_path / "wheels")
    level = next(name for name, needs in compiled.LEVELS.items() if compiled.has(needs))
    level = level if level == "any" else "v3"
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "src")}

    def run(*words):
        done = subprocess.run(
            [sys.executable, *words],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.splitlines()

    *before, numba = run("-c", FITS)
    assert numba == "True"
    run("wheels/kernels.py", "--levels", level)
    *after, numba = run("-c", FITS)
    assert numba == "False"
    for old, new in zip(before, after, strict=True):
        old, new = ([float.fromhex(word) for word in line.split()] for line in (old, new))
        np.testing.assert_allclose(new, old, rtol=1e-9, atol=1e-12)
