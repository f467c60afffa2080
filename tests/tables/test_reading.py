"""Reading: the same table from every kind of source, and one clear line for every broken file."""

import hashlib

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pytest

from normax.errors import InputError
from normax.tables import MISSING, read_table

CSV = "age,city\n31,Bern\n NA ,\n45,Basel\n"


def write(folder, text, name="data.csv"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_csv_keeps_text_and_marks_missing_cells(tmp_path):
    table = read_table(write(tmp_path, CSV))
    assert (table.names, table.rows, table.source) == (("age", "city"), 3, "data.csv")
    assert table.column("age").to_pylist() == ["31", None, "45"]
    assert table.column("city").to_pylist() == ["Bern", None, "Basel"]
    assert table.sha256 == hashlib.sha256(CSV.encode()).hexdigest()


@pytest.mark.parametrize("mark", MISSING)
def test_every_missing_mark(tmp_path, mark):
    assert read_table(write(tmp_path, f"a,b\n{mark},1\nx,2\n")).column("a").to_pylist() == [None, "x"]


@pytest.mark.parametrize(
    ("name", "delimiter"), [("d.csv", ";"), ("d.tsv", "\t"), ("d.txt", "|"), ("d.data", "\t")]
)
def test_delimiters(tmp_path, name, delimiter):
    table = read_table(write(tmp_path, CSV.replace(",", delimiter), name))
    assert table.names == ("age", "city")
    assert table.column("city").to_pylist() == ["Bern", None, "Basel"]


def test_byte_order_mark_quotes_blank_lines_and_windows_ends(tmp_path):
    text = '﻿"a, b",c\r\n\r\n"x ""y""\r\nz",1\r\n'
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
        (b"a,b\n1,2\n3,caf\xe9\n", "data.csv, line 3: byte 0xe9 is not UTF-8"),
        ("a,b\n1,2\n".encode("utf-16"), "UTF-16; save it as UTF-8"),
        (b"PK\x00\x01", "expected text, got a binary file"),
    ],
)
def test_broken_text(tmp_path, text, message):
    with pytest.raises(InputError) as error:
        read_table(write(tmp_path, text))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_broken_files(tmp_path):
    write(tmp_path, "x", "d.parquet")
    write(tmp_path, "x", "d.npz")
    write(tmp_path, "x", "d.xlsx")
    np.savez(tmp_path / "o.npz", a=np.array([{}], dtype=object))
    np.savez(tmp_path / "r.npz", a=np.arange(3), b=np.arange(3), c=np.arange(2))
    np.savez(tmp_path / "t.npz", a=np.zeros((2, 2, 2)))
    for name, message in {
        "d.parquet": "not a readable .parquet file",
        "d.npz": "not a readable .npz file",
        "d.xlsx": "expected a .csv, .tsv, .txt, .data, .parquet or .npz file, got '.xlsx'",
        "o.npz": "not a readable .npz file",
        "r.npz": "expected 3, but 'c' has 2",
        "t.npz": "array 'a' has shape (2, 2, 2)",
        "d.parque": "no such file; did you mean 'd.parquet'?",
        "": "expected a file, got a directory",
        "no/where.csv": "no such file",
    }.items():
        with pytest.raises(InputError) as error:
            read_table(tmp_path / name)
        assert message in str(error.value)


def test_what_is_not_a_table():
    with pytest.raises(InputError, match="expected a path, a mapping of arrays or a data frame, got int"):
        read_table(3)
    with pytest.raises(InputError, match="data frame: cannot be read"):
        read_table(pd.DataFrame({"a": [1, "x", None]}))
    with pytest.raises(InputError, match="no columns"):
        read_table(pd.DataFrame())


def test_an_absent_column_is_suggested():
    with pytest.raises(
        InputError, match=r"no column 'Salry'; did you mean 'Salary'\? \(columns: Hits, Salary\)"
    ):
        read_table({"Hits": [1], "Salary": [2]}).column("Salry")
