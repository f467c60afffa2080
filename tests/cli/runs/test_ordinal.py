"""Levels in an order on the command, from a file to predictions of the saved model, and the dispersion of counts."""

import csv
import json

import numpy as np
import pytest

import normax as nx
from normax.cli import main
from normax.cli.runs.families import named
from normax.linear_model import OrdinalClassifier, fit_path
from normax.linear_model.families.negative_binomial import dispersion_of
from normax.tables import FillAndScale
from normax.tables.levels import level_shares, usual_order

WORDS = np.array(["poor", "fair", "good", "excellent"])


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """A file of 180 rows, and its columns."""
    rng = np.random.default_rng(0)
    X, off = rng.normal(size=(180, 3)).round(4), rng.normal(size=180).round(3)
    eta = 1.5 * X[:, 0] - X[:, 1]
    grade = np.digitize(eta + off + rng.logistic(size=180), [-1.5, 0, 1.5])
    columns = {
        **{name: X[:, j] for j, name in enumerate("abc")},
        "off": off,
        "grade": grade + 1,
        "word": WORDS[grade],
        "gap": np.where(grade == 3, 5, grade + 1),
        "day": [f"2021-0{k + 1}-01" for k in grade],
        "passed": np.where(grade > 1, "yes", "no"),
        "visits": rng.negative_binomial(1.5, 1.5 / (1.5 + np.exp(1 + eta / 2))),
    }
    file = tmp_path_factory.mktemp("levels") / "table.csv"
    with open(file, "w", newline="") as out:
        csv.writer(out).writerows([columns, *zip(*columns.values())])
    return file, columns


def run(table, words, folder):
    return main(["path", str(table[0]), "--only", "a,b,c", "--cv", "4", "--strengths", "8", *words.split()]
                + ["--out", str(folder)])  # fmt: skip


def test_levels_are_predicted_as_by_the_estimator(table, tmp_path, capsys):
    _, columns = table
    out, levels = tmp_path / "out", "poor,fair,good,excellent"
    assert run(table, f"--target word --levels {levels} --offset off --test 0.2", out) == 0
    model = json.loads((out / "model.json").read_text())
    assert model["target"]["labels"] == WORDS.tolist()
    details = model["details"]
    assert [row["output"] for row in details["intercept"]] == ["> poor", "> fair", "> good"]
    rows = {row["model"]: row for row in details["baselines"]}
    assert rows["chosen"]["cv"] < rows["null"]["cv"]
    assert rows["chosen"]["test"] < rows["null"]["test"]
    measured = {row["name"]: row["cv"] for row in details["metrics"]}
    assert measured["C index"] > 0.75
    assert measured["levels off"] < 1
    assert measured["deviance"] == pytest.approx(2 * rows["chosen"]["cv"], rel=0.05)  # folds of unlike sizes
    assert np.sum(details["confusion"]["test"]) == details["data"]["test_rows"]

    saved = nx.load_model(out)
    assert main(["predict", str(out), str(table[0]), "--out", str(out / "p.csv")]) == 0
    assert main(["show", str(out)]) == 0
    assert "excellent" in capsys.readouterr().out
    with open(out / "p.csv") as file:
        found = list(csv.DictReader(file))
    shares = np.array([[float(row[f"P({word})"]) for word in WORDS] for row in found])
    names = {name: columns[name] for name in ("a", "b", "c", "off")}
    np.testing.assert_allclose(shares, saved.predict_proba(names), rtol=1e-12)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    assert [row["prediction"] for row in found] == WORDS[shares.argmax(axis=1)].tolist()
    assert np.mean(saved.predict(names) == columns["word"]) > 0.5


def test_numbers_stand_in_their_order(table, tmp_path):
    _, columns = table
    assert run(table, "--target grade --family ordinal --select min", tmp_path / "out") == 0
    model = json.loads((tmp_path / "out" / "model.json").read_text())
    strength = next(r["strength"] for r in model["details"]["baselines"] if r["model"] == "chosen")
    X = FillAndScale().fit_transform(np.column_stack([columns[name] for name in "abc"]))
    alone = OrdinalClassifier(alpha=strength, l1_ratio=1.0).fit(X, columns["grade"])
    saved = nx.load_model(tmp_path / "out")
    names = {name: columns[name] for name in "abc"}
    np.testing.assert_allclose(saved.predict_proba(names), alone.predict_proba(X), rtol=1e-5)
    assert saved.classes_.tolist() == [1, 2, 3, 4]
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert '"link":"levels"' in page.replace(" ", "")


