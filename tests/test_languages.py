"""Each page of the documentation is there in English and in Chinese, and both say the same, as far as form can tell."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted(p for p in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")) if ".zh-CN" not in p.name)
FENCED = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def twin(page):
    return page.with_name(f"{page.stem}.zh-CN.md")


def form(page):
    """What both languages share: code, headings, pictures and links, rows of tables, points of lists, code within text."""
    text = page.read_text(encoding="utf-8")
    prose = FENCED.sub("", text)
    links = [to.replace(".zh-CN.md", ".md").partition("#")[0] for to in re.findall(r"\]\(([^)\s]+)\)", prose)]
    links = [to.replace("lessons/zh/", "lessons/en/") for to in links]
    return {
        "code": FENCED.findall(text),
        "headings": re.findall(r"^(#+) ", prose, re.MULTILINE),
        "links": sorted(links),
        "rows": len(re.findall(r"^\|", prose, re.MULTILINE)),
        "points": len(re.findall(r"^ *(?:-|\d\.) ", prose, re.MULTILINE)),
    }, set(re.findall(r"`[^`\n]+`", prose))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_both_languages_have_one_form(page):
    english, chinese = form(page), form(twin(page))
    assert chinese[0] == english[0]
    assert english[1] - chinese[1] == set(), "code within text that the Chinese page lacks"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_stay_within_a_language(page):
    """A page links to pages of its own language, and to its twin in one line under its title."""
    for own, other, name in ((page, twin(page), "中文"), (twin(page), page, "English")):
        text = own.read_text(encoding="utf-8")
        assert f"\n[{name}]({other.name})\n" in text
        pages = [to for to in re.findall(r"\]\(([^)#]+\.md)", text) if (own.parent / to).is_file()]
        strays = [
            to
            for to in pages
            if (".zh-CN" in to) != (".zh-CN" in own.name)
            and to not in (other.name, f"lessons/{other.name}")
            and (twin(own.parent / to).is_file() or ".zh-CN" in to)
        ]
        assert strays == []
