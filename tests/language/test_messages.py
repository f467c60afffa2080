"""What the command says by itself, its faults and notices, is said in Chinese: all of it, and never half of it."""

import ast
import re
from pathlib import Path

import pytest

import normax
from normax.cli.options.words import parsers
from normax.errors import suggest
from normax.language import speaking, translations
from normax.language.messages import messages, retold

SOURCE = Path(normax.__file__).parent
#: Strings of two words and more that no user is told, or that are the same in every language.
NOT_SAID = {
    "cli/demo.py": r"path \w+\.csv",
    "cli/explain.py": "Penalties and layers",
    "cli/folder.py": "normax model",
    "cli/lessons.py": ".*",
    "cli/meanings.py": ".*",
    "cli/model/recipe.py": "normax model",
    "cli/options/config.py": "# Repeat this run",
    "cli/options/help.py": r"\\",
    "cli/options/table.py": ".*",  # help, which is tested as it is printed
    "cli/options/typed.py": "the following arguments",
    "cli/options/words.py": ".*",
    "cli/runs/classes.py": r"\(\?",
    "cli/runs/compare.py": "normax comparison",
    "cli/runs/describe.py": "refit",
    "cli/summary.py": "bold red",
    "cli/runs/writing.py": "written as ",
    "tables/date_forms.py": "(day|Month|month|year|hour|Qquarter).*|[(\\[]",
    "tables/dates.py": "[a-z]+ [a-zäéû]+",
    "tables/files/databases.py": "select ",
    "tables/files/delimited.py": "row name",
    "tables/files/survey.py": "end of data|expected after",
    "tables/levels.py": "[a-z ]+[,/]",
    "tables/noticing/identifiers.py": r"\(",
    "tables/noticing/order.py": r"\(",
    "tables/noticing/targets.py": r"\(",
    "tables/noticing/totals.py": r"\^",
    "tables/numbers.py": r"\(|\^",
}
#: Of what is said below the tables, by how many strings it has no Chinese: arguments of Python, seldom faults.
KNOWN = {"linear_model": 310, "paths": 75, "selection": 30}


def templates(node):
    """The texts of f-strings and constants below a node, each as its letters between values."""
    if isinstance(node, ast.JoinedStr):
        yield [part.value for part in node.values if isinstance(part, ast.Constant)]
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                yield from templates(part.value)
    elif isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            yield [node.value]
    else:
        for child in ast.iter_child_nodes(node):
            yield from templates(child)


def said_in(file):
    """All texts of a file but its docstrings."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}

    def walk(node):
        if isinstance(node, (ast.JoinedStr, ast.Constant)):
            yield from templates(node) if id(node) not in docstrings else ()
        else:
            for child in ast.iter_child_nodes(node):
                yield from walk(child)

    return walk(tree)


def told_in(file):
    """What a file raises or warns of."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        called = getattr(node, "func", None)
        if getattr(called, "id", "") in ("InputError", "Notice") or getattr(called, "attr", "") == "warn":
            yield from templates(node)


def in_words(letters):
    return re.search("[a-z]{3}.*[a-z]{3}", "".join(letters)) and " " in "".join(letters).strip(" ,:")


def untold(texts):
    """Those that are part of no message."""
    known = "\n".join([*messages("zh"), *translations("zh")])
    for letters in texts:
        letters = [letters[0].lstrip(":;, "), *letters[1:]] if letters else letters
        if in_words(letters) and not re.search("[^\n]*?".join(map(re.escape, letters)), known):
            yield "{}".join(letters)


def test_all_that_the_command_and_its_tables_say_has_its_chinese():
    without = {}
    for file in [*(SOURCE / "cli").rglob("*.py"), *(SOURCE / "tables").rglob("*.py")]:
        name = file.relative_to(SOURCE).as_posix()
        silent = re.compile(NOT_SAID.get(name, "(?!)"))
        if found := [text for text in untold(said_in(file)) if not silent.match(text)]:
            without[name] = found
    assert without == {}


