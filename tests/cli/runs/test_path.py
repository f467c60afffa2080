"""`normax path` end to end: what it finds, what it writes, and what must not change it."""

import csv
import json

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file

from normax.cli import main
from normax.cli.folder import FILES
from normax.cli.model.saved import SavedModel
from normax.cli.options.typed import parse
from normax.cli.runs.path import run
from normax.tables import read_table

FAST = ["--cv", "3", "--strengths", "8"]


def outputs(folder, frame):
    return SavedModel(folder).outputs(frame)


def test_the_working_columns_are_found(fitted):
    with (fitted / "coefficients.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["column"] for row in rows if float(row["standardised"]) and row["column"]} == {
        "x0",
        "x1",
        "x2",
        "x3",
        "t0",
    }
    assert [row["feature"] for row in rows].count("intercept") == 1


def test_all_files_are_there_and_nothing_else(fitted):
    assert {path.name for path in fitted.iterdir()} == FILES["path"] - {"model.onnx"}
    assert {path.name for path in fitted.parent.iterdir()} == {"made.csv", "out"}
    page = (fitted / "report.html").read_text()
    assert "<script src" not in page
    assert "http://" not in page.replace("http://www.w3.org", "")


def test_the_recipe_is_plain_and_complete(fitted, table):
    recipe = json.loads((fitted / "model.json").read_text())
    assert recipe["format"] == "normax model"
    assert len(recipe["features"]) == len(recipe["mean"]) == len(recipe["scale"]) == len(recipe["fill"]) == 29
    details = recipe["details"]
    assert details["data"]["rows"] == len(table)
    assert len(details["data"]["sha256"]) == 64
    assert details["caution"].startswith("The cross-validated error of the chosen strength is optimistic")
    assert [row["model"] for row in details["baselines"]] == ["null", "chosen", "minimum", "unpenalised"]
    options = {row["option"]: row for row in details["settings"]}
    assert options["--strengths"]["value"] == "100"
    assert options["--strengths"]["default"]
    assert not options["--cv"]["default"]
    assert set(load_file(fitted / "model.safetensors")) == {"weight", "bias"}


def test_coefficients_on_both_scales_give_the_predictions(fitted, table):
    """By hand, from coefficients.csv alone: w·x + b in the columns' own units."""
    rows = pd.read_csv(fitted / "coefficients.csv")
    recipe = json.loads((fitted / "model.json").read_text())
    X = SavedModel(fitted).schema.encode(read_table(table))
    X = np.where(np.isnan(X), recipe["fill"], X)
    own = rows.set_index("feature")["original"]
    by_hand = X @ own[recipe["features"]].to_numpy() + own["intercept"]
    np.testing.assert_allclose(by_hand, outputs(fitted, table), rtol=1e-9)


@pytest.mark.parametrize("change", ["units", "order"])
def test_units_and_order_of_columns_change_no_prediction(fitted, table, tmp_path, change):
    frame = table.copy()
    if change == "units":
        frame["x2"] *= 1000
    else:
        frame = frame[np.random.default_rng(1).permutation(frame.columns)]
    frame.to_csv(tmp_path / "made.csv", index=False)
    assert (
        main(["path", str(tmp_path / "made.csv"), "--target", "y", "--cv", "5", "--out", str(tmp_path / "o")])
        == 0
    )
    before, after = outputs(fitted, table), outputs(tmp_path / "o", frame)
    assert np.abs(after - before).max() <= 1e-6 * np.abs(before).max()


def test_the_fitted_values_come_back(fitted, tmp_path):
    options = parse(["path", str(fitted.parent / "made.csv"), "--target", "y", "--cv", "5"])
    path, _ = run(options, tmp_path)
    X = SavedModel(fitted).schema.encode(read_table(fitted.parent / "made.csv"))
    assert (
        main(["predict", str(fitted), str(fitted.parent / "made.csv"), "--out", str(tmp_path / "p.csv")]) == 0
    )
    np.testing.assert_allclose(pd.read_csv(tmp_path / "p.csv")["prediction"], path.predict(X), rtol=1e-9)


