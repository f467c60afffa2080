"""`--model auto`: three models on the same folds, and the simplest within noise kept, saved and told."""

import contextlib
import io

import numpy as np
import pandas as pd
import pytest

from normax.cli import main
from normax.cli.model.saved import SavedModel
from normax.cli.options.typed import parse
from normax.cli.runs.contest import Compared
from normax.errors import InputError
from normax.paths.comparison import Comparison

FAST = ["--model", "auto", "--cv", "3", "--strengths", "5", "--epochs", "20", "--select", "min"]


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    """What was printed of a table that bends in one column, and the folder."""
    random = np.random.default_rng(0)
    x, z = random.uniform(0, 6, 200), random.normal(size=200)
    home = tmp_path_factory.mktemp("auto")
    pd.DataFrame({"x": x, "z": z, "y": np.sin(x) + 0.2 * z + 0.1 * random.normal(size=200)}).to_csv(
        home / "d.csv", index=False
    )
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        code = main(
            ["path", str(home / "d.csv"), "--target", "y", *FAST, "--test", "0.2", "--out", str(home / "o")]
        )
    assert code == 0
    return home, said.getvalue()


def test_the_curve_wins_and_is_the_saved_model(held):
    home, printed = held
    model = SavedModel(home / "o")
    contest = model.recipe["details"]["contest"]
    kept = [row["model"] for row in contest["models"] if row["kept"]]
    assert [row["model"] for row in contest["models"]] == ["linear", "splines", "mlp"]
    assert kept == ["splines"]
    assert len(model.recipe["expansion"]["curves"]) == 2
    assert contest["verdict"].startswith("Kept: splines, the simplest")
    assert "linear is measurably worse" in contest["verdict"]
    chosen = next(row for row in model.recipe["details"]["baselines"] if row["model"] == "chosen")
    told = next(row for row in contest["models"] if row["kept"])
    assert (told["cv"], told["test"]) == (chosen["cv"], chosen["test"])
    assert contest["verdict"] in " ".join(printed.split())
    frame = pd.read_csv(home / "d.csv")
    assert np.sqrt(np.mean((model.outputs(home / "d.csv") - frame["y"]) ** 2)) < 0.15


def test_it_is_shown_and_reported(held, capsys):
    home, printed = held
    assert main(["show", str(home / "o")]) == 0
    assert printed.strip() in capsys.readouterr().out
    page = (home / "o" / "report.html").read_text()
    assert "Which model?" in page
    assert "Kept: splines" in page


class Alone:
    """A path of one strength, known by its errors on four folds of one size."""

    fold_sizes = np.ones(4)

    def __init__(self, *errors):
        self.fold_errors = np.array(errors)[:, None]
        self.best = type("Choice", (), {"index": 0, "cv_mean": float(np.mean(errors))})()


@pytest.mark.parametrize(
    ("errors", "words"),
    [
        ((1.0, 2.0, 3.0, 4.0), "linear cannot be told from it (+0.0 % of its error, ± 0.0)"),
        ((1.1, 2.1, 3.1, 4.2), "linear is measurably worse (+5.0 %, ± 1.0)"),
        ((0.9, 2.3, 2.9, 4.0), "linear cannot be told from it (+1.0 % of its error, ± 3.8)"),
        ((0.9, 1.9, 2.9, 3.9), "linear is measurably better (-4.0 %, ± 0.0)"),
    ],
)
def test_the_verdict_is_by_paired_differences(errors, words):
    compared = Compared(Comparison({"linear": Alone(*errors), "mlp": Alone(1, 2, 3, 4)}, {}, ()), "mlp")
    assert words in compared._verdict()


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["path", "d.csv", "--model", "auto", "--strengths", "1,0.1"], "expected a count"),
        (
            ["path", "d.csv", "--model", "auto", "--splines"],
            "--splines: for linear models, and the model is auto",
        ),
        (["compare", "d.csv", "--model", "auto"], "--model auto: for normax path"),
    ],
)
def test_what_auto_does_not_take(words, fault):
    with pytest.raises(InputError, match=fault):
        parse([*words, "--target", "y"])
