"""The page on other screens, on paper, in the dark, in Chinese, with hostile names, and for who cannot see or use a mouse."""

import base64

import numpy as np
import pytest

from normax.paths import linear_path
from normax.report import page, pages

KINDS = ["lasso", "classes", "hostile", "chinese"]


@pytest.fixture
def net(network, tmp_path, monkeypatch):
    """A page of a network, from fits made here."""
    monkeypatch.setattr(pages, "png", lambda *_: b"")
    network.curves = np.cumsum(np.full((6, 12, 8), -0.1), axis=2) + 2
    return page(tmp_path, network), network


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_asks_nothing_of_anyone_and_fits_a_phone(kind, window, made):
    window.complaints()
    window.open(getattr(made, kind).file, width=390, height=844)
    window.go(3)
    assert window.js("return document.documentElement.scrollWidth") <= 390
    assert window.js("return document.querySelectorAll('.plot svg path').length") > 20
    assert window.complaints() == []


@pytest.mark.parametrize(
    ("kind", "dark"), [("lasso", False), ("classes", True), ("hostile", False), ("chinese", True)]
)
def test_axe_finds_no_serious_fault(kind, dark, window, made):
    assert window.open(getattr(made, kind).file, dark=dark).faults() == []


def test_names_are_text_whatever_they_hold(window, made):
    from_data = made.hostile.path.feature_names
    window.open(made.hostile.file)
    window.js("document.querySelectorAll('details').forEach((d) => (d.open = true))")
    for place in (0, 12, 24):
        window.go(place)
    assert window.js("return window.hacked === undefined && document.scripts.length") == 2
    assert set(window.texts("table.long .name")) == set(from_data)
    assert {"<img src=x onerror='window.hacked=1'>", "年龄（岁）"} <= set(window.texts(".plot text, option"))
    long = [t for t in window.texts("[data-part=traces] text") if t.startswith(("a very", "…"))]
    assert len(set(long)) == len(long) == 2, "names are cut where they still differ"
    assert (
        window.js("return [...document.images].length + document.querySelectorAll('svg[onload]').length") == 0
    )


def test_dark_is_the_screens_choice_until_the_button_is_pressed(window, made):
    window.open(made.lasso.file, dark=True)
    paper = "return getComputedStyle(document.body).backgroundColor"
    dark = window.js(paper)
    window.find("button.theme").click()
    light = window.js(paper)
    assert (dark, light) == ("rgb(20, 24, 30)", "rgb(255, 255, 255)")
    window.media(dark=True, media="print")
    assert window.js(paper) == light
    window.media()


def test_paper_gets_all_of_it(window, made):
    window.open(made.lasso.file, dark=True)
    printed = base64.b64decode(window.command("Page.printToPDF", printBackground=True)["data"])
    assert printed.startswith(b"%PDF")
    assert printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page ") >= 3
    assert window.js("return document.documentElement.dataset.theme") is None, "as it was, after printing"
    window.media(media="print")
    hidden = "return ['.play', 'button.theme', 'input[type=search]', 'button.small'].every((s) => getComputedStyle(document.querySelector(s)).display === 'none')"
    assert window.js(hidden)
    window.media()


def test_the_page_speaks_chinese(window, made):
    window.open(made.chinese.file)
    assert window.js("return document.documentElement.lang") == "zh-Hans"
    assert window.text(".facts .strength + small") == "强度 s"
    words = window.texts("h2, h3, button, label, th, figcaption, .plot text, .quiet")
    left = [w for w in words if sum(letter.isascii() and letter.isalpha() for letter in w) > 60]
    assert left == []
    assert {"惩罚多大？", "下载 CSV"} <= {w.strip() for w in words}


@pytest.mark.parametrize(
    "told",
    [
        {"cv": None, "strengths": 6},
        {"strengths": [0.5]},
        {"strengths": [1.0, 0.1, 0.0], "cv": None, "penalty": "l2"},
    ],
    ids=str,
)
def test_odd_paths_have_pages_too(told, window, tmp_path, monkeypatch):
    monkeypatch.setattr(pages, "png", lambda *_: b"")
    X = np.random.default_rng(0).normal(size=(40, 3))
    path = linear_path(X, X[:, 0] + X[:, 1] ** 2, **({"cv": 3} | told))
    window.complaints()
    window.open(page(tmp_path, path))
    window.go(len(path.strengths) - 1)
    empty = "return [...document.querySelectorAll('[data-part]:not([data-part=theme])')].filter((e) => !e.childElementCount).map((e) => e.dataset.part)"
    assert window.js(empty) == []
    assert window.js("return document.querySelectorAll('[d*=NaN], [cx*=NaN], [y*=NaN]').length") == 0
    assert len(window.texts("table.long tbody tr:not(.gap)")) == 3
    assert window.complaints() == []


def test_a_network_shows_what_is_left_of_it(window, net):
    file, path = net
    window.open(file)
    for place in (0, 5, 11):
        window.go(place)
        first = path.weights["fc1.weight"][place]
        used, units = first.any(axis=0), first.any(axis=1)
        assert window.text("[data-part=inputs] [role=status]") == f"{used.sum()} of 8 inputs alive"
        assert window.text(".map p").startswith(
            f"{units.sum()} of 16 units alive, {100 * (first != 0).mean():.1f} %"
        )
        pixels = "const c = document.querySelector('.map canvas:not(.units)'); return [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]"
        image = np.reshape(window.js(pixels), (16, 8, 4))
        ground = np.array([0xEE, 0xF2, 0xF6])
        assert np.array_equal((image[..., :3] != ground).any(axis=2), first != 0)
    assert [said for said in window.complaints() if "getImageData" not in said] == []
    assert window.faults() == []
