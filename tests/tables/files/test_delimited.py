"""Text tables as people and programs write them: what stands above the header and about cells; encodings."""

import warnings

import pytest

from normax.errors import InputError, Notice
from normax.tables import read_table

PLAIN = {"shop": ["A", "B"], "sum": ["1", "2"], "kind": ["x", "y"]}


def read(folder, text, name="t.csv", **written):
    """The table as a dictionary, and what was said."""
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        table = read_table(folder / name, **written)
    return table.data.to_pydict(), [str(w.message) for w in said if issubclass(w.category, Notice)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sep=;\nshop;sum;kind\nA;1;x\nB;2;y\n", None),
        ('"sep=|"\r\nshop|sum|kind\r\nA|1|x\r\nB|2|y\r\n', None),
        ("Sales 2024\n\nshop,sum,kind\nA,1,x\nB,2,y\n", "line 1 is taken for a title; the header is line 3"),
        ("Report,,\nshop,sum,kind\nA,1,x\nB,2,y\n", "line 1 is taken for a title; the header is line 2"),
        ("T\rmade 2024\rshop,sum,kind\rA,1,x\rB,2,y\r", "lines 1 to 2 are taken for a title"),
        ("# by me\n#\nshop,sum,kind\nA,1,x\nB,2,y\n", "lines before the header that begin with #"),
        ("# by me\n#shop\tsum\tkind\nA\t1\tx\nB\t2\ty\n", "the header is the line that begins with #"),
        (
            "shop,sum,kind\nA,1,x\n# half, way\nB,2,y\n# end\n",
            "2 lines that begin with # are taken for comments",
        ),
        ('shop, "sum", kind\n"A", 1, x\nB, 2, "y"\n', None),
        ("shop,sum,kind\nA,1,x,\nB,2,y,\n", "every row ends with a delimiter that the header has not"),
        ("shop sum kind\nA 1 x\nB  2 y", "cells are taken to stand apart by blanks"),
    ],
)
def test_the_same_table_however_it_is_written(tmp_path, text, said):
    cells, notices = read(tmp_path, text)
    assert cells == PLAIN
    assert [message for message in notices if said is None or said not in message] == []
    assert bool(notices) == bool(said)


