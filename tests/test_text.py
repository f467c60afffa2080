"""What comes out of data is text to whatever shows it: terminal, page, spreadsheet."""

import csv
import io
import xml.etree.ElementTree as ET

import pytest

from normax.errors import InputError
from normax.rows import PrintedTable
from normax.text import markup, printable, sheet_cell

HOSTILE = [
    *("\x1b[31mred", "bell\x07", "tab\x0bdown", "nul\0", "over\rwrite", "\u202eevil"),
    *("half\ud800", "\ufffe", "\x9b1m", "line\u2028two", "</td><script>", "--x-->", "]]>"),
    *("&amp;", "\"quoted'", "$x_{", "\\frac", "宽" * 5000),
]


@pytest.mark.parametrize("name", HOSTILE)
def test_no_control_character_gets_through(name):
    shown = printable(name)
    assert shown.replace("\u2028", "").isprintable()
    assert printable(shown) == shown
    shown.encode()
    assert ET.fromstring(f"<a b='{markup(name)}'>{markup(name)}</a>").text == shown
    assert "\x1b" not in str(InputError(name)) + str(PrintedTable([{name: name}]))


def test_plain_names_are_left_alone():
    for name in ("age", "naïve 😀", "年龄", "a\tb", "a\u00a0b", "می‌خواهم"):
        assert printable(name) == name


def test_a_spreadsheet_runs_no_cell():
    hostile = ["=1+1", "+cmd|x", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "\n=1"]
    assert [sheet_cell(cell)[0] for cell in hostile] == ["'"] * len(hostile)
    plain = ["age", "", "-1.5", "+2e3", "a=b", "x - y", "'quoted"]
    assert [sheet_cell(cell) for cell in plain] == plain
    assert sheet_cell(-1.5) == -1.5
    assert sheet_cell(None) is None
    file = io.StringIO()
    csv.writer(file).writerow(map(sheet_cell, [-0.1, "-0.1", True]))
    assert file.getvalue() == "-0.1,-0.1,True\r\n"
