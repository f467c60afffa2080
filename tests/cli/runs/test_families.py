"""Families, offsets, weights and smearing on the command, from a file to predictions of the saved model."""

import csv
import json

import numpy as np
import pytest

from normax.cli import main
from normax.cli.runs.families import named, with_scale
from normax.linear_model import fit_path
from normax.tables import FillAndScale


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """A file of 160 rows, and its columns."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(160, 3))
    eta, years = X[:, 0] - 0.5 * X[:, 1], rng.uniform(0.5, 3, size=160).round(3)
    life = rng.exponential(np.exp(-eta)).round(2) + 0.01
    columns = {
        **{name: X[:, j].round(4) for j, name in enumerate("abc")},
        "visits": rng.poisson(years * np.exp(eta)),
        "cost": (np.exp(eta) * rng.gamma(2.0, size=160)).round(3) + 0.001,
        "share": (1 / (1 + np.exp(-eta - rng.normal(size=160)))).round(3),
        "life": life.round(2),
        "died": np.where(rng.uniform(size=160) < 0.7, "yes", "no"),
        "years": years,
        "w": rng.integers(1, 4, 160),
    }
    file = tmp_path_factory.mktemp("families") / "table.csv"
    with open(file, "w", newline="") as out:
        csv.writer(out).writerows([columns, *zip(*columns.values())])
    return file, columns


def fitted(table, words, folder):
    """What `normax path` wrote of a run with these words on a, b and c."""
    file, _ = table
    assert main(["path", str(file), "--only", "a,b,c", "--cv", "4", "--strengths", "20", *words.split()]
                + ["--out", str(folder)]) == 0  # fmt: skip
    return json.loads((folder / "model.json").read_text())


def predicted(table, folder):
    file, _ = table
    assert main(["predict", str(folder), str(file), "--out", str(folder / "p.csv")]) == 0
    with open(folder / "p.csv") as rows:
        return np.array([float(row["prediction"]) for row in csv.DictReader(rows)])


@pytest.mark.parametrize(
    ("words", "target", "mean"),
    [
        ("--target visits --family poisson --exposure years --weights w", "visits", np.exp),
        ("--target visits --family negative-binomial --exposure years", "visits", np.exp),
        ("--target cost --family gamma", "cost", np.exp),
        ("--target cost --family tweedie:1.5", "cost", np.exp),
        ("--target cost --family quantile:0.8", "cost", np.asarray),
        ("--target cost --family huber:1.5", "cost", np.asarray),
        ("--target share --family binomial", "share", lambda x: 1 / (1 + np.exp(-x))),
        ("--time-to life --event died --weights w", "life", np.exp),
        ("--time-to life --event died --strata w", "life", np.exp),
    ],
)
def test_a_family_predicts_what_its_own_fit_does(table, tmp_path, words, target, mean):
    _, columns = table
    model = fitted(table, words, tmp_path / "out")
    X = FillAndScale().fit_transform(np.column_stack([columns[name] for name in "abc"]))
    y = columns[target].astype(float)
    if "died" in words:
        y = np.column_stack([y, columns["died"] == "yes"])
    if "--strata" in words:
        y = np.column_stack([np.full(160, -np.inf), y, columns["w"]])
    offset = np.log(columns["years"]) if "years" in words else None
    rows = model["details"]["baselines"]
    strength = next(row["strength"] for row in rows if row["model"] == "chosen")
    weight = columns["w"] if "--weights" in words else None
    own = model["target"]["family"]
    fit = fit_path(X, y, family=named(own), strengths=[strength], sample_weight=weight, offset=offset)
    np.testing.assert_allclose(
        predicted(table, tmp_path / "out"), mean(fit.predict(X, offset)[0, :, 0]), rtol=1e-5
    )
    errors = {row["model"]: row["cv"] for row in rows}
    assert errors["chosen"] < errors["null"]
    measured = {row["name"]: row["cv"] for row in model["details"]["metrics"]}
    if own == "cox":
        assert 0.6 < measured["C index"] < 0.95
    elif own.startswith("quantile"):
        assert 0.65 < measured["share below"] < 0.92
    else:
        assert 0.1 < measured["R²"] < 1


def test_means_of_a_logarithm_are_means(table, tmp_path, capsys):
    _, columns = table
    model = fitted(table, "--target cost --log-target --select min", tmp_path / "out")
    smear = model["target"]["smear"]
    assert 1.1 < smear < 2
    assert "predictions are means, exp of the fit times" in capsys.readouterr().err
    assert predicted(table, tmp_path / "out").mean() == pytest.approx(columns["cost"].mean(), rel=0.1)


def test_the_size_of_huber_is_that_of_the_target():
    y = np.random.default_rng(0).normal(size=2000)
    assert float(with_scale("huber", 100 * y).partition(":")[2]) == pytest.approx(134.5, rel=0.05)
    assert with_scale("huber:2", y) == "huber:2"


def test_the_dispersion_is_that_of_counts_about_their_mean():
    counts = np.random.default_rng(0).negative_binomial(2, 0.4, size=4000)
    assert float(with_scale("negative-binomial", counts).partition(":")[2]) == pytest.approx(0.5, rel=0.1)
    assert with_scale("negative-binomial", np.tile([2, 3], 9)) == "negative-binomial:1e-08"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--target cost --family poison", "did you mean 'poisson'?"),
        ("--target cost --family poisson:2", "poisson takes no parameter"),
        ("--target cost --family quantile:1", "expected a level between 0 and 1"),
        ("--target a --family poisson", "target 'a': --family poisson expects counts of 0 or more"),
        ("--target cost --family cox", "name the column of times, --time-to, and that of events, --event"),
        ("--target cost --strata w", "--strata: for --family cox"),
        ("--time-to life --event a", "--event a: expected 1 (or yes) for an event and 0 (or no)"),
        ("--time-to life --event died --family gamma", "for --family cox, and the family is gamma"),
        ("--target cost --family gamma --model mlp", "--family: for linear models"),
        ("--target cost --exposure a", "--exposure a: expected numbers above 0"),
        ("--target cost --weights a", "--weights a: expected numbers of 0 or more"),
        ("--target cost --offset a --exposure years", "an exposure is an offset"),
        ("--target cost --log-target --family gamma", "--log-target: for --family gaussian"),
        ("--target cost --family gaussian --task classification", "--family gaussian: for --task regression"),
    ],
)
def test_what_a_family_cannot_be_is_said_in_one_line(table, tmp_path, capsys, words, message):
    assert main(["path", str(table[0]), *words.split(), "--out", str(tmp_path / "out")]) == 2
    assert message in capsys.readouterr().err
