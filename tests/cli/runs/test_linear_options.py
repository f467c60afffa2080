"""`--refit`, `--splines`, `--interactions` and groups by column: fitted, saved, shown and applied again."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from normax import sealed
from normax.cli import main
from normax.cli.model.saved import SavedModel
from normax.cli.options.typed import parse
from normax.cli.runs.path import run
from normax.errors import InputError
from normax.tables import read_table

FAST = ["--cv", "3", "--strengths", "15"]


@pytest.fixture(scope="module")
def curved(tmp_path_factory):
    """y bends in age, and the slope of dose depends on the city; some ages are missing."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"age": random.uniform(0, 10, 240), "dose": random.normal(size=240)})
    frame["city"] = random.choice(["Bern", "Basel", "Chur"], 240)
    frame["y"] = np.sin(frame["age"]) * 3 + frame["dose"] * np.where(frame["city"] == "Bern", 2, 0)
    frame["y"] += random.normal(size=240) * 0.3
    frame.loc[random.choice(240, 9, replace=False), "age"] = None
    file = tmp_path_factory.mktemp("curved") / "d.csv"
    frame.to_csv(file, index=False)
    return file


@pytest.fixture(scope="module")
def bent(curved, tmp_path_factory):
    """The folder of a model with curves and products."""
    folder = tmp_path_factory.mktemp("bent")
    run(parse(["path", str(curved), "--target", "y", *FAST, "--splines", "--interactions"]), folder)
    return folder


@pytest.mark.parametrize(
    "words",
    [
        ["--refit"],
        ["--splines"],
        ["--interactions"],
        ["--splines", "--interactions", "--refit", "--penalty", "elastic-net"],
        ["--splines", "--interactions", "--penalty", "group-lasso"],
    ],
)
def test_the_saved_model_is_the_fitted_one(curved, tmp_path, words):
    path, details = run(parse(["path", str(curved), "--target", "y", *FAST, *words]), tmp_path)
    model = SavedModel(tmp_path)
    X = model.schema.encode(read_table(curved))
    np.testing.assert_allclose(model.outputs(curved), path.predict(X), rtol=1e-9)
    assert details.data.features == len(details.coefficients) == path.weights["weight"].shape[-1]
    assert len({row.feature for row in details.coefficients}) == details.data.features


def test_they_find_what_the_table_was_made_of(curved, tmp_path):
    errors = {}
    for words in ([], ["--splines"], ["--splines", "--interactions"]):
        path, details = run(parse(["path", str(curved), "--target", "y", *FAST, *words]), tmp_path)
        errors[len(words)] = path.best.cv_mean
    assert errors[1] < 0.6 * errors[0]
    assert errors[2] < 0.5 * errors[1]
    named = {row.feature: row for row in details.coefficients if row.standardised}
    assert named["dose × city=Bern"].column == "dose × city"
    assert any(name.startswith("age (curve at") for name in named)
    assert details.model_text == "linear model with 2 curves and 11 products"


def test_groups_take_a_column_in_as_a_whole(curved, tmp_path):
    path, details = run(
        parse(["path", str(curved), "--target", "y", *FAST, "--splines", "--penalty", "group-lasso"]),
        tmp_path,
    )
    columns = [row.column for row in sorted(details.coefficients, key=lambda row: row.feature)]
    live = {
        column: [bool(r.standardised) for r in details.coefficients if r.column == column]
        for column in columns
    }
    assert all(all(each) or not any(each) for each in live.values())
    assert details.penalty == "group-lasso"


def test_what_is_shown_again_is_what_was_printed(curved, tmp_path, capsys):
    words = ["--splines", "--refit"]
    assert main(["path", str(curved), "--target", "y", *FAST, *words, "--out", str(tmp_path / "o")]) == 0
    printed = capsys.readouterr().out
    assert "penalty l1, refit (gamma" in printed
    assert main(["show", str(tmp_path / "o")]) == 0
    assert printed.strip() in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda e: e["curves"].append(99), "expected features from 0 to 5"),
        (lambda e: e["knots"].pop(), "expected knots of 2 curves, got 1"),
        (lambda e: e["knots"][0].reverse(), "knots: expected 5 numbers at most, increasing"),
        (lambda e: e["products"].append([0, 1]), "features: not those of the schema"),
        (lambda e: e["products"][0].append(1), r"products\[0\]: expected 2 entries, got 3"),
    ],
)
def test_a_damaged_expansion_is_named(bent, tmp_path, change, fault):
    shutil.copytree(bent, tmp_path, dirs_exist_ok=True)
    recipe = json.loads((tmp_path / "model.json").read_text())
    change(recipe["expansion"])
    content = {k: v for k, v in recipe.items() if k not in ("format", "version", "checksum")}
    sealed.write_json(tmp_path / "model.json", "normax model", 2, content)
    with pytest.raises(InputError, match=fault):
        SavedModel(tmp_path)


def test_a_model_from_before_there_were_expansions_is_read(curved, tmp_path):
    run(parse(["path", str(curved), "--target", "y", *FAST]), tmp_path)
    before = SavedModel(tmp_path).outputs(curved)
    recipe = json.loads((tmp_path / "model.json").read_text())
    content = {k: v for k, v in recipe.items() if k not in ("format", "version", "checksum", "expansion")}
    sealed.write_json(tmp_path / "model.json", "normax model", 2, content)
    np.testing.assert_array_equal(SavedModel(tmp_path).outputs(curved), before)


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["--refit", "--penalty", "l2"], "--refit: l2 chooses no columns"),
        (["--model", "mlp", "--splines", "--interactions"], "--splines, --interactions: for linear models"),
        (["--model", "mlp", "--penalty", "group-lasso"], "--penalty group-lasso: for linear models"),
    ],
)
def test_what_has_no_effect_is_refused(words, fault):
    with pytest.raises(InputError, match=fault):
        parse(["path", "d.csv", "--target", "y", *words])


def test_splines_without_a_number_to_bend_say_so(tmp_path, capsys):
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"a": random.choice(["x", "y"], 60), "b": random.integers(3, size=60)})
    frame.assign(y=frame["b"] + random.normal(size=60)).to_csv(tmp_path / "d.csv", index=False)
    words = ["path", str(tmp_path / "d.csv"), "--target", "y", *FAST, "--splines"]
    assert main([*words, "--out", str(tmp_path / "o")]) == 0
    said = capsys.readouterr()
    assert "--splines: no column has 10 different numbers" in said.err
    assert "linear model with neither curves nor products" in said.out
