"""The same table out of every kind of file, packed, in parts, and from the standard input."""

import bz2
import contextlib
import datetime
import gzip
import io
import lzma
import os
import sqlite3
import sys
import threading
import types
import warnings
import zipfile

import openpyxl
import pyarrow as pa
import pyarrow.feather
import pyarrow.orc
import pyarrow.parquet
import pytest

from normax.errors import InputError, Notice
from normax.tables import limits, read_table
from normax.tables.files import databases
from normax.tables.files.places import stem

CSV = b"a,b\n1,x\n2,y\n"
TEXT = {"a": ["1", "2"], "b": ["x", "y"]}
CELLS = {"a": [1, 2], "b": ["x", "y"]}


def fails(place, **written):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(InputError) as error:
            read_table(place, **written)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ("ending", "pack"),
    [
        (".gz", gzip.compress),
        (".gz", lambda data: gzip.compress(data[:6]) + gzip.compress(data[6:])),
        (".bz2", bz2.compress),
        (".xz", lzma.compress),
        (".zst", lambda data: pa.compress(data, "zstd", asbytes=True)),
        ("", gzip.compress),  # known by its bytes
    ],
)
def test_packed_text(tmp_path, ending, pack, monkeypatch):
    file = tmp_path / f"d.csv{ending}"
    file.write_bytes(pack(CSV))
    assert read_table(file).data.to_pydict() == TEXT
    file.write_bytes(pack(CSV * 1000)[:-12])
    assert f"{file.name}: damaged" in fails(file)
    monkeypatch.setattr(limits, "MAX_UNPACKED", 2**20)
    file.write_bytes(pack(b"a\n" + b"1\n" * 2**20))
    assert "expected at most 1,048,576, or 100 times the file" in fails(file)


def test_a_zip_holds_one_table(tmp_path):
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as archive:
        archive.writestr("d.tsv", CSV.replace(b",", b"\t"))
        archive.writestr("__MACOSX/d.tsv", b"")
    assert read_table(tmp_path / "d.zip").data.to_pydict() == TEXT
    with zipfile.ZipFile(tmp_path / "d.zip", "a") as archive:
        archive.writestr("e.csv", CSV)
    assert "expected one file in it, got 2 ('d.tsv', 'e.csv'); unpack it" in fails(tmp_path / "d.zip")


def test_formats_of_columns(tmp_path):
    table = pa.table(CELLS)
    pa.feather.write_feather(table, tmp_path / "d.feather")
    pa.orc.write_table(table, tmp_path / "d.orc")
    pa.parquet.write_table(table, tmp_path / "no-ending")
    with pa.OSFile(str(tmp_path / "d.arrows"), "wb") as file, pa.ipc.new_stream(file, table.schema) as stream:
        stream.write(table)
    (tmp_path / "d.jsonl").write_text('{"a": 1, "b": "x"}\n{"b": "y", "a": 2}\n')
    (tmp_path / "d.json").write_text('[{"a": 1, "b": "x"}, {"b": "y", "a": 2}]')
    (tmp_path / "d.json.gz").write_bytes(gzip.compress(b'{"a": 1, "b": "x"}\n{"b": "y", "a": 2}\n'))
    files = [file for file in tmp_path.iterdir() if file.is_file()]
    assert len(files) == 7
    for file in files:
        assert read_table(file).data.to_pydict() == CELLS, file


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("d.jsonl", '{"a": 1}\n{"a": "x"}\n', "changed from number to string in row 1"),
        ("d.json", "[1]", "expected a list of objects, one a row; entry 1 is none"),
        ("d.json", '{"a": 1', "not a readable json file"),
        ("d.feather", "x", "not a readable arrow file"),
        ("d.orc", "x", "d.orc: cannot be read (File size too small)"),
        ("d.xlsx", "x", "not a readable sheet file"),
        ("d.db", "x" * 200, "not a readable sqlite file"),
        ("d.duckdb", "x" * 200, "not a readable duckdb file"),
        (
            "d.doc",
            "x",
            "expected a table (.csv, .parquet, .feather, .orc, .jsonl, .npz, .xlsx, .sqlite, .duckdb",
        ),
    ],
)
def test_broken_ones(tmp_path, name, text, message):
    (tmp_path / name).write_text(text)
    assert message in fails(tmp_path / name)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("null", "expected an object a line"),
        ('"a"', "expected an object a line"),
        ('{"a":' * 20_000, "nested deeper than 200"),
        ('[{"a": ' + "[" * 300 + "]" * 300 + "}]", "nested deeper than 200"),
    ],
)
def test_json_that_crashes_readers_is_refused_before(tmp_path, text, message):
    (tmp_path / "t.json").write_text(text)
    assert message in fails(tmp_path / "t.json")


