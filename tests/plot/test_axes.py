"""Figures are axes: given or made, composed, without pyplot and without a trace in matplotlib's settings."""

import subprocess
import sys

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.text import Text

import normax as nx
from normax import diagnostics
from normax.errors import InputError
from normax.linear_model import Lasso, LassoCV
from normax.linear_model.path import fit_path


@pytest.fixture(scope="module")
def path():
    X = np.random.default_rng(0).normal(size=(40, 4))
    return fit_path(X, X[:, 0] - X[:, 1], strengths=np.geomspace(1, 0.01, 12))


def test_axes_given_are_drawn_into_and_keep_their_place(path):
    fig = Figure(figsize=(10, 4))
    left, right = fig.subplots(1, 2)
    before = [ax.get_position().bounds for ax in (left, right)]
    assert nx.plot.lasso_path(path, ax=left) is left
    assert nx.plot.sparsity_map(path, ax=right) is right
    assert fig.axes[:2] == [left, right]
    x, _, width, _ = left.get_position().bounds
    assert x == before[0][0]
    assert width < before[0][2]  # the names take room where these axes had it,
    assert right.get_position().bounds == before[1]
    fig.canvas.draw()
    names = [text for text in left.texts if text.get_text().startswith("x")]
    assert names
    for name in names:  # and do not reach the neighbour
        assert name.get_window_extent().x1 < right.get_tightbbox().x0


def test_a_figure_of_ones_own_shows_itself_and_nothing_global_changes(path):
    before = dict(matplotlib.rcParams)
    ax = nx.plot.lasso_path(path)
    data, size = ax._repr_png_()
    assert data.startswith(b"\x89PNG")
    assert size["width"] < 750
    assert dict(matplotlib.rcParams) == before
    code = "import sys, normax as nx; nx.plot.forest; print('matplotlib.pyplot' in sys.modules, 'jax' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["False", "False"]


def test_chinese_is_written_where_it_is_asked_for(path):
    from normax.report.style import families

    ax = nx.plot.lasso_path(path, title="系数")
    ax.set_title("岭迹图")
    ax.set_xlabel("惩罚强度")
    ax.figure.canvas.draw()
    for text in ax.findobj(Text):
        if any("一" <= letter <= "鿿" for letter in text.get_text()):
            assert text.get_fontfamily() == families()


def test_one_forest_of_objects_frames_and_rows(path):
    rows = [
        {"name": "a", "estimate": 1.0, "low": 0.5, "high": 2.0},
        {"name": "b", "estimate": 0.0, "low": -1.0, "high": 1.0},
    ]
    frame = pd.DataFrame(rows).set_index("name")
    assert [t.get_text() for t in nx.plot.forest(frame).get_yticklabels()] == ["a", "b"]
    assert [t.get_text() for t in nx.plot.forest(rows).get_yticklabels()] == ["a", "b"]
    ends = [line.get_xdata() for line in nx.plot.forest(rows).lines if len(line.get_xdata()) == 2][1:]
    np.testing.assert_array_equal(ends, [[0.5, 2], [-1, 1]])
    many = {"estimate": np.arange(60.0), "low": np.arange(60.0), "high": np.arange(60.0)}
    ax = nx.plot.forest(many, most=5)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["x59", "x58", "x57", "x56", "x55"]
    assert "5 largest of 60" in ax.texts[-1].get_text()


def test_an_estimators_path_is_taken():
    X = np.random.default_rng(0).normal(size=(60, 10))
    y = X[:, 0] + np.random.default_rng(1).normal(size=60)
    model = LassoCV(cv=4).fit(X, y)
    ax = nx.plot.cross_validation(model)
    assert ax.get_ylabel() == "held-out error"
    assert nx.plot.lasso_path(model).lines


def test_what_cannot_be_drawn_is_told(path):
    with pytest.raises(InputError, match=r"expected matplotlib Axes, got Figure; `fig.subplots\(\)`"):
        nx.plot.lasso_path(path, ax=Figure())
    with pytest.raises(InputError, match=r"of several axes give one, `ax\[0\]`"):
        nx.plot.lasso_path(path, ax=Figure().subplots(1, 2))
    with pytest.raises(InputError, match="expected a path"):
        nx.plot.lasso_path(Lasso())
    with pytest.raises(InputError, match="no strength was cross-validated"):
        nx.plot.cross_validation(path)
    with pytest.raises(InputError, match="expected one of 1"):
        nx.plot.ridge_trace(path, output=1)
    with pytest.raises(InputError, match="expected one a strength, 12"):
        nx.plot.ridge_trace(path, df=[1.0])
    with pytest.raises(InputError, match=r"expected what nx\.diagnostics\.roc returns"):
        nx.plot.roc(diagnostics.residuals([1.0, 2.0], [1.0, 2.0]))
    with pytest.raises(InputError, match=r"without \['high', 'low'\]"):
        nx.plot.forest({"estimate": [1.0]})


def test_a_layout_that_is_everyones_setting_is_left_out():
    with matplotlib.rc_context({"figure.constrained_layout.use": True}):
        ax = nx.plot.roc(diagnostics.roc([0, 1, 1], [0.1, 0.4, 0.3]))
        ax.get_figure().draw_without_rendering()
    assert not isinstance(ax.get_figure().get_layout_engine(), ConstrainedLayoutEngine)
