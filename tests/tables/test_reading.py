"""Reading: the same table from every kind of source, and one clear line for every broken file."""

import hashlib
import io
import warnings
import zipfile

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pytest

from normax.errors import InputError, Notice
from normax.tables import limits, read_table

CSV = "age,city\n31,Bern\n  ,NA\n45,Basel\n"


def write(folder, text, name="data.csv"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_csv_keeps_text_and_marks_missing_cells(tmp_path):
    table = read_table(write(tmp_path, CSV))
    assert (table.names, table.rows, table.source) == (("age", "city"), 3, "data.csv")
    assert table.column("age").to_pylist() == ["31", None, "45"]
    assert table.column("city").to_pylist() == ["Bern", "NA", "Basel"]
    assert table.sha256 == hashlib.sha256(CSV.encode()).hexdigest()


@pytest.mark.parametrize(
    ("name", "delimiter"), [("d.csv", ";"), ("d.tsv", "\t"), ("d.txt", "|"), ("d.data", "\t")]
)
def test_delimiters(tmp_path, name, delimiter):
    table = read_table(write(tmp_path, CSV.replace(",", delimiter), name))
    assert table.names == ("age", "city")
    assert table.column("city").to_pylist() == ["Bern", "NA", "Basel"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('"a,b";"c,d";y\n1;2;3\n', ("a,b", "c,d", "y")),
        ('"a;b;c",y\n1,3\n', ("a;b;c", "y")),
        ("in|out|,y\n1,3\n", ("in|out|", "y")),
        ("a;b\n1,5;2,5\n3,1;4\n", ("a", "b")),
        ('"long\nname",b\n1,2\n', ("long\nname", "b")),
        ("a\u00a0, b\n1,2\n", ("a", "b")),
    ],
)
def test_the_delimiter_parts_the_rows_as_the_header(tmp_path, text, names):
    assert read_table(write(tmp_path, text)).names == names


def test_cells_apart_by_blanks(tmp_path):
    text = ' x  "y z" name\n1.5 2   Bern\n-2  3.5 "Le Locle" \n'
    with pytest.warns(Notice, match="cells are taken to stand apart by blanks"):
        table = read_table(write(tmp_path, text.replace('"y z"', "y"), "d.txt"))
    assert table.data.to_pydict() == {"x": ["1.5", "-2"], "y": ["2", "3.5"], "name": ["Bern", "Le Locle"]}
    assert read_table(write(tmp_path, "full name\nAnna Maria\nJo Smith\n")).names == ("full name",)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_end_of_line(tmp_path, end):
    table = read_table(write(tmp_path, 'a,b\n1,2\n"x, y",4\n'.replace("\n", end)))
    assert table.data.to_pydict() == {"a": ["1", "x, y"], "b": ["2", "4"]}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252", "latin-1"])
def test_encodings_that_show_themselves(tmp_path, encoding, recwarn):
    table = read_table(write(tmp_path, "größe,ort\n1,Zürich\n2,Genève\n".encode(encoding)))
    assert table.data.to_pydict() == {"größe": ["1", "2"], "ort": ["Zürich", "Genève"]}
    said = [str(w.message) for w in recwarn]
    guessed = (
        "data.csv: not UTF-8, read as Windows-1252 (line 1: 'größe'); if letters are wrong, name its --encoding or"
        " save it as UTF-8"
    )
    assert said == ([guessed] if encoding in ("cp1252", "latin-1") else [])


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("größe,ort\n1,Zürich\n", "mac-roman"),
        ("größe,ort\n1,Zürich\n", "cp850"),
        ("имя,город\nИван,Москва\n", "cp1251"),
        ("имя,город\nИван,Москва\n", "koi8-r"),
        ("姓名,都市\n山田,東京\n", "shift-jis"),
        ("jméno,město\nzażółć,Łódź\n", "cp1250"),
    ],
)
def test_other_encodings_are_refused(tmp_path, text, encoding):
    with pytest.raises(InputError, match="UTF-8"):
        read_table(write(tmp_path, text.encode(encoding)))


def test_damage_is_not_taken_for_another_encoding(tmp_path):
    text = "ort\nZürich\nGenève\nKöln\n".encode()
    with pytest.raises(InputError, match="line 3: byte 0xc3 is not UTF-8, though other lines are"):
        read_table(write(tmp_path, text.replace("è".encode(), b"\xc3")))


def rows(count, **changed):
    """Rows of three cells, some of them replaced: `r3="..."`."""
    lines = [changed.get(f"r{i}", f"p{i},{i * 7 % 5},{i}") for i in range(count)]
    return "name,size,y\n" + "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (rows(9, r2='"p2,4,2', r6='"p6,2,6'), "line 4: a quoted cell goes on after its closing quote"),
        (rows(9, r2='p2,"4,2', r6='p6,2",6'), "line 4 takes in 4 lines that look like rows"),
        (rows(9, r2='p2,4,"2', r6='p6,2,6"'), "line 4 takes in 4 lines that look like rows"),
        (rows(9, r2='"p"2,4,2'), "line 4: a quoted cell goes on after its closing quote"),
        (rows(9, r2='"p2",4,2"', r5='"p5,2,5'), "line 7: a quote is opened and never closed"),
    ],
)
def test_no_row_is_lost_in_a_stray_quote(tmp_path, text, message):
    with pytest.raises(InputError) as error:
        read_table(write(tmp_path, text))
    assert message in str(error.value)


