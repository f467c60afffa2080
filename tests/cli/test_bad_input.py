"""Bad input: one clear line, exit code 2, nothing written."""

import csv
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from normax.cli import main


@pytest.fixture
def folder(table, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table.to_csv("made.csv", index=False)
    return tmp_path


def fails(capsys, *words):
    """Run the command; it must end with 2, one line on the error stream and no new file."""
    before = sorted(Path.cwd().rglob("*"))
    assert main(list(words)) == 2
    said = capsys.readouterr()
    lines = [line for line in said.err.splitlines() if not line.startswith("note: ")]
    assert said.out == ""
    assert len(lines) == 1
    assert lines[0].startswith("normax: error: ")
    assert sorted(Path.cwd().rglob("*")) == before
    return lines[0].removeprefix("normax: error: ")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["pth", "made.csv"], "no command 'pth'; did you mean 'path'?"),
        (["path"], "the following arguments are required: DATA"),
        (["path", "made.csv"], "name the column to predict, --target COLUMN, one of: x0, x1"),
        (
            ["path", "made.csv", "--target", "y", "--drop", "x1", "x2"],
            "unexpected word 'x2'; lists have commas: --drop A,B",
        ),
        (["path", "mad.csv", "--target", "y"], "mad.csv: no such file; did you mean 'made.csv'?"),
        (["path", "made.csv", "--target", "x17"], "made.csv: no column 'x17'; did you mean"),
        (["path", "made.csv", "--target", "y", "--drop", "x3,t9"], "no column 't9'; did you mean"),
        (["path", "made.csv", "--target", "y", "--group", "z"], "no column 'z'"),
        (["path", "made.csv", "--target", "y", "--drop", "y"], "the same column cannot be dropped"),
        (["path", "made.csv", "--target", "y", "--group", "t0", "--time", "x1"], "either grouped or forward"),
        (
            ["path", "made.csv", "--target", "y", "--time", "t0"],
            "--time t0: expected numbers or dates, got text",
        ),
        (
            ["path", "made.csv", "--target", "y", "--time", "x7"],
            "--time x7: every row needs one, and 12 of 1000 have none",
        ),
        (
            ["path", "made.csv", "--target", "y", "--tets", "0.2"],
            "no option '--tets'; did you mean '--test'?",
        ),
        (["path", "made.csv", "extra", "--target", "y"], "extra: no such file"),
        (
            ["path", "made.csv", "--target", "y", "--test", "1.5"],
            "--test 1.5: expected a share between 0 and 1",
        ),
        (
            ["path", "made.csv", "--target", "y", "--test", "0.0001"],
            "--test 0.0001: of 1000 rows it leaves 0",
        ),
        (["path", "made.csv", "--target", "y", "--test", "no.csv"], "no.csv: no such file"),
        (
            ["path", "made.csv", "--target", "y", "--penalty", "l3"],
            "--penalty: expected l1, l2, elastic-net, group-lasso, mcp, scad or slope, got 'l3'",
        ),
        (
            ["path", "made.csv", "--target", "y", "--l1-ratio", "0.5"],
            "--l1-ratio is for --penalty elastic-net",
        ),
        (
            ["path", "made.csv", "--target", "y", "--l1-ratio", "2"],
            "--l1-ratio: expected a number from 0 to 1",
        ),
        (
            ["path", "made.csv", "--target", "y", "--strengths", "1,-1"],
            "--strengths: expected finite strengths >= 0",
        ),
        (
            ["path", "made.csv", "--target", "y", "--strengths", "inf"],
            "--strengths: expected finite strengths >= 0",
        ),
        (
            ["path", "made.csv", "--target", "y", "--strengths", "nan,1"],
            "--strengths: expected finite strengths >= 0",
        ),
        (["path", "made.csv", "--target", "y", "--cv", "1"], "--cv: expected a whole number >= 2, got '1'"),
        (
            ["path", "made.csv", "--target", "y", "--cv", "1001"],
            "--cv 1001: there are 1000 rows to train on; say --cv 1000",
        ),
        (["path", "made.csv", "--target", "y", "--task", "clasification"], "did you mean 'classification'?"),
        (["path", "made.csv", "--target", "t0", "--task", "regression"], "expected a number for regression"),
        (
            ["path", "made.csv", "--target", "y", "--class-weight", "balanced"],
            "--class-weight balanced: expected classes",
        ),
        (["path", "made.csv", "--target", "y", "--log-target"], "--log-target: target 'y' has -"),
        (["path", "made.csv", "--target", "x0"], "target 'x0' is missing in 12 of 1000 rows"),
        (["path", "made.csv", "--target", "y", "--model", "mpl"], "got 'mpl'; did you mean 'mlp'?"),
        (
            ["path", "made.csv", "--target", "y", "--epochs", "5"],
            "--epochs: for networks, and the model is linear",
        ),
        (["path", "made.csv", "--target", "y", "--model", "no.py:Net"], "--model no.py: no such file"),
        (
            ["path", "made.csv", "--target", "y", "--out", "made.csv"],
            "--out made.csv: expected a folder, and it is a file",
        ),
        (["path", "made.csv", "--target", "y", "--out", "made.csv/o"], "--out made.csv/o"),
        (["path", "made.csv", "--target", "y", "--out", "/proc/o"], "--out /proc/o: cannot be written"),
        (["show", "nowhere"], "nowhere: no such folder"),
        (["predict", "made.csv", "made.csv"], "made.csv: no such folder"),
        (
            ["show", "."],
            "holds no model.json; expected a folder that `normax path` or `normax compare` wrote",
        ),
    ],
)
def test_one_line(folder, capsys, words, message):
    assert message in fails(capsys, *words)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.assign(y=1.5), "target 'y' is constant (1.5)"),
        (lambda f: f.assign(y="a"), "target 'y' has one class only ('a')"),
        (lambda f: f.assign(x3=np.where(f.index == 6, np.inf, f.x3)), "column 'x3': inf in row 7"),
        (lambda f: f.assign(y=np.where(f.index == 6, -np.inf, f.y)), "target 'y' has -inf in row 7"),
        (
            lambda f: f.assign(y=np.where(f.index < 1, "rare", "common")),
            "cross-validation needs two folds at least, and each class needs a row in each fold",
        ),
        (lambda f: f.assign(y=np.where(f.index < 1, "rare", "common")), "class 'rare' has 1"),
        (lambda f: f[["y"]], "no column is left to learn from"),
        (lambda f: f[["y"]].assign(a=1), "no column is left to learn from"),
        (lambda f: f.head(0), "columns but no rows"),
    ],
)
def test_tables_that_cannot_be_used(folder, table, capsys, change, message):
    change(table).to_csv("bad.csv", index=False)
    assert message in fails(capsys, "path", "bad.csv", "--target", "y", "--strengths", "5")


