"""Every figure against a picture of it that was looked at; words apart, whose shapes change with fonts.

`NORMAX_BASELINES=1 pytest tests/plot/test_pictures.py` draws the pictures anew; look at them before they are kept.
"""

import os
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.testing.compare import calculate_rms
from matplotlib.text import Text
from PIL import Image

import normax as nx
from normax import diagnostics, nn
from normax.language import speaking
from normax.linear_model.path import fit_path
from normax.paths import Path as Result
from normax.penalties import L1, L2
from normax.report import style
from normax.training.history import History

BASELINES = Path(__file__).parent / "baselines"
TOLERANCE = 6.0  # root mean square of differences, of 255; a curve elsewhere makes it 10 and more


def _table():
    random = np.random.default_rng(0)
    X = random.normal(size=(60, 6))
    X[:, 5] = X[:, 0] + 0.1 * X[:, 5]
    return X, X @ [2.0, -1, 0.5, 0, 0, 0] + random.normal(size=60)


def _result(penalty=L1, tilt=0.0, k=20):
    strengths = np.geomspace(3, 1e-2, k)
    weak = np.linspace(0, 1, k)
    train = 2.0 * np.exp(-3 * weak) + 0.3
    held = train + 0.1 + 0.5 * np.maximum(weak - 0.6 - tilt, 0)
    folds = held + 0.1 * np.sin(np.arange(5))[:, None]
    size = (
        np.maximum(weak - np.array([0.05, 0.2, 0.4])[:, None], 0)
        if penalty is L1
        else 0.1 + weak * np.ones((3, 1))
    )
    coef = (size * np.array([3, -2, 1])[:, None]).T
    return Result(
        strengths=strengths, fold_errors=folds, fold_train_errors=np.tile(train, (5, 1)), fold_sizes=np.full(5, 12),
        weights={"weight": coef[:, None]}, penalised=("weight",), loss="squared", penalty=penalty(), engine="linear",
        select="1se", train_mean=train, feature_names=("age", "bmi", "年龄"), null_error=(2.4, 0.1),
    )  # fmt: skip


def _grid():
    axes = {"strength": np.geomspace(1e-1, 1e-4, 6), "drop.p": np.array([0.0, 0.1, 0.2, 0.4])}
    S, P = (g.ravel() for g in np.meshgrid(*axes.values(), indexing="ij"))
    error = 1 + (np.log10(S) + 2) ** 2 + (P - 0.2) ** 2
    return Result(
        strengths=S, fold_errors=np.tile(error, (3, 1)), fold_train_errors=np.tile(error, (3, 1)),
        fold_sizes=np.full(3, 20), engine="network", weights={"w": np.ones((24, 3, 4))}, penalised=("w",),
        loss="squared", penalty=L1(), select="min", train_mean=error, axes=axes,
    )  # fmt: skip


def _net():
    net, draw = (
        nn.Sequential(nn.Linear(4, 10), nn.ReLU(), nn.Dropout(0.5), nn.Linear(10, 3)),
        np.random.default_rng(1),
    )
    for i in (0, 3):
        w = draw.normal(size=net[i].weight.shape).astype("float32")
        net[i].weight.value = np.where(abs(w) > 0.9, w, 0)
    nx.penalize(net, L1(0.01))
    return net


def _scores():
    random = np.random.default_rng(2)
    y = np.arange(200) % 3 == 0
    return y, np.clip(random.normal(0.3 + 0.3 * y, 0.2), 0.01, 0.99)


def _ridge():
    X, y = _table()
    path = fit_path(X, y, strengths=np.geomspace(30, 1e-3, 30), l1_ratio=0.0)
    return nx.plot.ridge_trace(path, df=diagnostics.ridge_degrees_of_freedom(X, path.strengths))


def _forest():
    ends = np.array([[-3, 1], [-1, 2], [0, 0], [0.5, 1.5]])
    return nx.plot.forest(
        SimpleNamespace(names=list("abcd"), estimate=[-1, 0.5, 0, 1.0], low=ends[:, 0], high=ends[:, 1])
    )


def _two_curves():
    y, score = _scores()
    ax = nx.plot.roc(diagnostics.roc(y, score), label="a")
    return nx.plot.roc(diagnostics.roc(y, score + 0.2 * y), ax, label="b")


def _constraint(ratio):
    return nx.plot.constraint(
        diagnostics.constraint(*_table(), (0, 3), l1_ratio=ratio, strengths=20), index=9
    )


def _dropout():
    still = np.linspace(0, 2, 60).reshape(6, 10)
    found = diagnostics.DropoutEffect(
        "2", 0.5, still, still * (1 + 0.05 * np.sin(still * 9)), still, 0.5, 100
    )
    return nx.plot.dropout(found)