def test_a_note_of_several_lines_is_a_cell(tmp_path):
    text = rows(4, r1='"a, b\nc",1,1', r2='5" pipe,2,2', r3='"say ""hi"", you",3,3')
    names = ["p0", "a, b\nc", '5" pipe', 'say "hi", you']
    assert read_table(write(tmp_path, text)).column("name").to_pylist() == names
    with pytest.warns(Notice, match="line 2 takes in 1 line that look like rows"):
        assert read_table(write(tmp_path, 'text,y\n"a, b\nc",2\nd,3\n')).rows == 2


def test_a_delimiter_too_many_at_the_end_of_every_row(tmp_path):
    with pytest.warns(Notice, match="every row ends with a delimiter that the header has not"):
        table = read_table(write(tmp_path, "a,b\n1,2,\n3,4,\n"))
    assert table.data.to_pydict() == {"a": ["1", "3"], "b": ["2", "4"]}
    with pytest.raises(InputError, match="line 2 has 3, line 3 has 3"):
        read_table(write(tmp_path, "a,b\n1,2,\n3,4,5\n"))


def test_byte_order_mark_quotes_blank_lines_and_windows_ends(tmp_path):
    text = '\ufeff\ufeff"a, b",c\r\n\r\n"x ""y""\r\nz",1\r\n'
    table = read_table(write(tmp_path, text))
    assert table.names == ("a, b", "c")
    assert table.column("a, b").to_pylist() == ['x "y"\r\nz']


def test_one_column_keeps_its_empty_cells(tmp_path):
    assert read_table(write(tmp_path, "a\n1\n\n3\n")).column("a").to_pylist() == ["1", None, "3"]


def test_a_header_may_begin_with_an_empty_cell(tmp_path):
    assert read_table(write(tmp_path, "\tx\n1\t2\n", "d.tsv")).names == ("column 1", "x")


def test_the_same_table_from_every_source(tmp_path):
    columns = {"x": [1.5, 2.5], "s": ["a", "b"]}
    pa.parquet.write_table(pa.table(columns), tmp_path / "d.parquet")
    np.savez(tmp_path / "d.npz", **columns)
    category = pd.DataFrame(columns).astype({"s": "category"})
    sources = [tmp_path / "d.parquet", tmp_path / "d.npz", columns, pd.DataFrame(columns), category]
    for source in [*sources, pl.DataFrame(columns), pl.LazyFrame(columns), pa.table(columns)]:
        table = read_table(source)
        assert table.data.to_pydict() == columns, source
        assert read_table(table) is table


def test_npz_matrix_becomes_columns(tmp_path):
    np.savez(tmp_path / "d.npz", X=np.arange(6).reshape(3, 2), y=np.arange(3))
    assert read_table(tmp_path / "d.npz").names == ("X_0", "X_1", "y")


