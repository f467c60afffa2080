"""`normax compare`: one table and one picture of several methods, or one line that says what is wrong."""

import csv
import json
import signal
import subprocess
import sys

import numpy as np
import pytest

from normax.cli import main
from normax.cli.folder import FILES


@pytest.fixture
def folder(table, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table.head(240).to_csv("made.csv", index=False)
    return tmp_path


def test_a_table_and_a_picture(folder, capsys):
    words = [
        "compare",
        "made.csv",
        "--target",
        "y",
        "--methods",
        "none,l1,dropout",
        "--strengths",
        "1,0.1",
        "--cv",
        "3",
        "--dropout",
        "0.2",
    ]
    words += ["--epochs", "5", "--test", "0.2", "--out", "o"]
    assert main(words) == 0
    said = capsys.readouterr()
    assert {path.name for path in (folder / "o").iterdir()} == FILES["compare"] - {
        "coefficients.csv",
        "model.onnx",
    }
    with open(folder / "o" / "compare.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["method"] for row in rows] == ["none", "l1", "dropout"]
    assert [row["strength"] for row in rows][::2] == ["-", "0.2"]
    with open(folder / "o" / "folds.csv", encoding="utf-8") as file:
        folds = list(csv.DictReader(file))
    assert len(folds) == 9
    best = next(row for row in rows if row["choice"] == "best")
    assert float(best["difference"]) == float(best["difference_se"]) == 0
    errors = {
        row["method"]: [float(f["error"]) for f in folds if f["method"] == row["method"]] for row in rows
    }
    for row in rows:  # three folds of 64 rows: the plain mean is the weighted one
        assert np.isclose(np.mean(errors[row["method"]]), float(row["cv"]))
        d = np.subtract(errors[row["method"]], errors[best["method"]])
        assert np.isclose(d.std(ddof=1) / np.sqrt(3), float(row["difference_se"]))
        assert float(row["test"]) > 0
    assert json.loads((folder / "o" / "comparison.json").read_text())["format"] == "normax comparison"
    page = (folder / "o" / "report.html").read_text()
    assert "--dropout" in page
    assert all(f"<td>{row['method']}</td>" in page for row in rows)
    assert "○" in page or "Which cure?" in page
    assert "dropout" in said.out
    assert "…" not in said.out
    before = (folder / "o" / "report.html").stat().st_mtime_ns
    assert main([*words[:-1], "made.csv"]) == 2  # a file stands there
    assert (folder / "o" / "report.html").stat().st_mtime_ns == before


@pytest.mark.parametrize(
    "words",
    [
        "--methods batch-norm --epochs 2",
        "--methods dropout --dropout 0.3 --epochs 2",
        "--model linear --methods l1",
    ],
)
def test_the_best_model_predicts_and_shows(folder, capsys, words):
    words = words.split()
    command = [
        "compare",
        "made.csv",
        *["--target", "y", "--cv", "2", "--test", "made.csv", "--out", "o"],
        *words,
    ]
    assert main(command) == 0
    recipe = json.loads((folder / "o" / "model.json").read_text())
    assert main(["predict", "o", "made.csv", "--out", "p.csv"]) == 0
    with open(folder / "p.csv", encoding="utf-8") as file:
        predicted = np.array([float(row["prediction"]) for row in csv.DictReader(file)])
    with open(folder / "made.csv", encoding="utf-8") as file:
        y = np.array([float(row["y"]) for row in csv.DictReader(file)])
    with open(folder / "o" / "compare.csv", encoding="utf-8") as file:
        assert np.isclose(
            np.mean((y - predicted) ** 2) / 2, float(next(csv.DictReader(file))["test"]), rtol=1e-4
        )
    capsys.readouterr()
    assert main(["show", "o"]) == 0
    shown = capsys.readouterr().out
    assert f"penalty {words[words.index('--methods') + 1]}" in shown
    assert ("x0" in shown) == (recipe["network"] is None)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--target", "Y", "--methods", "l1"], "no column 'Y'; did you mean 'y'?"),
        (["--target", "y", "--methods", "none,laso"], "got 'laso'"),
        (["--target", "y", "--dropout", "0.2,1.5"], "expected probabilities from 0 to 0.99"),
        (["--target", "y", "--penalty", "l1"], "no option '--penalty'"),
        (["--target", "y", "--model", "linear", "--epochs", "3"], "--epochs: for networks"),
        (["--target", "y", "--model", "linear", "--methods", "dropout"], "has no hidden layer of weights"),
    ],
)
def test_one_line(folder, capsys, words, message):
    assert main(["compare", "made.csv", *words]) == 2
    said = capsys.readouterr()
    lines = [line for line in said.err.splitlines() if not line.startswith("note: ")]
    assert said.out == ""
    assert len(lines) == 1
    assert message in lines[0]
    assert [path.name for path in folder.iterdir()] == ["made.csv"]


@pytest.mark.slow
def test_interruption_is_one_line_and_leaves_nothing(folder):
    program = "import sys; from normax.cli import main; sys.exit(main())"
    words = ["compare", "made.csv", "--target", "y", "--epochs", "20000", "--out", "o"]
    with subprocess.Popen(
        [sys.executable, "-c", program, *words], cwd=folder, stderr=subprocess.PIPE, text=True
    ) as process:
        while not list(folder.glob(".o-*.part")):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=120)
    assert process.returncode == 130
    assert said.splitlines()[-1] == "normax: interrupted; nothing was written"
    assert [path.name for path in folder.iterdir()] == ["made.csv"]
