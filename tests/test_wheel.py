"""The wheel, installed beside what the tests have, away from the sources, fits and commands."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TRY = """
import importlib.resources, sys
import normax
from sklearn.datasets import load_diabetes
from normax.linear_model import LassoCV
assert normax.__file__.startswith(sys.prefix), normax.__file__
assert LassoCV(cv=3, alphas=10).fit(*load_diabetes(return_X_y=True)).gap_ < 1e-6
assert (importlib.resources.files(normax) / "py.typed").is_file()
print(normax.__version__)
"""


def run(*command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_wheel_works_without_the_sources(tmp_path):
    pytest.importorskip("hatchling")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path / "dist", cwd=ROOT)
    [wheel] = (tmp_path / "dist").glob("*.whl")
    assert wheel.stat().st_size < 5e6
    venv.create(tmp_path / "venv", with_pip=True)
    here = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin")
    run(here / "python", "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel)
    [site] = (tmp_path / "venv").glob("**/site-packages")
    libraries = [p for p in sys.path if p.endswith("site-packages")]
    (site / "libraries.pth").write_text("\n".join(libraries))  # behind the wheel's own folder
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    options = {"cwd": tmp_path, "env": environment}
    version = run(here / "python", "-c", TRY, **options).strip()
    assert version in wheel.name
    assert version in run(here / "normax", "--version", **options)
    assert "lasso" in run(here / "normax", "explain", "l1", "--lang", "en", **options)
