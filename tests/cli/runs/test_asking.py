"""What the page is told of the chosen model: coefficients of every fold, what columns are worth, degrees of freedom."""

import numpy as np
import pytest

import normax.report
from normax.cli.options.typed import parse
from normax.cli.runs.path import run


@pytest.fixture
def told(tmp_path, monkeypatch):
    """Runs the command and catches what the page is given: (path, table)."""
    random, n = np.random.default_rng(0), 80
    x, z = random.normal(size=(2, n))
    town = random.choice(["Bern", "Basel"], n)
    y = 3 * x + 2 * (town == "Bern") + 0.3 * random.normal(size=n)
    lines = ["x,z,town,y,high", *(f"{a},{b},{t},{v},{v > 1}" for a, b, t, v in zip(x, z, town, y))]
    (tmp_path / "t.csv").write_text("\n".join(lines))
    monkeypatch.chdir(tmp_path)
    caught = {}
    monkeypatch.setattr(
        normax.report, "page", lambda folder, path, details, table: caught.update(path=path, table=table)
    )

    def call(words):
        (tmp_path / "o").mkdir(exist_ok=True)
        run(parse(f"path t.csv --strengths 8 --cv 4 --out o {words}".split()), tmp_path / "o")
        return caught["path"], caught["table"]

    return call


def test_the_fit_on_all_rows_is_the_paths_and_folds_are_beside_it(told):
    for words in ("--target y --drop high", "--target high --drop y --penalty elastic-net"):
        path, table = told(words)
        weight = path.weights["weight"][path.best.index, 0]
        assert np.allclose(table.firmness.estimate, weight, atol=2e-3 * abs(weight).max())
        assert table.firmness.names == path.feature_names
        assert table.firmness.each.shape == (4, len(weight))
        assert table.degrees is None


def test_columns_are_shuffled_as_wholes_on_rows_that_were_held_out(told):
    path, table = told("--target y --drop high --test 0.25 --select min")
    assert table.tested
    assert table.importance.names[0] == "x"
    assert {"x", "town"} <= set(table.importance.names) <= {"x", "z", "town"}
    assert table.importance.estimate[0] > 3  # of 9, the variance of what x adds
    assert path.features


def test_ridge_has_degrees_of_freedom(told):
    path, table = told("--target y --drop high,town --penalty l2")
    Z = path.transform.transform(np.loadtxt("t.csv", delimiter=",", skiprows=1, usecols=(0, 1)))
    for s, found in zip(path.strengths, table.degrees):
        hat = Z @ np.linalg.solve(Z.T @ Z / len(Z) + s * np.eye(2), Z.T) / len(Z)
        assert found == pytest.approx(np.trace(hat))
