"""What is published with the package says one thing: versions, names, and links that lead somewhere."""

import re
import tomllib
from pathlib import Path

import normax

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_one_version():
    cited = re.search(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text(), re.MULTILINE)
    assert cited is not None
    assert normax.__version__ == PROJECT["version"] == cited[1]


def test_the_lowest_python_is_among_the_classifiers():
    lowest = PROJECT["requires-python"].removeprefix(">=")
    assert f"Programming Language :: Python :: {lowest}" in PROJECT["classifiers"]
    assert "Typing :: Typed" in PROJECT["classifiers"]


def test_links_between_pages_lead_to_files():
    for page in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")):
        links = re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
        lost = [to for to in links if "://" not in to and not (page.parent / to).exists()]
        assert not lost, f"{page.name}: {lost}"