def test_brackets_in_text_are_no_depth(tmp_path):
    lines = [f'{{"a": "{"[" * count}", "b": [[1], [2]]}}' for count in (3, 500, 300)]
    (tmp_path / "t.jsonl").write_text("\n".join(lines))
    assert read_table(tmp_path / "t.jsonl").rows == 3


def test_a_zip_of_another_age_is_no_crash(tmp_path):
    with zipfile.ZipFile(tmp_path / "t.xlsx", "w") as archive:
        archive.writestr("a", "b")
    data = bytearray((tmp_path / "t.xlsx").read_bytes())
    data[data.index(b"PK\x01\x02") + 6] = 250  # the version that is needed to unpack it
    for name in ("t.xlsx", "t.zip"):
        (tmp_path / name).write_bytes(data)
        fails(tmp_path / name)


@pytest.mark.parametrize("where", ["", " where y < 0"])
def test_a_view_without_end_is_refused(tmp_path, monkeypatch, where):
    monkeypatch.setattr(databases, "_STEPS", 2)
    endless = "with recursive r(y) as (select 1 union all select y + 1 from r)"
    with contextlib.closing(sqlite3.connect(tmp_path / "t.db")) as database:
        database.execute(f"create view v as {endless} select y from r{where}")
        database.commit()
    assert "'v' is a view that does not end soon" in fails(tmp_path / "t.db")


def test_a_bomb_of_arrow_is_measured(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "MAX_UNPACKED", 2**20)
    table = pa.table({"a": pa.nulls(10**6, pa.int64()).fill_null(0)})
    pa.feather.write_feather(table, tmp_path / "d.feather", compression="zstd")
    assert "unpack to" in fails(tmp_path / "d.feather")