def _training():
    epochs = np.arange(30)
    return nx.plot.training(
        History(np.exp(-epochs / 9) + 0.1, np.exp(-epochs / 6) + 0.2 + epochs / 99, 1.0, 0.5)
    )


FIGURES = {
    "lasso_path": lambda: nx.plot.lasso_path(_result()),
    "ridge_trace": _ridge,
    "cross_validation": lambda: nx.plot.cross_validation(_result()),
    "compare": lambda: nx.plot.compare([_result(), _result(L2, tilt=0.3)]),
    "surface": lambda: nx.plot.surface(_grid()),
    "forest": _forest,
    "sparsity_of_a_path": lambda: nx.plot.sparsity_map(_result()),
    "sparsity_of_a_network": lambda: nx.plot.sparsity_map(_net()),
    "training": _training,
    "module_tree": lambda: nx.plot.module_tree(_net()),
    "living": lambda: nx.plot.living(diagnostics.living(_net())),
    "dropout": _dropout,
    "constraint_l1": lambda: _constraint(1.0),
    "constraint_l2": lambda: _constraint(0.0),
    "residuals": lambda: nx.plot.residuals(
        diagnostics.residuals(_table()[1], _table()[0] @ [1.9, -0.8, 0, 0, 0, 0.3])
    ),
    "predicted": lambda: nx.plot.predicted(
        diagnostics.residuals(_table()[1], _table()[0] @ [1.9, -0.8, 0, 0, 0, 0.3])
    ),
    "roc": _two_curves,
    "precision_recall": lambda: nx.plot.precision_recall(diagnostics.precision_recall(*_scores())),
    "calibration": lambda: nx.plot.calibration(diagnostics.calibration(*_scores())),
}


def wordless(ax, file):
    """The figure of some axes as a small picture without words, in a size that no word has a say in."""
    fig = ax.get_figure()
    for text in fig.findobj(Text):
        text.set_visible(False)
    for i, each in enumerate([*fig.axes, *(child for a in fig.axes for child in a.child_axes)]):
        if each in fig.axes:
            each.set_position((0.1, 0.1, 0.75, 0.8) if i == 0 else (0.9, 0.1, 0.05, 0.8))
    fig.set_size_inches(4.8, 3.2)
    fig.savefig(file, dpi=50)
    Image.open(file).convert("RGB").quantize(32).save(file)


def difference(one, other):
    return calculate_rms(*(np.asarray(Image.open(file).convert("RGB"), float) for file in (one, other)))


@pytest.mark.parametrize("name", FIGURES)
def test_the_picture_is_the_one_that_was_looked_at(name, tmp_path):
    drawn, kept = tmp_path / f"{name}.png", BASELINES / f"{name}.png"
    wordless(FIGURES[name](), drawn)
    if os.environ.get("NORMAX_BASELINES"):
        BASELINES.mkdir(exist_ok=True)
        kept.write_bytes(drawn.read_bytes())
    assert kept.stat().st_size < 50_000
    assert difference(drawn, kept) < TOLERANCE


@pytest.mark.parametrize("name", FIGURES)
def test_no_picture_passes_for_another(name):
    others = [
        difference(BASELINES / f"{name}.png", BASELINES / f"{other}.png")
        for other in FIGURES
        if other != name
    ]
    assert min(others) > TOLERANCE


@pytest.mark.parametrize("name", sorted({*FIGURES} - {"module_tree"}))  # which says what the code says
def test_the_words_of_a_picture_are_of_the_language_that_is_spoken(name, monkeypatch):
    """All but names of the data, of layers and of measures that are written so in Chinese too."""
    monkeypatch.setattr(style, "drawable", lambda letter: True)
    names = r"\\mathdefault|times|age|bmi|drop\.p|systolic|blood|pressure|lasso|ridge|ElasticNet|weight|fc\d|layer|Brier|AUC|RMSE|one|two|SE|R²|L[12]"
    with speaking("zh"):
        fig = FIGURES[name]().get_figure()
    fig.draw_without_rendering()
    words = [text.get_text() for text in fig.findobj(Text) if text.get_visible()]
    english = [word for word in words if re.search("[a-z]{3}", re.sub(names, "", word))]
    assert english == []
    assert any(re.search("[\u4e00-\u9fff]", word) for word in words)


def test_english_is_written_where_no_font_has_the_letters(monkeypatch):
    monkeypatch.setattr(style, "drawable", str.isascii)
    with speaking("zh"):
        assert style.written("{count} of {all} alive", count="三", all=8) == "三 of 8 alive"
