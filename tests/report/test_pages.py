"""The page stands alone, says what was chosen, and survives whatever names and gaps it is given."""

import base64
import hashlib
import json
import os
import re
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import numpy as np
import pytest

from normax.errors import InputError
from normax.files import write
from normax.penalties import L2, Hierarchical
from normax.report import figures, index, page, pages
from normax.report.words import captions, headline, objective

VOID = {"meta", "br", "img", "link", "hr", "input", "path", "use"}
CODE = re.compile(r"<script>\(\(\) => \{.*\}\)\(\);\n</script>", re.DOTALL)
DATA = re.compile(r'<script type="application/json" id="data">([^<]*)</script>')


class Reader(HTMLParser):
    """Collects the text and checks that every element is closed where it should be."""

    def __init__(self, text):
        super().__init__()
        self.open, self.words, self.tags, self.attributes = [], [], set(), []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.attributes += attrs

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.words.append(data)

    @property
    def text(self):
        return re.sub(r"\s+", " ", "".join(self.words))


@pytest.fixture
def details(lasso):
    weight = lasso.weights["weight"][lasso.best.index, 0]
    order = np.argsort(-abs(weight), kind="stable")
    return {
        "title": "target from 10 columns of diabetes.csv",
        "command": "normax path diabetes.csv --target target",
        "task": "regression", "target": "target", "log_target": False, "labels": None, "positive": None,
        "model": "linear", "model_text": "linear model", "loss": "squared", "loss_text": "half the squared error",
        "penalty": "l1", "select": "1se",
        "settings": [{"option": "--cv", "value": "10", "default": True, "text": "shuffled folds, seed 0"}],
        "data": {
            "file": "diabetes.csv", "sha256": "ab12", "rows": 442, "rows_without_target": 7, "test_rows": 0,
            "test_file": None, "features": 10,
            "columns": [{"name": n, "kind": "numeric", "features": 1, "levels": None, "missing": 0} for n in lasso.feature_names],
            "left_out": [{"name": "patient", "reason": "text with as many values as rows"}],
        },
        "notices": ["bmi: 3 missing cells were filled with the mean of the training rows"],
        "metrics": [{"name": "R²", "cv": 0.4712, "test": None, "text": "share of the variance explained"}],
        "confusion": {"labels": ["A", "N"], "cv": [[101, 7], [13, 87]], "test": None},
        "baselines": [
            {"model": "null", "strength": None, "nonzero": 0, "cv": 2964.0, "se": 140.0, "test": None},
            {"model": "chosen", "strength": 6.94, "nonzero": 4, "cv": 1584.0, "se": 95.0, "test": None},
        ],
        "caution": "The cross-validated error of the chosen strength is optimistic.",
        "coefficients": [
            {"feature": lasso.feature_names[j], "column": lasso.feature_names[j], "output": None,
             "standardised": float(weight[j]), "original": float(weight[j] / 7)}
            for j in order
        ],
        "intercept": [{"output": None, "standardised": 152.0, "original": -80.0}],
        "seconds": [["reading", 0.1], ["folds", 1.2]],
        "versions": {"normax": "0.1.0"}, "created": "2026-01-01T00:00:00+00:00",
    }  # fmt: skip


def read(file):
    """The page without its script and the script's numbers."""
    return Reader(DATA.sub("", CODE.sub("", file.read_text(encoding="utf-8"))))


def numbers(file):
    return json.loads(DATA.search(file.read_text(encoding="utf-8"))[1])


def test_a_page_needs_nothing_but_itself(lasso, details, tmp_path):
    file = page(tmp_path / "new" / "folder", lasso, details)
    assert file == tmp_path / "new" / "folder" / "report.html"
    assert sorted(os.listdir(file.parent)) == ["cv.png", "path.png", "report.html"]
    assert (file.parent / "cv.png").read_bytes().startswith(b"\x89PNG")
    found = read(file)
    assert not found.tags & {"script", "link", "iframe", "img"}
    links = [v for k, v in found.attributes if k in ("src", "href", "xlink:href") and not v.startswith("#")]
    assert not links
    text = file.read_text()
    assert "url(" not in re.sub(r"url\(#[\w${}.]+\)", "", text)
    assert len(CODE.findall(text)) == len(DATA.findall(text)) == 1
    code = CODE.search(text)[0].removeprefix("<script>").removesuffix("</script>")
    digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
    assert (
        f"default-src 'none'; img-src data:; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; base-uri 'none'"
        in text
    )


