"""The documentation's site, where `make docs` has built it: axe finds no serious fault, and no page is wider than a phone."""

from pathlib import Path

import pytest

SITE = Path(__file__).parents[3] / "build" / "site"
PAGES = [
    "index.html",
    "benchmarks.html",
    "linear-models.html",
    "zh-CN/index.html",
    "zh-CN/install.html",
    "zh-CN/penalties.html",
]


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_no_serious_fault_on_the_site(name, dark, window):
    if not SITE.exists():
        pytest.skip("no site; make docs")
    assert (SITE / name).exists()
    window.open(SITE / name, width=390 if dark else 1400, dark=dark)
    assert window.js("return document.documentElement.scrollWidth <= innerWidth")
    assert window.faults() == []
