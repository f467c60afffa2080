"""What results show in a notebook: a line that opens, in the notebook's own colours, markup kept out; and as frames."""

import html.parser
import re
import sys

import numpy as np
import pytest
import rich.console

import normax as nx
from normax import nn
from normax.linear_model import Lasso
from normax.linear_model.path import fit_path
from normax.paths import linear_path
from normax.rows import PrintedTable
from normax.training.history import History


@pytest.fixture(scope="module")
def data():
    X = np.random.default_rng(0).normal(size=(40, 3))
    return X, X[:, 0] + 0.1 * X[:, 1]


@pytest.fixture(scope="module")
def path(data):
    return linear_path(*data, strengths=40, cv=3, feature_names=["<b>", "x", "z"])


class _Closed(html.parser.HTMLParser):
    """Fails where a tag is not closed by its own."""

    def __init__(self, text):
        super().__init__()
        self.open, self.seen = [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.seen.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def shown(thing):
    text = thing._repr_html_()
    _Closed(text)
    assert not re.search(r"color|background|<script|<style|http", text), "a dark notebook keeps its colours"
    return text


def test_each_result_is_one_line_that_opens(data, path):
    history = History(np.arange(100.0, 0, -1), None, 1.0, 0.5)
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.LazyLinear(1))
    for thing in (path, fit_path(*data, strengths=[1.0, 0.1]), history, net):
        text = shown(thing)
        assert text.count("<details>") == 1
        assert len(text) < 20_000
    assert "sizes not known yet" in shown(net)
    assert "16 parameters" in shown(net[0])
    assert "eval" in shown(net[0].eval())
    assert shown(history).count("<tr>") == 27  # every fourth epoch, the last, and the head


def test_marked_rows_of_a_long_table_stay_and_markup_does_not_act(path):
    text = shown(path)
    assert re.search(r">[^<]*1se<", text)
    assert "&lt;b&gt;" in shown(PrintedTable([{"<b>": 1}]))
    assert "<b>" not in shown(PrintedTable([{"<b>": 1}]))
    assert "&lt;b&gt;" in shown(Lasso(alpha=0.01).fit(*_named(path)).summary())


def _named(path):
    import pandas as pd

    X = np.random.default_rng(0).normal(size=(40, 3))
    return pd.DataFrame(X, columns=path.feature_names), X[:, 0]


def test_an_estimator_shows_its_parameters(data):
    assert "Lasso" in Lasso(alpha=0.01)._repr_html_()


def test_summary_is_text_and_html_in_a_notebook_too(monkeypatch):
    """rich, left alone, sends a table to the notebook by itself and leaves the text empty."""
    monkeypatch.setattr(rich.console, "_is_jupyter", lambda: True)
    tree = nx.summary(nn.Sequential(nn.Linear(3, 2)))
    assert "8 parameters" in str(tree)
    assert "0: Linear" in str(tree)
    assert "0: Linear" in shown(tree)


def test_frames_are_the_tables(path, data):
    frame = path.frame()
    assert list(frame.columns) == ["strength", "nonzero", "train", "cv", "se", "choice"]
    np.testing.assert_array_equal(frame["cv"], path.cv_mean)
    fits = fit_path(*data, strengths=[1.0, 0.1])
    assert fits.frame()["nonzero"].tolist() == fits.nonzero.tolist()


def test_the_repr_of_a_linear_path_is_one_short_line(data):
    assert re.fullmatch(
        r"LinearPath\(2 strengths from 1 to 0\.1, 3 features, gap<=\S+\)",
        repr(fit_path(*data, strengths=[0.1, 1.0])),
    )
    sparse = fit_path(*data, strengths=[0.1], sparse_coef=True)
    assert repr(sparse).startswith("LinearPath(1 strength 0.1, 3 features")


CELLS = [
    "import numpy as np, normax as nx; from normax import nn, diagnostics; from normax.linear_model import Lasso",
    "X = np.random.default_rng(0).normal(size=(60, 30)); y = X[:, 0] + np.random.default_rng(1).normal(size=60)",
    "path = nx.paths.linear_path(X, y, strengths=[1.0, 0.3, 0.1, 0.05], cv=4); path",
    "nx.plot.lasso_path(path)",
    "path.plot()",
    "net = nn.Sequential(nn.Linear(30, 4), nn.ReLU(), nn.Linear(4, 1)); net",
    "nx.summary(net)",
    "history = nx.fit(net, (X.astype('float32'), y.astype('float32')), loss='squared', optimizer='sgd', epochs=3, "
    "progress=True); history",
    "Lasso(alpha=0.1).fit(X, y)",
    "diagnostics.living(net)",
    "nx.draw(net)",
]


@pytest.mark.slow
def test_a_notebook_shows_everything_once_and_small():
    """Run by a kernel, as people run it."""
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    nbclient.NotebookClient(book, timeout=300).execute()
    outputs = [cell.outputs for cell in book.cells]
    assert outputs[:2] == [[], []]
    for cell, found in zip(book.cells[2:], outputs[2:]):
        results = [output for output in found if output.output_type == "execute_result"]
        assert len(results) == 1, cell.source
        assert not [output for output in found if output.output_type in ("stream", "error")], cell.source
        kinds = results[0].data
        assert {"text/html", "image/png", "image/svg+xml"} & set(kinds), cell.source
        assert kinds["text/plain"].count("\n") < 40
        if "text/html" in kinds and "Lasso(" not in cell.source:  # scikit-learn's own is longer
            assert len(kinds["text/html"]) < 20_000
            assert not re.search(r"background|#[0-9a-f]{6}", kinds["text/html"])
    widths = [output[0].metadata["image/png"]["width"] for output in outputs[3:5]]
    assert max(widths) <= 730
    assert "parameters" in outputs[6][0].data["text/plain"]
    bars = [output for output in outputs[7] if output.output_type == "display_data"]
    assert len(bars) == 1
    assert bars[0].data["text/html"] == ""  # it is gone when the work is done


def test_a_bar_is_an_element_of_the_page(monkeypatch):
    from types import SimpleNamespace

    from normax.progress import progress_bar

    shown, kernel = [], SimpleNamespace(get_ipython=lambda: SimpleNamespace(kernel=object()))

    def display(html, display_id):
        shown.append(html)
        return SimpleNamespace(update=shown.append)

    page = SimpleNamespace(HTML=str, display=display)
    monkeypatch.setitem(sys.modules, "IPython", kernel)
    monkeypatch.setitem(sys.modules, "IPython.display", page)
    with progress_bar("fit <b>", 10, True) as report:
        report(3, lambda: "loss 0.5 & less")
    assert shown == [
        'fit &lt;b&gt; <progress max="10" value="3" style="width:16em"></progress> loss 0.5 &amp; less',
        "",
    ]
    with progress_bar("quick", 10, None) as report:  # over before anybody would look for it
        report(3, lambda: "")
    assert len(shown) == 2
