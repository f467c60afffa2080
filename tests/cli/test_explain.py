"""`normax explain` has a word for every penalty and option, in English and Chinese."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from normax.cli import main
from normax.cli.explain import explain, options_by_name
from normax.cli.lessons import LESSON_OF, TITLES
from normax.cli.meanings import MEANINGS, OPTIONS_ZH
from normax.cli.options.words import METHODS, parsers
from normax.paths.arguments import PENALTIES

CHINESE = re.compile(r"[\u4e00-\u9fff]")


def test_every_penalty_method_and_option_has_an_entry_in_both_languages():
    assert {*PENALTIES, *METHODS, "early-stopping"} <= set(MEANINGS)
    options = options_by_name()
    assert {f"--{name}" for name in options} == set(OPTIONS_ZH)
    for name in {*MEANINGS, *options}:
        assert CHINESE.search(explain(name, "zh"))
        assert not CHINESE.search(explain(name, "en"))
    for entry in MEANINGS.values():
        assert all((entry.formula, *entry.en, *entry.zh))


def test_every_entry_names_a_lesson_that_tells_of_it():
    assert set(MEANINGS) <= set(LESSON_OF) <= {*MEANINGS, *options_by_name()}
    lessons = Path(__file__).parents[2] / "lessons"
    for name, lesson in LESSON_OF.items():
        for lang, title in zip(("en", "zh"), TITLES[lesson]):
            notebook = (lessons / lang / f"{lesson}.ipynb").read_text(encoding="utf-8")
            assert f'"# {title}' in notebook
            assert f"{title}\nlessons/{lang}/{lesson}.ipynb" in explain(name, lang)
            if lang == "en" and name in set(MEANINGS) - {"none"}:
                assert re.search(name.replace("-", "[ -]?"), notebook, re.IGNORECASE), name


def test_the_names_of_the_field_are_understood_and_slips_answered(capsys):
    assert explain("Lasso", "en") == explain("l1", "en")
    assert explain("dropout", "en").count("--dropout") == 1  # the layer, then the option
    assert main(["explain", "lang", "--lang", "en"]) == 0
    assert "normax explain" in capsys.readouterr().out
    assert main(["explain", "elastc-net"]) == 2
    assert "did you mean 'elastic-net'?" in capsys.readouterr().err


def test_options_take_the_names_of_the_field():
    parser = parsers()[0]
    assert parser.parse_args(["path", "d.csv", "--penalty", "Ridge"]).penalty == "l2"
    assert parser.parse_args(["compare", "d.csv", "--methods", "lasso, batch_norm"]).methods == [
        "l1",
        "batch-norm",
    ]


def test_the_locale_chooses_the_language(monkeypatch, capsys):
    for said, chinese in (("zh_CN.UTF-8", True), ("de_DE.UTF-8", False)):
        monkeypatch.setenv("LC_ALL", said)
        assert main(["explain"]) == 0
        out = capsys.readouterr().out
        assert bool(CHINESE.search(out)) == chinese
        assert all(name in out for name in MEANINGS)


def test_a_terminal_that_knows_no_greek_gets_the_rest():
    command = [sys.executable, "-m", "normax", "explain", "l1", "--lang", "en"]
    out = subprocess.run(
        command, env=os.environ | {"PYTHONIOENCODING": "ascii"}, capture_output=True, check=True
    )
    assert out.stdout.startswith(b"l1    s ? ?_j |w_j|")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_lines_fit_a_terminal(lang):
    for name in MEANINGS:
        widths = [
            len(line) + len(re.findall(r"[\u2e80-\uffef]", line)) for line in explain(name, lang).splitlines()
        ]
        assert max(widths) <= 92