@pytest.mark.parametrize(("text", "message"), [("", "the file is empty"), ("a,y\n1,2\n3\n", "line 3 has 1")])
def test_files_that_cannot_be_read(folder, capsys, text, message):
    (folder / "bad.csv").write_text(text)
    assert message in fails(capsys, "path", "bad.csv", "--target", "y")


@pytest.mark.parametrize(
    ("source", "name", "message"),
    [
        ("def broken(:\n", "Net", "--model nets.py, line 1: invalid syntax"),
        ("import math\nimport nothing_like_it\n", "Net", "cannot be imported; ModuleNotFoundError (line 2)"),
        (
            "from normax import nn\nclass Nets(nn.Module): pass\n",
            "Net",
            "no nn.Module of that name in the file; did you mean 'Nets'?",
        ),
        (
            "from normax import nn\nclass Net(nn.Module): pass\n",
            "Net",
            "expected Net(in_features, out_features)",
        ),
    ],
)
def test_models_that_cannot_be_made(folder, capsys, monkeypatch, source, name, message):
    (folder / "nets.py").write_text(source)
    words = [
        "path",
        "made.csv",
        "--target",
        "y",
        "--model",
        f"nets.py:{name}",
        "--strengths",
        "3",
        "--epochs",
        "1",
    ]
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert message in fails(capsys, *words)


def test_foreign_files_are_never_touched(folder, capsys):
    (folder / "o").mkdir()
    (folder / "o" / "report.html").write_text("mine")
    message = fails(capsys, "path", "made.csv", "--target", "y", "--out", "o")
    assert "--out o: already holds report.html, not written by normax" in message
    assert (folder / "o" / "report.html").read_text() == "mine"


