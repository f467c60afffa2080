"""The command as scripts use it: one JSON object, a look without a fit, exit codes, streams, completion."""

import csv
import io
import json
import shutil
import subprocess
import sys

import pytest

from normax.cli import main, screen


def run(capsys, *words):
    code = main([str(word) for word in words])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_one_object_with_all_that_the_tables_show(table, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table.head(120).to_csv("d.csv", index=False)
    words = ["path", "d.csv", "--target", "y", "--strengths", "5", "--cv", "3", "--test", "0.2", "--out", "o"]
    code, out, err = run(capsys, *words, "--json")
    found = json.loads(out)
    assert (code, found["folder"], found["target"]) == (0, "o", "y")
    assert [f"note: {text}" for text in found["notices"]] == err.splitlines()
    assert [row["model"] for row in found["baselines"]][:2] == ["null", "chosen"]
    with open("o/path.csv", newline="") as file:
        assert [float(row["strength"]) for row in csv.DictReader(file)] == [
            row["strength"] for row in found["path"]
        ]
    with open("o/coefficients.csv", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["feature"] != "intercept"]
    assert [float(row["original"]) for row in rows] == [row["original"] for row in found["coefficients"]]
    code, out, _ = run(capsys, "show", "o", "--json")
    shown = json.loads(out)
    assert shown["coefficients"] == found["coefficients"]
    assert shown["metrics"] == found["metrics"]


def test_a_look_without_a_fit(table, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table.assign(label=table["t1"], one=1).to_csv("d.csv", index=False)
    code, out, err = run(capsys, "path", "d.csv", "--target", "label", "--drop", "t1", "--dry-run")
    assert code == 0
    assert "label: 3 classes, blue" in out
    assert [line.split()[:5] for line in out.splitlines() if line.startswith(("x0", "t0"))] == [
        ["x0", "numeric", "2", "12"],
        ["t0", "text", "3", "0", "blue,"],
    ]
    assert "'one' left out: constant" in out
    assert "'t1' left out: --drop" in out
    assert "note: column 'one' left out: constant" in err
    code, out, _ = run(capsys, "path", "d.csv", "--dry-run", "--json")
    seen = json.loads(out)
    assert (seen["target"], seen["rows"], seen["delimiter"]) == (None, 1000, ",")
    assert {column["name"]: column["kind"] for column in seen["columns"]}["y"] == "numeric"
    assert next(c for c in seen["columns"] if c["name"] == "t0")["categories"] == ["blue", "green", "red"]
    code, out, _ = run(capsys, "path", "d.csv", "--target", "y", "--dry-run", "--json")
    assert json.loads(out)["target"]["smallest"] == pytest.approx(table["y"].min())
    assert [path.name for path in tmp_path.iterdir()] == ["d.csv"]
    assert run(capsys, "path", "d.csv", "--dry-run", "--target", "yy")[0] == 2


def test_as_a_module():
    done = subprocess.run([sys.executable, "-m", "normax", "--version"], capture_output=True, text=True)
    assert done.stdout.startswith("normax 0.")
    assert done.returncode == 0


def test_a_shell_completes(tmp_path, capsys):
    code, out, _ = run(capsys, "completion", "zsh")
    assert code == 0
    assert "--target" in out
    _, script, _ = run(capsys, "completion", "bash")
    if shutil.which("bash") is None:
        pytest.skip("no bash here")
    script += """
    try() {
      COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 )); COMPREPLY=()
      "$(complete -p normax | sed 's/.*-F \\([^ ]*\\).*/\\1/')" \\
          normax "${COMP_WORDS[$COMP_CWORD]}" "${COMP_WORDS[$COMP_CWORD - 1]}"
      echo "${COMPREPLY[@]}"
    }
    try normax pa; try normax path d.csv --ta; try normax predict --o
    """
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout.splitlines() == ["path", "--target --task", "--out"]


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_colours_and_bars_only_where_they_are_wanted(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    for value, coloured in (("", True), ("1", False)):
        monkeypatch.setenv("NO_COLOR", value)
        monkeypatch.setattr(sys, "stderr", Terminal())
        screen.note("text", screen.console(error=True))
        assert ("\x1b[33m" in sys.stderr.getvalue()) == coloured
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with screen.progress() as on_progress:
        on_progress("folds", 1, 2)
    assert sys.stderr.getvalue() == ""
