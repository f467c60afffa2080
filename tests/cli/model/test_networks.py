"""Networks by the command: the mlp, a class of the user's file, and what is saved of them."""

import json
import py_compile
import sys
from importlib.util import cache_from_source

import numpy as np
import pytest

from normax.cli import main
from normax.cli.model import network as models
from normax.cli.model.recipe import read, write
from normax.cli.model.saved import SavedModel
from normax.cli.options.typed import parse
from normax.cli.runs.path import run
from normax.errors import InputError
from normax.tables import read_table

NETS = """
from normax import nn
from sizes import HIDDEN

class Net(nn.Module):
    def __init__(self, p, m):
        super().__init__()
        self.norm, self.hidden, self.drop = nn.BatchNorm1d(p), nn.Linear(p, HIDDEN), nn.Dropout(0.1)
        self.head = nn.Linear(HIDDEN, m)

    def forward(self, x):
        return self.head(self.drop(nn.functional.relu(self.hidden(self.norm(x)))))
"""
FAST = ["--strengths", "1e-1,1e-3", "--epochs", "3", "--cv", "2", "--batch-size", "25"]


@pytest.fixture
def folder(table, tmp_path, monkeypatch):
    """A folder with a small table of a number, a text and missing cells, and a file with a network."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.delitem(sys.modules, "sizes", raising=False)
    frame = table[["x0", "x1", "t0", "y"]].head(200)
    frame.assign(kind=np.where(frame["y"] > 0, "high", "low")).to_csv("d.csv", index=False)
    (tmp_path / "nets.py").write_text(NETS)
    (tmp_path / "sizes.py").write_text("HIDDEN = 8")
    return tmp_path


def fit(folder, *words):
    (folder / "o").mkdir()
    return run(parse(["path", "d.csv", "--out", "o", *words, *FAST]), folder / "o")


def same_outputs(path):
    model, table = SavedModel("o", trust_code=True), read_table("d.csv")
    np.testing.assert_allclose(model.outputs(table), path.predict(model.schema.encode(table)), rtol=1e-6)


def test_an_mlp_for_a_regression(folder):
    path, details = fit(folder, "--target", "y", "--drop", "kind", "--model", "mlp", "--test", "0.2")
    same_outputs(path)
    assert details.model_text == "two hidden ReLU layers of 16 units"
    assert details.coefficients is None
    recipe = json.loads((folder / "o" / "model.json").read_text())
    assert recipe["network"] == {"kind": "mlp", "width": 16, "in_features": 6, "out_features": 1}
    assert recipe["output"]["scale"] > 1
    options = {row["option"]: (row["value"], row["default"]) for row in details.settings}
    assert options["--learning-rate"] == ("0.003", True)
    assert options["--epochs"] == ("3", False)


def test_a_class_of_the_users_file(folder, monkeypatch, capsys):
    path, details = fit(folder, "--target", "kind", "--drop", "y", "--model", "nets.py:Net")
    same_outputs(path)
    assert details.model_text == "network Net of nets.py"
    (folder / "elsewhere").mkdir()
    monkeypatch.chdir(folder / "elsewhere")
    assert main(["predict", "../o", "../d.csv", "--trust-code"]) == 0
    said = capsys.readouterr()
    assert {line.split(",")[0] for line in said.out.splitlines()[1:]} <= {"high", "low"}


def test_nothing_of_a_folder_runs_without_the_users_word(folder, fitted, table, capsys):
    """Nor what is not the file that was fitted; `show` never runs it."""
    ran = folder / "ran"
    source = f"open({str(ran)!r}, 'w').close()\n{NETS}"
    (folder / "nets.py").write_text(source)
    saved, _ = read(fitted)
    network = models.architecture("nets.py:Net", 10, len(saved["features"]), 1, folder / "o")
    (folder / "o").mkdir()
    write(folder / "o", models.build(network).state_dict(), {**saved, "network": network})
    table.to_csv("d.csv", index=False)
    ran.unlink()
    assert main(["predict", "o", "d.csv"]) == 2
    said = capsys.readouterr().err
    assert f"class Net of {folder / 'nets.py'}" in said
    assert "add --trust-code" in said
    assert main(["show", "o"]) == 0
    with pytest.raises(InputError, match="--trust-code"):
        SavedModel("o").outputs(read_table("d.csv"))
    for later in (source + "# another day\n", source.replace("Net(", "Nets(")):
        (folder / "nets.py").write_text(later)
        assert main(["predict", "o", "d.csv", "--trust-code"]) == 2
        assert f"{folder / 'nets.py'} has changed since the model was fitted" in capsys.readouterr().err
    assert not ran.exists()
    (folder / "nets.py").unlink()
    assert main(["predict", "o", "d.csv", "--trust-code"]) == 2
    assert f"of a file that is not at {folder / 'nets.py'}; put it there" in capsys.readouterr().err
    (folder / "nets.py").write_text(source)
    assert main(["predict", "o", "d.csv", "--trust-code"]) == 0
    assert ran.exists()


def test_a_compiled_copy_beside_the_file_never_runs(folder):
    """Python would take it for the file's own."""
    (folder / "evil.py").write_text("raise RuntimeError")
    copy, unchecked = cache_from_source("nets.py"), py_compile.PycInvalidationMode.UNCHECKED_HASH
    py_compile.compile("evil.py", copy, invalidation_mode=unchecked)
    recipe = models.architecture("nets.py:Net", 10, 2, 1, folder)
    assert type(models.build(recipe)).__name__ == "Net"


def test_the_width_follows_rows_and_features():
    widths = {
        (n, p): models.architecture("mlp", n, p, 1, None)["width"]
        for n, p in [(64, 6830), (1797, 61), (10**5, 50)]
    }
    assert list(widths.values()) == [16, 64, 256]


@pytest.mark.parametrize("model", ["mlpp", "nets.py", "nets.py:", "nets.txt:Net", "nets.py:1x"])
def test_what_is_no_model(folder, model):
    with pytest.raises(InputError, match=r"--model: expected linear, mlp, auto or FILE\.py:CLASS"):
        models.architecture(model, 10, 2, 1, folder)


def test_a_wrong_shape_of_output(folder):
    (folder / "nets.py").write_text(NETS.replace("nn.Linear(HIDDEN, m)", "nn.Linear(HIDDEN, m + 1)"))
    recipe = models.architecture("nets.py:Net", 10, 2, 1, folder)
    with pytest.raises(InputError, match=r"expected an output of shape \(rows, 1\), got \(2, 2\) for 2 rows"):
        models.build(recipe)