def test_prediction_refuses_by_name(fitted, folder, table, capsys):
    table.drop(columns=["x1", "t1"]).to_csv("later.csv", index=False)
    message = fails(capsys, "predict", str(fitted), "later.csv")
    for part in ("no column 'x1'; did you mean", "no column 't1'; did you mean"):
        assert part in message
    table.astype({"x1": object}).assign(x1="high").to_csv("later.csv", index=False)
    assert "column 'x1': row 1 holds 'high', expected a number" in fails(
        capsys, "predict", str(fitted), "later.csv"
    )
    assert "expected a file, and it is a folder" in fails(
        capsys, "predict", str(fitted), "made.csv", "--out", "."
    )
    assert "cannot be written" in fails(capsys, "predict", str(fitted), "made.csv", "--out", "no/where.csv")


def test_damaged_models_are_refused(fitted, folder, capsys):
    shutil.copytree(fitted, folder / "copy")
    (folder / "copy" / "model.safetensors").write_bytes(b"other")
    assert "not the weights that model.json belongs to" in fails(capsys, "predict", "copy", "made.csv")
    for text, message in {
        "{": "cannot be read",
        "[]": "expected the description of a normax model",
        '{"format": "normax model", "version": 99}': "written by a newer normax",
    }.items():
        (folder / "copy" / "model.json").write_text(text)
        assert message in fails(capsys, "show", "copy")


def test_unseen_categories_pass_with_a_note(fitted, folder, table, capsys):
    pd.concat([table.head(2), table.head(1).assign(t0="pink")]).to_csv("later.csv", index=False)
    assert main(["predict", str(fitted), "later.csv"]) == 0
    said = capsys.readouterr()
    assert "column 't0': 1 row of a category not seen in training ('pink')" in " ".join(said.err.split())
    assert len(said.out.splitlines()) == 4


def test_hostile_names_and_labels_are_text_everywhere(folder, table, capsys):
    hostile = {
        "x0": "=cmd|' /C calc'!A0",
        "x1": "\x1b[31mred\x07",
        "x2": "<script>alert(1)</script>",
        "x3": "+1 @x",
    }
    frame = table.head(120).drop(columns=[f"x{j}" for j in range(5, 17)]).rename(columns=hostile)
    frame["y"] = np.array(["=up", "\x1b[2Jdown"])[(table.head(120).x1 > 0).astype(int)]
    frame.to_csv("hostile.csv", index=False)
    assert main(["path", "hostile.csv", "--target", "y", "--cv", "3", "--strengths", "5", "--out", "o"]) == 0
    assert main(["show", "o"]) == 0
    assert main(["predict", "o", "hostile.csv"]) == 0
    said = capsys.readouterr()
    assert "\x1b" not in said.out + said.err
    assert "\\x1b[31mred\\x07" in said.out
    with open("o/coefficients.csv", newline="", encoding="utf-8") as file:
        text = file.read()
    assert "\x1b" not in text
    rows = list(csv.DictReader(text.splitlines()))
    assert {"'=cmd|' /C calc'!A0", "'+1 @x"} < {row["feature"] for row in rows}
    assert all(np.isfinite(float(row["standardised"])) for row in rows)
    assert said.out.splitlines()[-1].startswith(("'=up,", "\\x1b[2Jdown,"))
    page = (folder / "o" / "report.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert "\x1b" not in page
    assert main(["path", "hostile.csv", "--target", "\x1b]0;title\x07"]) == 2
    assert "\x1b" not in capsys.readouterr().err


def test_what_columns_are_can_be_said(folder, table, capsys):
    frame = table.head(90)[["x4", "x5", "y"]].assign(
        code=np.arange(90) % 3, zip=[f"{j % 9:03d}" for j in range(90)]
    )
    frame.loc[3, "x5"] = -77
    frame.to_csv("codes.csv", index=False)
    words = [
        "codes.csv",
        "--target",
        "y",
        "--cv",
        "3",
        "--strengths",
        "4",
        "--text",
        "code",
        "--number",
        "zip",
    ]
    assert main(["path", *words, "--missing", "-77,-", "--only", "x5,x4,code,zip", "--out", "o"]) == 0
    recipe = json.loads((folder / "o" / "model.json").read_text())
    assert recipe["features"] == ["x4", "x5", "x5 (missing)", "code=0", "code=1", "code=2", "zip"]
    assert recipe["details"]["data"]["columns"][1]["missing"] == 1
    assert main(["predict", "o", "codes.csv"]) == 0
    capsys.readouterr()
    message = fails(capsys, "path", "codes.csv", "--target", "y", "--text", "cod")
    assert "no column 'cod'; did you mean 'code'?" in message
