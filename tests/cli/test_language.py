"""The command in Chinese: by `--lang` before and behind it, by the locale, and with names and numbers as they are."""

import io
import json
import sys

import pytest

from normax.cli import main
from normax.text import columns_of


@pytest.fixture
def table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [f"{i * 7 % 40 / 10},{'ab'[i % 2]},{i}" for i in range(40)]
    text = "\n".join(["sepal,selected,y", *rows]).replace(",", ";").replace(".", ",")
    (tmp_path / "d.csv").write_text(text)


def said(capsys, *words):
    code = main(words)
    return code, *capsys.readouterr()


def test_a_table_is_shown_in_chinese_and_its_columns_align(table, capsys):
    code, out, err = said(capsys, "--lang", "zh", "path", "d.csv", "--target", "y", "--dry-run")
    assert code == 0
    assert "提示：d.csv：数值以逗号为小数点：列 'sepal' 中的" in err
    lines = out.splitlines()
    head = next(line for line in lines if line.startswith("列"))
    assert head.split() == ["列", "种类", "写法", "特征", "缺失", "类别"]
    ends = {columns_of(line[: line.index(word) + len(word)]) for line, word in zip((head,), ("特征",))}
    row = next(line for line in lines if line.startswith("sepal"))
    assert row.split() == ["sepal", "数值", "1.234,5", "1", "0"]
    assert columns_of(row[: row.index(" 1 ") + 2]) in ends


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("path", "d.csv", "--target", "yy", "--lang", "zh"), "d.csv：没有列 'yy'；是否想写 'y'？"),
        (("path", "d.csv", "--lang=zh", "--penalty", "l3"), "--penalty：应为 l1, l2"),
        (("--lang=zh", "pth"), "没有命令 'pth'；是否想写 'path'？"),
        (("show", "nowhere", "--lang", "zh"), "nowhere：没有这个文件夹"),
    ],
)
def test_faults_are_told_in_chinese(table, capsys, words, message):
    code, _, err = said(capsys, *words)
    assert code == 2
    assert err.startswith("normax: 错误：")
    assert message in err


def test_the_locale_chooses_and_lang_overrules_it(table, capsys, monkeypatch):
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert "没有这个文件" in said(capsys, "path", "no.csv", "--target", "y")[2]
    assert "error: no.csv: no such file" in said(capsys, "path", "no.csv", "--target", "y", "--lang", "en")[2]


def test_json_keeps_its_keys_and_notices_in_english(table, capsys):
    _, out, _ = said(capsys, "path", "d.csv", "--target", "y", "--dry-run", "--json", "--lang", "zh")
    found = json.loads(out)
    assert {"columns", "notices", "target"} <= set(found)
    assert found["notices"][0].startswith("d.csv: numbers have decimal commas")


def test_a_terminal_that_lacks_letters_is_given_question_marks(table, monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    assert main(["path", "d.csv", "--target", "y", "--dry-run", "--lang", "zh"]) == 0
    with pytest.raises(SystemExit):
        main(["--lang", "zh", "--help"])
    stream.flush()
    shown = stream.buffer.getvalue().decode("ascii")
    assert "sepal" in shown
    assert "[-h] [--version] [--lang LANG] COMMAND" in shown