def test_a_page_says_what_was_chosen_and_what_came_out(lasso, details, tmp_path):
    text = read(page(tmp_path, lasso, details)).text
    told = [details[key] for key in ("title", "caution", "command")] + details["notices"]
    data = [
        "patient: text with as many values as rows",
        "shuffled folds, seed 0",
        "ab12",
        "folds 1.2",
        "7 without target",
    ]
    live = lasso.best.nonzero
    counts = [f"{live}of 10 coefficients not zero", f"{10 - live} exactly zero"]
    for expected in (*told, *data, *counts, headline(lasso, details), "1,584", "0.471", "101", "optimistic"):
        assert expected in text, expected


def test_the_table_of_coefficients_has_both_scales_largest_first(lasso, details, tmp_path):
    html = page(tmp_path, lasso, details).read_text()
    body = html[html.index("Coefficients of the chosen model") :]
    names = re.findall(r"<tr><td>(\w+)</td>", body[: body.index("</table>")])
    live = [row for row in details["coefficients"] if row["standardised"]]
    assert names == [row["feature"] for row in live]
    assert f"{live[0]['original']:#.3g}" in body
    assert f"{live[0]['standardised']:#.3g}" in body


@pytest.mark.parametrize("name", ["lasso", "ridge", "network", "multinomial"])
def test_a_path_alone_makes_a_page(name, tmp_path, request):
    path = request.getfixturevalue(name)
    text = read(page(tmp_path, path)).text
    assert headline(path) in text
    assert "null model" in text
    assert ("Penalised weights" in text) == (name == "network")


def test_any_key_of_the_details_may_be_missing(lasso, details, tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "svg", lambda *_: "<svg></svg>")
    monkeypatch.setattr(pages, "png", lambda *_: b"")
    for key in details:
        read(page(tmp_path, lasso, {k: v for k, v in details.items() if k != key}))


def test_a_test_set_is_shown_and_labelled(lasso, details, tmp_path):
    details["caution"] = None
    details["metrics"][0]["test"] = 0.4321
    details["baselines"][1]["test"] = 1700.0
    text = read(page(tmp_path, lasso, details)).text
    assert "0.432R², test set" in text
    assert "in cross-validation, its squared error" in text
    details["baselines"][0]["test"] = 3400.0
    text = read(page(tmp_path, lasso, details)).text
    assert "on the test rows, its squared error is 50% below" in text
    assert "1,700" in text
    assert "rows held out until the end" in text


def test_names_are_text_and_never_markup(lasso, details, tmp_path):
    evil = '<script>alert("x")</script>&'
    details["title"] = details["notices"][0] = details["coefficients"][0]["feature"] = evil
    details["confusion"]["labels"][0] = evil
    found = read(page(tmp_path, lasso, details))
    assert "script" not in found.tags
    assert found.text.count(evil) >= 4


def test_a_path_without_folds_makes_a_page(lasso, tmp_path):
    lasso.cv_mean = lasso.cv_se = np.full(25, np.nan)
    lasso.fold_errors, lasso.null_error, lasso.unpenalised_error = np.empty((0, 25)), None, None
    del lasso.minimum, lasso.one_se, lasso.best
    text = read(page(tmp_path, lasso)).text
    assert "without cross-validation" in text
    assert "nan" not in text


def test_headlines_fit_what_happened(lasso, ridge):
    kept = lasso.best.nonzero
    gain = 1 - lasso.best.cv_mean / lasso.null_error[0]
    assert f"keeps {kept} of 10 coefficients" in headline(lasso)
    assert f"{gain:.0%} below" in headline(lasso)
    assert "shrinks all 10 coefficients and sets none to zero" in headline(ridge)
    lasso.nonzero[lasso.best.index], lasso.best.cv_mean = 0, lasso.null_error[0]
    assert "sets all 10 coefficients to zero" in headline(lasso)
    assert "no better than a model without any features" in headline(lasso)