@pytest.mark.parametrize(
    ("words", "labels"),
    [
        ("--target gap --levels 1,2,3,5", [1, 2, 3, 5]),
        ("--target grade --levels 4,3,2,1", [4, 3, 2, 1]),
        ("--target passed --levels yes,no", ["yes", "no"]),
        ("--target day --levels 2021-01-01,2021-02-01,2021-03-01,2021-04-01 --class-weight balanced", None),
    ],
)
@pytest.mark.slow
def test_levels_may_be_given_in_any_order(table, tmp_path, words, labels):
    _, columns = table
    assert run(table, words, tmp_path / "out") == 0
    saved = nx.load_model(tmp_path / "out")
    assert labels is None or saved.classes_.tolist() == labels
    truth = columns[words.split()[1]]
    predicted = saved.predict({name: columns[name] for name in "abc"})
    assert np.mean(predicted == np.asarray(truth)) > np.max(np.unique(truth, return_counts=True)[1]) / 180


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--target word --family ordinal", "is not known; give it, from the lowest to the highest: --levels poor,fair,good,ex"),
        ("--target day --family ordinal", "that of '2021-01-01', '2021-02-01', '2021-03-01', '2021-04-01' is not known"),
        ("--target gap --family ordinal", "no row has level 4 between 1 and 5"),
        ("--target gap --levels 1,2,3,4,5", "--levels: no row of target 'gap' has '4'; leave it out"),
        ("--target gap --levels 1,2,3", "--levels: target 'gap' has 5 too; say where in the order"),
        ("--target gap --levels 1,2,3,5,5.0", "--levels: expected each level once, got '5', '5.0' again"),
        ("--target word --levels poor,fair,goood,excellent", "has 'goood'; did you mean 'good'?"),
        ("--target word --levels poor,good --family poisson", "--levels: for --family ordinal"),
        ("--target word --levels poor,good --model mlp", "--family: for linear models"),
        ("--target a --family ordinal", "labels in 180 rows; expected a few classes"),
        ("--target grade --family ordinal --task regression", "--family ordinal: for --task classification"),
        ("--target grade --family ordinal:2", "ordinal takes no parameter"),
    ],
)  # fmt: skip
def test_what_levels_cannot_be_is_said_in_one_line(table, tmp_path, capsys, words, message):
    assert run(table, words, tmp_path / "out") == 2
    assert message in capsys.readouterr().err


def test_the_dispersion_is_that_of_the_chosen_fit(table, tmp_path, capsys):
    _, columns = table
    assert run(table, "--target visits --family negative-binomial --select min", tmp_path / "out") == 0
    model = json.loads((tmp_path / "out" / "model.json").read_text())
    own = named(model["target"]["family"])
    assert f"dispersion of the counts about the chosen fit: {own.dispersion:.4g}" in capsys.readouterr().err
    strength = next(r["strength"] for r in model["details"]["baselines"] if r["model"] == "chosen")
    X = FillAndScale().fit_transform(np.column_stack([columns[name] for name in "abc"]))
    y, share = columns["visits"].astype(float), np.full(180, 1 / 180)
    mean = np.exp(fit_path(X, y, family=own, strengths=[strength]).predict(X)[0, :, 0])
    assert own.dispersion == pytest.approx(dispersion_of(y, mean, share), rel=0.02)
    assert own.dispersion < 0.9 * dispersion_of(y, np.full(180, y.mean()), share)  # as it was about the mean


def test_usual_scales_are_known():
    assert usual_order({"often", "never", "sometimes"}) == ["never", "sometimes", "often"]
    assert usual_order(["low", "lower"]) is None
    assert usual_order(["red", "blue"]) is None


def test_shares_of_levels_do_not_cancel():
    shares = level_shares(np.array([[40.0, 40.0 - 1e-9, -800.0]]))
    np.testing.assert_allclose(shares.sum(), 1)
    assert shares[0, 1] == pytest.approx(1e-9 * np.exp(-40.0), rel=1e-6)