def test_a_quote_after_a_blank_keeps_the_delimiter(tmp_path):
    cells, _ = read(tmp_path, 'a, b\n1, "x, y"\n2, "say ""hi"""\n')
    assert cells == {"a": ["1", "2"], "b": ["x, y", 'say "hi"']}
    cells, _ = read(tmp_path, 'a, b\n1, "good" stuff\n2, x\n')  # no quote that holds a cell
    assert cells["b"] == ['"good" stuff', "x"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('"x" "y"\n"1" 2 3\n"2" 4 5\n', ["1", "2"]),
        ("mpg,cyl\nMazda,21.0,6\nDatsun,22.8,4\n", ["Mazda", "Datsun"]),
    ],
)
def test_names_of_rows_as_r_writes_them(tmp_path, text, names):
    cells, notices = read(tmp_path, text)
    assert list(cells) == ["row name", *list(cells)[1:]]
    assert cells["row name"] == names
    assert "every row begins with a cell that the header has not" in notices[-1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\n1,2\n3,4\n", "the header has 1 cells, but line 2 has 2"),  # no title: what follows is no header
        (
            "2019,2020\n1,2,3\n1,5,6\n",
            "the header has 2 cells, but line 2 has 3",
        ),  # cells that repeat name no row
        ("T\n\na,b,c\n1,2,3\n4,5\n", "line 5 has 2"),
        ("# c\na,b\n1,2\n3\n", "line 4 has 1"),
        ("a,b\n1,2\n3,4\nSource: me\n", "line 4 has 1; every row needs 2"),
        ("a b\n1 2\n3\n4 5\n6 7\n8 9\n", "line 3 has 1"),
    ],
)
def test_what_is_none_of_these_is_refused_by_its_line(tmp_path, text, message):
    (tmp_path / "t.csv").write_text(text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(InputError) as error:
            read_table(tmp_path / "t.csv")
    assert message in str(error.value)


def test_a_lone_header_without_its_end(tmp_path):
    for text in ("a", "a,b"):
        (tmp_path / "t.csv").write_text(text)
        with pytest.raises(InputError, match="columns but no rows"):
            read_table(tmp_path / "t.csv")


def test_the_delimiter_can_be_said(tmp_path):
    assert read(tmp_path, "a^b,c\n1^2,3\n", delimiter="^")[0] == {"a": ["1"], "b,c": ["2,3"]}
    assert read(tmp_path, "a|b\n1|2\n", delimiter="pipe")[0] == {"a": ["1"], "b": ["2"]}
    assert read(tmp_path, "a  b\nx y\n", delimiter="space") == ({"a": ["x"], "b": ["y"]}, [])
    for word, message in {
        "pip": "did you mean 'pipe'",
        "::": "expected one character",
        '"': "expected one",
    }.items():
        with pytest.raises(InputError, match=message):
            read_table(tmp_path / "t.csv", delimiter=word)


@pytest.mark.parametrize(
    ("text", "encoding", "said"),
    [
        ("姓名,城市\n王小明,北京\n李华,上海\n", "gb18030", "read as GB18030 (line 1: '姓名')"),
        ("省,y\n" + "四川,1\n陕西,2\n" * 9, "gbk", "read as GB18030"),
        ("größe,ort\n1,Zürich\n", "utf-16-le", "read as utf-16-le"),
        ("größe,ort\n1,北京\n", "utf-16-be", "read as utf-16-be"),
        ("имя,ort\n1,一\n", "utf-32-le", "read as utf-32-le"),
        ("имя,ort\n1,一\n", "utf-32-be", "read as utf-32-be"),
    ],
)
def test_encodings_by_their_look(tmp_path, text, encoding, said):
    cells, notices = read(tmp_path, text.encode(encoding))
    head, first = text.splitlines()[:2]
    assert [[name, column[0]] for name, column in cells.items()] == [
        list(c) for c in zip(head.split(","), first.split(","))
    ]
    assert said in notices[0]


@pytest.mark.parametrize(
    ("text", "encoding", "message"),
    [
        ("姓名,城市\n王小明,臺北\n李華,高雄\n", "big5", "nor does it look like Windows-1252 or GB18030"),
        ("姓名,都市\n山田,東京\n鈴木,大阪\n", "shift-jis", "nor does it look like"),
        ("姓名,都市\n山田,さいたま\n鈴木,大阪\n", "euc-jp", "nor does it look like"),
        (
            "이름,도시\n김철수,서울\n이영희,부산\n",
            "euc-kr",
            "--encoding gb18030 if it is Chinese, euc-kr if Korean",
        ),
        ("имя,город\nИван,Москва\nПётр,Казань\n", "koi8-r", "name its encoding, as in --encoding cp1251"),
        ("имя,город\nИван,Москва\nПётр,Казань\n", "cp1251", "name its encoding, as in --encoding cp1251"),
    ],
)
def test_encodings_that_do_not_show_themselves_can_be_said(tmp_path, text, encoding, message):
    data = text.encode(encoding)
    (tmp_path / "t.csv").write_bytes(data)
    with pytest.raises(InputError) as error:
        read_table(tmp_path / "t.csv")
    assert message in str(error.value)
    cells, notices = read(tmp_path, data, encoding=encoding)
    assert (list(cells), notices) == (text.splitlines()[0].split(","), [])


def test_an_encoding_said_wrongly(tmp_path):
    (tmp_path / "t.csv").write_bytes("a,b\n1,имя\n".encode("cp1251"))
    for name, message in {
        "cp12511": "no such encoding of text; did you mean 'cp1251'?",
        "hex": "no such encoding of text",
        "ascii": "t.csv, line 2: byte 0xe8 is not ascii; say another --encoding",
    }.items():
        with pytest.raises(InputError) as error:
            read_table(tmp_path / "t.csv", encoding=name)
        assert message in str(error.value)