def test_captions_tell_what_is_drawn(lasso, ridge, network):
    assert "coefficients leave zero one by one" in captions(lasso)[1]
    assert "none reaches it" in captions(ridge)[1]
    assert "units in use" in captions(network)[1]
    assert "go out one by one" in captions(network)[1]
    network.penalty, network.feature_counts = Hierarchical(), np.arange(12) // 2
    assert f"keeps {network.best.index // 2} of 8 features" in headline(network)
    assert "Each line is one feature" in captions(network)[1]
    network.penalty, network.weights = L2(), {name: w + (w == 0) for name, w in network.weights.items()}
    assert "units in use" not in captions(network)[1]
    assert "none reaches zero" in captions(network)[1]


def test_the_objective_is_stated_with_scikit_learns_name_for_the_strength(lasso, ridge):
    assert f"alpha={lasso.best.strength:.6g}" in objective(lasso, 442)
    assert f"alpha={442 * ridge.best.strength:.6g}" in objective(ridge, 442)
    lasso.loss = "binary_cross_entropy"
    assert f"C={1 / (442 * lasso.best.strength):.6g}" in objective(lasso, 442)
    lasso.penalty = lasso.penalty.scaled(
        2.0
    )  # its own strength multiplies the path's: no short name for that
    assert "L1(strength=2.0)" in objective(lasso, 442)
    assert "C=" not in objective(lasso, 442)


def test_an_interrupted_write_leaves_the_old_file(tmp_path, monkeypatch):
    file = tmp_path / "report.html"
    write(file, "old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(InputError, match=r"report.html: cannot be written \(No space left on device\)"):
        write(file, "new")
    assert file.read_text() == "old"
    assert os.listdir(tmp_path) == ["report.html"]


def test_a_folder_that_is_a_file_is_refused(lasso, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="name another folder"):
        page(tmp_path / "file", lasso)


def test_an_index_links_its_reports(lasso, network, details, tmp_path):
    file = index(
        tmp_path, [("a/report.html", lasso, details), ("b/report.html", network, None)], "demo", "Two paths."
    )
    found = read(file)
    assert [v for k, v in found.attributes if k == "href"] == ["a/report.html", "b/report.html"]
    assert headline(network) in found.text
    assert details["title"] in found.text


HOSTILE = (
    *("\x1b[31mred", "bell\x07", "down\x0b", "nul\0", "half\ud800", "\u202eevil"),
    *("--x--", "$x_{", "<b>&", "宽" * 10_000),
)


def test_hostile_names_leave_page_and_pictures_well_formed(lasso, multinomial, details, tmp_path):
    columns = [{"name": n, "kind": n, "features": 1, "levels": None, "missing": 0} for n in HOSTILE]
    left_out = [{"name": n, "reason": n} for n in HOSTILE]
    rows = [row | {"feature": n, "column": n} for row, n in zip(details["coefficients"], HOSTILE)]
    table = details["data"] | {"file": HOSTILE[4], "columns": columns, "left_out": left_out}
    confusion = {"labels": HOSTILE[:2], "cv": [[1, 2], [3, 4]], "test": None}
    known = details | {"title": HOSTILE[0], "command": HOSTILE[1], "notices": HOSTILE, "labels": HOSTILE[:3]}
    known |= {"coefficients": rows, "confusion": confusion, "data": table}
    for number, path in enumerate((lasso, multinomial)):
        path.feature_names = HOSTILE
        file = page(tmp_path / str(number), path, known)
        text, _ = file.read_text(encoding="utf-8"), read(file)
        assert numbers(file)["coefficients"]["names"][:3] == ["\\x1b[31mred", "bell\\x07", "down\\x0b"]
        assert re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\u202e]", text) is None
        for picture in re.findall(r"<svg.*?</svg>", text, re.DOTALL):
            ElementTree.fromstring(picture)
