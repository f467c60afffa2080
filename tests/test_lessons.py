"""The lessons: notebooks as their sources say, the same code in both languages, and every statement in them holds."""

import contextlib
import io
import json
import re
import runpy
import tokenize
from pathlib import Path

import matplotlib
import pytest
from markdown_it import MarkdownIt

matplotlib.use("Agg")
LESSONS = Path(__file__).parents[1] / "lessons"
MAKE = runpy.run_path(str(LESSONS / "make.py"))
READMES = ("README.md", "README.zh-CN.md")
SLOW = ("06", "07", "14")  # train several networks
NAMES = [source.stem for source in MAKE["SOURCES"]]


def cells(name, language="en"):
    text = (LESSONS / language / f"{name}.ipynb").read_text(encoding="utf-8")
    return json.loads(text)["cells"]


def texts(name, language, kind):
    return ["".join(cell["source"]) for cell in cells(name, language) if cell["cell_type"] == kind]


def tags(cell):
    return cell["metadata"].get("tags", [])


def test_the_notebooks_are_those_of_the_sources():
    for source in MAKE["SOURCES"]:
        for language in ("en", "zh"):
            file = LESSONS / language / f"{source.stem}.ipynb"
            made = MAKE["notebook"](source.read_text(encoding="utf-8"), language)
            assert file.read_text(encoding="utf-8") == made, f"run python lessons/make.py ({file.name})"
    for language in ("en", "zh"):
        assert sorted(file.stem for file in (LESSONS / language).glob("*.ipynb")) == NAMES


def bare(code):
    """The tokens of the code without comments and what strings say."""
    said = {tokenize.STRING, tokenize.COMMENT, getattr(tokenize, "FSTRING_MIDDLE", None)}
    tokens = tokenize.generate_tokens(io.StringIO(code).readline)
    return [token.string for token in tokens if token.type not in said]


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_have_the_same_code_and_parts(name):
    english, chinese = (texts(name, language, "code") for language in ("en", "zh"))
    assert [bare(code) for code in english] == [bare(code) for code in chinese]
    parts = [
        [re.findall(r"^(#+) |^\*\*(\d)\.", text, re.MULTILINE) for text in texts(name, language, "markdown")]
        for language in ("en", "zh")
    ]
    assert parts[0] == parts[1]
    assert not re.search(r"[\u4e00-\u9fff]", "".join(english + texts(name, "en", "markdown")))
    assert all(re.search(r"[\u4e00-\u9fff]", text) for text in texts(name, "zh", "markdown"))
    source = (LESSONS / "source" / f"{name}.md").read_text(encoding="utf-8")
    table = next(content for kind, content in MAKE["parts"](source) if kind == "words")
    assert [word for word in MAKE["words"](table) if word not in "".join(english)] == []


@pytest.mark.parametrize("name", NAMES)
def test_each_lesson_ends_with_three_exercises_whose_checks_are_folded(name):
    kinds = [kind for cell in cells(name) for kind in tags(cell) if kind in ("exercise", "check")]
    assert kinds == ["exercise", "check"] * 3
    for cell in cells(name):
        hidden = bool({"check", "setup"} & set(tags(cell)))
        assert cell["metadata"].get("jupyter", {}).get("source_hidden", False) == hidden


@pytest.mark.parametrize("language", ["en", "zh"])
def test_emphasis_acts(language):
    """Between Chinese letters and quotes CommonMark may leave stars as stars."""
    for text in (text for name in NAMES for text in texts(name, language, "markdown")):
        page = MarkdownIt().render(re.sub(r"\$\$.*?\$\$|\$[^$\n]*\$", "", text, flags=re.DOTALL))
        assert "*" not in re.sub(r"<code.*?</code>", "", page, flags=re.DOTALL), text


def test_links_of_the_lessons_lead_somewhere():
    pages = [(LESSONS, (LESSONS / file).read_text(encoding="utf-8")) for file in READMES]
    for language in ("en", "zh"):
        pages += [(LESSONS / language, text) for name in NAMES for text in texts(name, language, "markdown")]
    for folder, text in pages:
        links = re.findall(r"\]\(([^)#\s]+)\)", text)
        assert [x for x in links if not x.startswith("https://") and not (folder / x).exists()] == []


def ran(code, names):
    """What the code printed."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "lesson", "exec"), names)
    return printed.getvalue()


RUNS = [
    pytest.param(name, language, marks=[pytest.mark.slow] * (language == "zh" or name.startswith(SLOW)))
    for language in ("en", "zh")
    for name in NAMES
]


@pytest.mark.parametrize(("name", "language"), RUNS)
@pytest.mark.filterwarnings("ignore::normax.Notice")
def test_the_lesson_runs_and_its_checks_tell_right_from_not_yet(name, language, tmp_path, monkeypatch):
    """Each exercise as it stands, which must not pass, then by its solution, which must."""
    monkeypatch.chdir(tmp_path)
    names, waiting = {"__name__": "lesson"}, None
    outcomes = (r"\d\. (not yet|还不对): .+\n", r"\d\. (right|正确)\n")
    with matplotlib.rc_context():
        for cell in (cell for cell in cells(name, language) if cell["cell_type"] == "code"):
            source = "".join(cell["source"])
            if "exercise" in tags(cell):
                waiting = source, "".join(cell["metadata"]["solution"])
            elif "check" in tags(cell):
                for answer, outcome in zip(waiting, outcomes):
                    ran(answer, names)
                    assert re.fullmatch(outcome, ran(source, names)), answer
            else:
                ran(source, names)
        matplotlib.pyplot.close("all")
