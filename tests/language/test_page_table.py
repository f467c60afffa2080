"""Every sentence that the page and the pictures say, by Python or by the page's script, has words in Chinese."""

import ast
import re
from pathlib import Path

import normax
from normax.language import translations
from normax.report import html
from normax.report.comparison import CAPTION, CAUTION
from normax.report.curves import LOSSES
from normax.report.pages import CORNERS
from normax.report.results import NAMES
from normax.report.words import LOSS_NOUNS, RULES

SOURCE = Path(normax.__file__).parent
NOT_SAID = {
    "",
    " ",
    " × ",
    " that are ",
    "1se",
    "min",
    "dark",
    "name",
    "reason",
    "text",
    "model_text",
    "loss_text",
    "‖W‖₂",
    "_",
}


def said_by_python():
    drawn = [file for room in ("report", "plot") for file in (SOURCE / room).rglob("*.py")]
    for file in [*drawn, SOURCE / "selection" / "rule.py"]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("say", "written"):
                yield from (
                    c.value for c in ast.walk(node.args[0]) if isinstance(getattr(c, "value", None), str)
                )


def said_by_the_script():
    for file in (SOURCE / "report" / "browser").glob("*.js"):
        for call in re.finditer(r"say\(((?:[^()]|\([^()]*\))*)\)", file.read_text(encoding="utf-8")):
            yield from re.findall(r'"((?:[^"\\]|\\.)*)"', call[1])


def test_every_sentence_has_its_chinese():
    dynamic = {
        *NAMES.values(),
        *RULES.values(),
        *LOSS_NOUNS.values(),
        *LOSSES.values(),
        *CORNERS.values(),
        CAPTION,
        CAUTION,
    }
    said = {*said_by_python(), *said_by_the_script(), *dynamic} - NOT_SAID
    assert len(said) > 150
    assert said - set(translations("zh")) == set()
    assert html.LANGUAGE_TAGS["zh"] == "zh-Hans"