def test_every_kind_of_file_predicts_the_same(fitted, table, tmp_path):
    table.to_parquet(tmp_path / "d.parquet")
    arrays = {name: table[name].fillna("").astype(str) if name[0] == "t" else table[name] for name in table}
    np.savez(tmp_path / "d.npz", **{name: np.array(column.tolist()) for name, column in arrays.items()})
    table.to_csv(tmp_path / "d.tsv", sep="\t", index=False)
    for name in ("d.parquet", "d.npz", "d.tsv"):
        np.testing.assert_allclose(outputs(fitted, tmp_path / name), outputs(fitted, table), rtol=1e-12)


def test_what_is_printed(fitted, tmp_path, capsys):
    frame = pd.read_csv(fitted.parent / "made.csv").assign(same=1, name=[f"n{j}" for j in range(1000)])
    frame.to_csv(tmp_path / "d.csv", index=False)
    out = tmp_path / "o"
    assert (
        main(["path", str(tmp_path / "d.csv"), "--target", "y", "--test", "0.25", *FAST, "--out", str(out)])
        == 0
    )
    said = capsys.readouterr()
    assert "column 'same' left out: constant" in said.err
    assert "column 'name' left out: text with as many values as rows" in said.err
    for words in (
        "no features",
        "chosen, 1-SE rule",
        "no penalty",
        "test error",
        "R²",
        "RMSE",
        "exactly zero",
    ):
        assert words in said.out
    assert f"Report: {out / 'report.html'}" in said.out
    assert "optimistic" not in said.out
    assert main(["show", str(out)]) == 0
    shown = capsys.readouterr().out
    assert "column 'same' left out: constant" in shown
    assert said.out.strip() in shown


@pytest.mark.parametrize("labels", [["A", "N"], [3, 7], ["a", "b", "c"], [False, True]])
def test_classification_gives_labels_back(table, tmp_path, capsys, labels):
    cuts = np.quantile(table["y"], np.linspace(0, 1, len(labels) + 1)[1:-1])
    kind = np.array(labels, dtype=object)[np.searchsorted(cuts, table["y"])]
    frame = table.drop(columns="y").assign(kind=kind)
    frame.to_csv(tmp_path / "d.csv", index=False)
    words = ["path", str(tmp_path / "d.csv"), "--target", "kind", "--class-weight", "balanced", *FAST]
    assert main([*words, "--test", "0.3", "--out", str(tmp_path / "o")]) == 0
    said = capsys.readouterr().out
    for name in ("AUC", "accuracy", "base rate", "deviance", "true ↓ predicted →"):
        assert name in said
    assert main(["predict", str(tmp_path / "o"), str(tmp_path / "d.csv")]) == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert list(rows[0]) == ["prediction", *(f"P({label})" for label in labels)]
    assert {row["prediction"] for row in rows} == {str(label) for label in labels}
    assert np.mean([row["prediction"] == str(label) for row, label in zip(rows, kind)]) > 0.8
    assert all(abs(sum(float(row[f"P({label})"]) for label in labels) - 1) < 1e-12 for row in rows)


def test_balanced_classes_count_alike_in_every_error(table, tmp_path):
    """The model without features has even odds, so its error is log 2 in the folds and on the test rows."""
    table.assign(y=table["y"] > 4).to_csv(tmp_path / "d.csv", index=False)
    words = ["path", str(tmp_path / "d.csv"), "--target", "y", "--class-weight", "balanced", "--test", "0.3"]
    assert main([*words, *FAST, "--out", str(tmp_path / "o")]) == 0
    details = json.loads((tmp_path / "o" / "model.json").read_text())["details"]
    null = details["baselines"][0]
    assert null["cv"] == pytest.approx(np.log(2), abs=2e-3)
    assert null["test"] == pytest.approx(np.log(2), abs=2e-3)
    assert details["loss_text"] == "negative log-likelihood, every class counted alike"