@pytest.mark.parametrize("room", KNOWN)
def test_what_has_no_chinese_below_the_tables_is_counted(room):
    without = [text for file in (SOURCE / room).rglob("*.py") for text in untold(told_in(file))]
    assert len(without) <= KNOWN[room], without


def test_the_walk_sees_what_has_no_words(tmp_path):
    (tmp_path / "new.py").write_text(
        '"""Of it."""\nraise InputError(f"{file}: the moon is {colour}; wait for it")'
    )
    assert list(untold(said_in(tmp_path / "new.py"))) == ["the moon is {}; wait for it"]
    assert list(untold(told_in(tmp_path / "new.py"))) == ["the moon is {}; wait for it"]


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        (
            "d.csv: no column 'b'; no column 'aeg'; did you mean 'age'? (columns: 'age', ... 14 in all)",
            "没有列 'aeg'；是否想写",
        ),
        (
            "column 'a': 5 cells hold -99, far from all others; missing? (--missing -99)",
            "列 'a'：5 个单元格为 -99",
        ),
        ("columns 'a', 'b': 'x; y' taken as missing", "列 'a', 'b'：'x; y' 视为缺失"),
        (
            "the following arguments are required: DATA (see normax path --help)",
            "还需要：DATA（见 normax path --help）",
        ),
        (
            "3 folds became 2: every fold needs a group, and there are 2 groups",
            "每折都需要一个组，而只有2 个组",
        ),
        ("target 'y': row 4 holds 'two', expected a number for regression", "第 4 行为 'two'，应为数值"),
        ("'2021' left out: text with as many values as rows", "'2021' 未使用"),
        ("two hidden ReLU layers of 16 units", "两个 ReLU 隐层，各 16 个单元"),
    ],
)
def test_messages_are_retold_with_their_values(english, chinese):
    with speaking("zh"):
        assert chinese in retold(english)
        assert not re.search("[a-z]{3,} [a-z]{3,}", re.sub("'[^']*'|normax path", "", retold(english)))
    assert retold(english) == english


@pytest.mark.parametrize(
    "english",
    [
        "d.csv: no column 'a'; the moon is green (columns: 'b')",
        "3 folds became 2: the moon is green",
        "--penalty: expected a moon, got 'l3' (see normax path --help)",
        "the moon is green",
        "",
    ],
)
def test_what_has_no_words_for_a_part_stays_english_as_a_whole(english):
    with speaking("zh"):
        assert retold(english) == english


def test_values_are_never_read_as_messages():
    with speaking("zh"):
        assert retold("{x}: no such file") == "{x}：没有这个文件"
        assert "'every cell is missing'" in retold("column 'every cell is missing': 'NA' taken as missing")


def test_every_message_can_be_said_and_keeps_its_values():
    for english, said in messages("zh").items():
        names = set(re.findall(r"\{(\w+)", english)) - {"s"}
        assert set(re.findall(r"\{(\w+)", said)) <= names, english
        sample = re.sub(
            r"\{(\w+)(:[qnwi])?\}",
            lambda field: "s" if field[1] == "s" else {":q": "'v'", ":n": "7"}.get(field[2], "v"),
            english,
        )
        with speaking("zh"):
            assert (
                "{" in re.sub(r"\{\w+:t\}", "{", sample)
                or retold(sample) != sample
                or said == english.replace(":q", "")
            ), english


def test_the_help_is_in_chinese_to_the_last_line():
    with speaking("zh"):
        parser, commands = parsers()
        helps = [parser.format_help(), *(command.format_help() for command in commands.values())]
    for text in helps:
        assert "用法：" in text
        left = re.sub(r"normax [^\n]*|`[^`]*`|\[[^]]*\]", "", text)
        assert not re.search("[a-z]{3,} [a-z]{3,} [a-z]{3,}", left), left


def test_hints_are_retold():
    with speaking("zh"):
        assert (
            retold(f"d.csv: no such file{suggest('d.csv', ['e.csv'])}")
            == "d.csv：没有这个文件；是否想写 'e.csv'？"
        )