@pytest.fixture
def book(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "people"
    day = datetime.date(2024, 1, 2)
    for row in (
        ["Staff 2024"],
        [],
        ["age", "code", "born", None],
        [31, 7, day],
        [],
        [45.5, "x", day],
        [None, 8],
    ):
        sheet.append(row)
    book.create_sheet("other").append(["z"])
    book.save(tmp_path / "d.xlsx")
    return tmp_path / "d.xlsx"


def test_a_sheet(book):
    with pytest.warns(Notice) as said:
        table = read_table(book)
    assert [str(w.message) for w in said] == [
        "d.xlsx: the first sheet, 'people', is read; 'other' by --sheet",
        "d.xlsx: line 1 is taken for a title; the header is line 3",
    ]
    day = datetime.date(2024, 1, 2)
    assert table.data.to_pydict() == {
        "age": [31, 45.5, None],
        "code": ["7", "x", "8"],
        "born": [day, day, None],
    }
    with pytest.warns(Notice, match="taken for a title"):
        assert read_table(book, sheet="people").names == read_table(f"{book}:people").names == table.names
    assert "there are columns but no rows" in fails(book, sheet="other")
    assert "no sheet 'othr'; did you mean 'other'? (sheets: 'people', 'other')" in fails(book, sheet="othr")


def test_without_the_library_of_sheets(book, monkeypatch):
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    assert "pip install 'normax[excel]'" in fails(book)


def test_columns_of_a_sheet_need_names(tmp_path):
    book = openpyxl.Workbook()
    for row in (["a", None, "b"], [1, 2, 3]):
        book.active.append(row)
    book.save(tmp_path / "d.xlsx")
    assert "1 column without a name in the header (the first is number 2)" in fails(tmp_path / "d.xlsx")


@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
def test_tables_of_a_database(tmp_path, kind):
    library = sqlite3 if kind == "sqlite" else pytest.importorskip("duckdb")
    file = tmp_path / f"d.{kind}"
    base = library.connect(str(file))
    base.execute("create table people (a double, b varchar)")
    base.execute("insert into people values (1, 'x'), (2.5, null)")
    base.commit()
    base.close()
    assert read_table(file).data.to_pydict() == {"a": [1.0, 2.5], "b": ["x", None]}
    base = library.connect(str(file))
    base.execute('create view "o""dd" as select a as n from people')
    base.commit()
    base.close()
    assert f"name the table, d.{kind}:TABLE, one of 'o\"dd', 'people'" in fails(file)
    assert (
        read_table(f'{file}:o"dd').data.to_pydict()
        == {"n": [1.0, 2.5]}
        == read_table(file, sheet='o"dd').data.to_pydict()
    )
    assert "no table 'peopel'; did you mean 'people'?" in fails(f"{file}:peopel")


def test_several_files_are_one_table(tmp_path):
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "1.csv").write_bytes(CSV)
    (tmp_path / "parts" / "2.csv").write_bytes(b"b;a\nz;3\n")
    (tmp_path / "parts" / "notes.md").write_text("none of it")
    whole = {"a": ["1", "2", "3"], "b": ["x", "y", "z"]}
    files = [tmp_path / "parts" / f"{k}.csv" for k in (1, 2)]
    tables = [read_table(place) for place in (files, tmp_path / "parts", f"{tmp_path}/parts/*.csv")]
    assert [table.data.to_pydict() for table in tables] == [whole] * 3
    assert {(table.source, table.sha256) for table in tables} == {("1.csv and 1 more", tables[0].sha256)}
    assert read_table(files[::-1]).sha256 != tables[0].sha256
    files[1].write_bytes(b"b,A,c\nz,3,4\n")
    message = "need the same columns as 1.csv; 2.csv: no column 'a'; did you mean 'A'?; 'A', 'c' beside"
    assert message in fails(files)
    (tmp_path / "parts" / "3.parquet").write_bytes(b"")
    assert "expected files of one kind in this folder, got .csv, .parquet" in fails(tmp_path / "parts")


def test_the_standard_input(monkeypatch):
    def given(data):
        monkeypatch.setattr(sys, "stdin", types.SimpleNamespace(buffer=io.BytesIO(data)))

    for data in (CSV, gzip.compress(CSV), CSV.replace(b",", b";")):
        given(data)
        assert read_table("-").data.to_pydict() == TEXT
    packed = io.BytesIO()
    pa.parquet.write_table(pa.table(CELLS), packed)
    given(packed.getvalue())
    assert read_table("-").data.to_pydict() == CELLS
    given(b"")
    assert fails("-") == "standard input: the file is empty; expected a header line and rows"


def test_a_pipe_of_the_shell(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=[gzip.compress(CSV)])
    writer.start()
    assert read_table(tmp_path / "pipe").data.to_pydict() == TEXT
    writer.join()


def test_options_that_a_kind_of_file_has_not(tmp_path):
    (tmp_path / "d.csv").write_bytes(CSV)
    pa.parquet.write_table(pa.table(CELLS), tmp_path / "d.parquet")
    assert "a sheet or table: not for a file of this kind (text)" in fails(tmp_path / "d.csv", sheet="x")
    assert "--encoding, --delimiter: not for a file" in fails(
        tmp_path / "d.parquet", encoding="x", delimiter=","
    )


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("data/train.csv.gz", "train"),
        ("d.v2.csv", "d.v2"),
        ("shop.db:orders", "orders"),
        ("-", "stdin"),
        ("parts/*.csv", "parts"),
        ("parts/", "parts"),
    ],
)
def test_what_a_run_is_called_by(place, name):
    assert stem(place) == name