def test_take_and_drop():
    table = read_table({"a": [1, 2, 3], "b": [4, 5, 6]})
    assert table.drop(["a"]).names == ("b",)
    assert table.take(np.array([2, 0])).column("a").to_pylist() == [3, 1]
    assert table.take(np.array([True, False, True])).column("b").to_pylist() == [4, 6]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        (" \n\n", "the file is empty"),
        ("a,b\n", "columns but no rows"),
        (
            "a,b\n1,2\n\n3\n4,5\n6,7,8\n",
            "header has 2 cells, but line 4 has 1, line 6 has 3; every row needs 2",
        ),
        ('a,b\n"1\n2",3\n4\n', "line 4 has 1"),
        ("a,b\n" + "1\n" * 5, "and 2 more lines differ"),
        ('a,b\n1,2\n3,"4\n5,6\n', "data.csv, line 3: a quote is opened and never closed"),
        ("a,b,a\n1,2,3\n", "more than one column is called 'a'"),
        (b"a,b\n1,2\n3,caf\x81\n", "data.csv, line 3: byte 0x81 is not UTF-8"),
        (b"PK\x00\x01", "got a binary file"),
        ("a," * 250_000 + "a\n1\n", "250,001 columns; expected at most 200,000"),
        ("a" * 300_000 + ",b\n1,2\n", "the name of column 1 has 300,000 letters; expected at most 1,000"),
    ],
)
def test_broken_text(tmp_path, text, message):
    with pytest.raises(InputError) as error:
        read_table(write(tmp_path, text))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_broken_files(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "MAX_UNPACKED", 2**20)
    write(tmp_path, "x", "d.parquet")
    write(tmp_path, "x", "d.npz")
    np.savez(tmp_path / "o.npz", a=np.array([{}], dtype=object))
    np.savez(tmp_path / "r.npz", a=np.arange(3), b=np.arange(3), c=np.arange(2))
    np.savez(tmp_path / "t.npz", a=np.zeros((2, 2, 2)))
    np.savez(tmp_path / "n.npz", X=np.zeros((2, 2)), X_0=np.arange(2), X_1=np.arange(2))
    with zipfile.ZipFile(tmp_path / "w.npz", "w") as archive:
        head = io.BytesIO()
        np.lib.format.write_array_header_2_0(
            head, {"descr": "<f8", "fortran_order": False, "shape": (0, 10**12)}
        )
        archive.writestr("X.npy", head.getvalue())
    with warnings.catch_warnings(), zipfile.ZipFile(tmp_path / "m.npz", "w") as archive:
        warnings.simplefilter("ignore")  # Duplicate name
        for value in (1, 2):
            head = io.BytesIO()
            np.save(head, np.full(3, value))
            archive.writestr("a.npy", head.getvalue())
    np.savez_compressed(tmp_path / "b.npz", X=np.zeros((10_000, 100)))
    constant = pa.DictionaryArray.from_arrays(pa.nulls(10**6, pa.int8()).fill_null(0), pa.array([1.5]))
    pa.parquet.write_table(pa.table({"a": constant, "b": constant}), tmp_path / "b.parquet")
    text = pa.StringArray.from_buffers(
        1, pa.array([0, 2], pa.int32()).buffers()[1], pa.py_buffer(b"\xff\xfe")
    )
    pa.parquet.write_table(pa.table({"s": text}), tmp_path / "u.parquet")
    for name, message in {
        "d.parquet": "not a readable parquet file",
        "d.npz": "not a readable npz file",
        "o.npz": "not a readable npz file",
        "r.npz": "expected 3, but 'c' has 2",
        "t.npz": "array 'a' has shape (2, 2, 2); expected (rows,) or (rows, columns)",
        "n.npz": "more than one array gives the column 'X_0', 'X_1'",
        "m.npz": "two arrays are called 'a'",
        "w.npz": "1,000,000,000,000 columns; expected at most 200,000",
        "b.npz": "unpack to 8,000,",
        "b.parquet": "unpack to 16,000,000; expected at most 1,048,576, or 100 times the file",
        "u.parquet": "u.parquet: damaged (Column 0: In chunk 0: Invalid: Invalid UTF8",
        "d.parque": "no such file; did you mean 'd.parquet'?",
        "": "expected files of one kind in this folder",
        "no/where.csv": "no such file",
    }.items():
        with pytest.raises(InputError) as error:
            read_table(tmp_path / name)
        assert message in str(error.value)


def test_masked_cells_are_missing():
    table = read_table({"x": np.ma.array([1.5, 2.5], mask=[False, True]), "n": [1, 2]})
    assert table.column("x").to_pylist() == [1.5, None]


def test_nan_among_objects_is_missing():
    table = read_table({"s": np.array(["a", np.nan, None], dtype=object), "x": [1, 2, 3]})
    assert table.column("s").to_pylist() == ["a", None, None]


def test_arrays_that_cannot_be_columns():
    with pytest.raises(InputError, match="more than one array gives the column 'X_0'"):
        read_table({"X": np.zeros((3, 2)), "X_0": np.zeros(3)})
    with pytest.raises(InputError, match="more than one array gives the column '1'"):
        read_table({1: [1.0], "1": [2.0]})
    with pytest.raises(InputError, match="rows differ in length"):
        read_table({"x": [[1.0], [2.0, 3.0]]})
    with pytest.raises(InputError, match="column 'x' is not of one kind"):
        read_table({"x": ["\ud800"]})
    with pytest.raises(InputError, match="a column's name holds half a character"):
        read_table({"\ud800": [1.0]})
    with pytest.raises(InputError, match="data frame: cannot be read"):
        read_table(pd.DataFrame({"x": ["\ud800"]}, dtype=object))


def test_a_wide_table_is_read(tmp_path):
    count = 5_000
    text = ",".join(f"x{j}" for j in range(count)) + "\n" + ("1.5," * count)[:-1] + "\n"
    assert len(read_table(write(tmp_path, text)).names) == count <= limits.MAX_COLUMNS


def test_what_is_not_a_table():
    with pytest.raises(InputError, match="expected a path, a mapping of arrays or a data frame, got int"):
        read_table(3)
    with pytest.raises(InputError, match="data frame: cannot be read"):
        read_table(pd.DataFrame({"a": [1, "x", None]}))
    with pytest.raises(InputError, match="no columns"):
        read_table(pd.DataFrame())


def test_an_absent_column_is_suggested():
    with pytest.raises(
        InputError, match=r"no column 'Salry'; did you mean 'Salary'\? \(columns: 'Hits', 'Salary'\)"
    ):
        read_table({"Hits": [1], "Salary": [2]}).column("Salry")