def test_log_target(table, tmp_path, capsys):
    frame = table.assign(y=np.exp(table["y"] / 4))
    frame.to_csv(tmp_path / "d.csv", index=False)
    words = [
        "path",
        str(tmp_path / "d.csv"),
        "--target",
        "y",
        "--log-target",
        *FAST,
        "--out",
        str(tmp_path / "o"),
    ]
    assert main(words) == 0
    assert "R² (log scale)" in capsys.readouterr().out
    assert (
        main(["predict", str(tmp_path / "o"), str(tmp_path / "d.csv"), "--out", str(tmp_path / "p.csv")]) == 0
    )
    predicted = pd.read_csv(tmp_path / "p.csv")["prediction"]
    assert predicted.min() > 0
    assert np.corrcoef(np.log(predicted), np.log(frame["y"]))[0, 1] > 0.95


def test_test_file_groups_time_and_the_other_options(table, tmp_path, capsys):
    table.iloc[:300].assign(g=np.arange(300) // 10, when=pd.date_range("2020-01-01", periods=300)).to_csv(
        tmp_path / "d.csv", index=False
    )
    table.iloc[300:].to_csv(tmp_path / "later.csv", index=False)
    base = ["path", str(tmp_path / "d.csv"), "--target", "y", *FAST, "--out", str(tmp_path / "o")]
    for words in (
        ["--group", "g", "--test", "0.2", "--drop", "when"],
        ["--time", "when", "--test", "0.2", "--drop", "g", "--select", "min"],
        [
            "--penalty",
            "elastic-net",
            "--l1-ratio",
            "0.9",
            "--drop",
            "g,when",
            "--test",
            str(tmp_path / "later.csv"),
        ],
        ["--penalty", "l2", "--drop", "g,when", "--strengths", "10,1,0.1"],
    ):
        assert main([*base, *words]) == 0, capsys.readouterr().err
    details = json.loads((tmp_path / "o" / "model.json").read_text())["details"]
    assert [row["reason"] for row in details["data"]["left_out"]] == ["--drop", "--drop"]
    assert details["penalty"] == "l2"


def test_rows_without_target_are_left_out_on_request(table, tmp_path, capsys):
    table.assign(y=table["y"].where(table.index % 10 > 0)).to_csv(tmp_path / "d.csv", index=False)
    base = ["path", str(tmp_path / "d.csv"), "--target", "y", *FAST, "--out", str(tmp_path / "o")]
    assert main(base) == 2
    assert "leave those rows out by --drop-missing-target" in capsys.readouterr().err
    assert main([*base, "--drop-missing-target"]) == 0
    details = json.loads((tmp_path / "o" / "model.json").read_text())["details"]
    assert (details["data"]["rows"], details["data"]["rows_without_target"]) == (900, 100)


def test_folds_without_a_class_name_it_by_its_label(table, tmp_path, monkeypatch, capsys):
    """Refused where they can judge nothing, told of where they judge the rest."""
    kind = np.resize(["oak", "fir"], 120)
    late = kind.copy()
    late[60::2] = "yew"
    command = "path d.csv --target kind --task classification --time t --cv 3 --strengths 3"
    monkeypatch.chdir(tmp_path)
    nothing_else = np.where(np.arange(120) < 60, kind, "yew")
    for labels, code, said in (
        (late, 0, "trains without class 'yew', of which it holds out 15"),
        (nothing_else, 2, "trains without class 'yew' and holds out nothing else"),
    ):
        table[["x0", "x1"]].head(120).assign(kind=labels, t=np.arange(120)).to_csv("d.csv", index=False)
        assert main(command.split()) == code
        assert said in capsys.readouterr().err
