"""Small valid files of every kind that normax reads, made on the fly; and hostile ones, made by hand."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import pickle
import sqlite3
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from robustness.fuzz.box import CANARY

__all__ = ["bad_packed", "bad_tables", "bad_torch_files", "columns", "packed", "tables", "torch_files"]

_TARGET = "y"


class _Runs:
    """What writes a file when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return open, (CANARY, "w")


PICKLE = pickle.dumps(_Runs(), 2)


def columns(rows: int = 24) -> dict[str, list[Any]]:
    """A table of numbers, text, dates and booleans; `y` is to be predicted."""
    random = np.random.default_rng(0)
    a = random.normal(size=rows).round(3)
    return {
        "a": a.tolist(),
        "b": random.integers(0, 9, rows).tolist(),
        "color": random.choice(["red", "blue, dark", 'say "x"', "grün"], rows).tolist(),
        "day": [f"2024-{1 + k % 12:02d}-{1 + k % 28:02d}" for k in range(rows)],
        "ok": random.choice(["yes", "no"], rows).tolist(),
        _TARGET: (2 * a + random.normal(size=rows)).round(3).tolist(),
    }


def _csv(delimiter: str = ",") -> bytes:
    import csv

    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(columns())
    writer.writerows(zip(*columns().values()))
    return out.getvalue().encode()


def tables() -> dict[str, list[dict[str, bytes]]]:
    """Kind of table -> valid inputs, each one file."""
    text = _csv()
    several = [
        _csv(";"),
        _csv("\t"),
        text.decode().encode("utf-16"),
        text.decode().encode("latin-1", "replace"),
    ]
    return {
        "csv": [{"t.csv": data} for data in (text, *several)],
        "json": [{"t.jsonl": _json_lines()}, {"t.json": _json_list()}],
        "npz": [{"t.npz": data} for data in _npz()],
        "sheet": [{"t.xlsx": _xlsx()}],
        "parquet": [{"t.parquet": data} for data in _arrow_files("parquet")],
        "arrow": [{"t.feather": data} for data in _arrow_files("arrow")],
        "orc": [{"t.orc": data} for data in _arrow_files("orc")],
        "sqlite": [{"t.db": _sqlite()}],
        "duckdb": [{"t.duckdb": _duckdb()}],
    }


def bad_tables() -> dict[str, list[dict[str, bytes]]]:
    """Kind of table -> files made by hand to fill the memory, to take for ever, to run, or to lose rows."""
    return {
        "csv": [
            {"t.csv": data}
            for data in (_lost_rows(), b"a" * 10**6, b",".join([b"x"] * 9999), b"", b'"' * 10**5)
        ],
        "json": [
            {"t.json": data}
            for data in (b"[" * 100_000, b'{"a":' * 100_000, b'[{"a": 1' + b"0" * 10**5 + b"}]")
        ],
        "npz": [{"t.npz": data} for data in _bad_npz()],
        "sheet": [{"t.xlsx": _bomb("xl/workbook.xml")}],
        "sqlite": [{"t.db": _sqlite(_ENDLESS.format(where=where))} for where in ("", " where y < 0")],
    }


# A view that never ends; with a condition, one that never gives its first row.
_ENDLESS = (
    "create view t as with recursive r(y) as (select 1 union all select y + 1 from r) select y from r{where}"
)


def packed() -> list[dict[str, bytes]]:
    """A table in every packing."""
    import pyarrow as pa

    text = _csv()
    return [
        {"t.csv.gz": gzip.compress(text, mtime=0)},
        {"t.csv.bz2": bz2.compress(text)},
        {"t.csv.xz": lzma.compress(text)},
        {"t.csv.zst": pa.compress(text, "zstd", asbytes=True)},
        {"t.csv.zip": _zip({"t.csv": text})},
    ]


def bad_packed() -> list[dict[str, bytes]]:
    """Files that unpack to far more than they are, and one that would be put elsewhere."""
    zeros, many = bytes(1 << 22), zlib.compressobj(9, zlib.DEFLATED, 31)
    return [
        {"t.csv.gz": b"".join(many.compress(zeros) for _ in range(400)) + many.flush()},
        {"t.csv.bz2": bz2.compress(zeros) * 300},
        {"t.csv.zip": _bomb("t.csv")},
        {"t.csv.zip": _zip({"../../beside/notes.txt": _csv()})},
    ]


def torch_files(state: dict[str, Any]) -> list[dict[str, bytes]]:
    """A state dict as torch writes it, zipped and as it was before, and a checkpoint around one."""
    tensors = _tensors(state)
    return [
        {"w.pt": _saved(v, zipped)}
        for v in (tensors, {"state_dict": tensors, "epoch": 3})
        for zipped in (True, False)
    ]


def bad_torch_files(state: dict[str, Any]) -> list[dict[str, bytes]]:
    """Tensors that are huge, sparse or nowhere; and pickles that run, in each form that torch has had."""
    import torch

    tensors, tar = _tensors(state), io.BytesIO()
    odd = [
        dict.fromkeys(tensors, torch.zeros(1).expand(10**6, 10**6)),
        {name: t.to_sparse() for name, t in tensors.items()},
        {name: t.to("meta") for name, t in tensors.items()},
    ]
    with tarfile.open(fileobj=tar, mode="w") as archive:
        for name in ("pickle", "storages", "tensors"):
            member = tarfile.TarInfo(name)
            member.size = len(PICKLE)
            archive.addfile(member, io.BytesIO(PICKLE))
    runs = [PICKLE, tar.getvalue(), _zip({"archive/data.pkl": PICKLE, "archive/version": b"3\n"})]
    return [{"w.pt": data} for data in (*(_saved(value, True) for value in odd), *runs)]


def _tensors(state: dict[str, Any]) -> dict[str, Any]:
    import torch

    return {name: torch.tensor(np.asarray(value)) for name, value in state.items()}


def _saved(value: Any, zipped: bool) -> bytes:
    import torch

    out = io.BytesIO()
    torch.save(value, out, _use_new_zipfile_serialization=zipped)
    return out.getvalue()


def _lost_rows() -> bytes:
    lines = _csv().splitlines()
    lines[3], lines[20] = b'1,2,"red,2024-01-01,yes,3', b'1,2,red",2024-01-01,yes,3'
    return b"\n".join(lines)


def _rows() -> list[dict[str, Any]]:
    return [dict(zip(columns(), row)) for row in zip(*columns().values())]


def _json_lines() -> bytes:
    return "\n".join(json.dumps(row) for row in _rows()).encode()


def _json_list() -> bytes:
    return json.dumps(_rows()).encode()


def _npz() -> list[bytes]:
    found = {name: np.asarray(values) for name, values in columns().items()}
    return [_arrays(**found), _arrays(X=np.arange(48.0).reshape(24, 2), y=np.arange(24.0))]


def _bad_npz() -> list[bytes]:
    def header(kind: str, shape: str) -> bytes:
        said = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}"
        return b"\x93NUMPY\x01\x00v\x00" + said.encode().ljust(117) + b"\n"

    wide, runs = header("<f8", "(1, 1000000000000)"), header("|O", "(1,)") + PICKLE
    return [
        _arrays(X=np.zeros((24, 2)), X_0=np.zeros(24), y=np.arange(24.0)),
        _zip({"X.npy": wide, "y.npy": wide}),
        _zip({"X.npy": runs, "y.npy": runs}),
        _arrays(y=np.zeros(2**28, np.uint8)),
    ]


def _arrays(**arrays: Any) -> bytes:
    out = io.BytesIO()
    np.savez_compressed(out, **arrays)
    return out.getvalue()


def _xlsx() -> bytes:
    import openpyxl

    book, out = openpyxl.Workbook(), io.BytesIO()
    book.active.append(list(columns()))
    for row in zip(*columns().values()):
        book.active.append(list(row))
    book.save(out)
    return out.getvalue()


def _arrow_files(kind: str) -> list[bytes]:
    import pyarrow as pa
    from pyarrow import feather, orc, parquet

    plain = pa.table(columns())
    nested = plain.append_column("in", pa.array([{"x": [k, None]} for k in range(plain.num_rows)]))
    coded = plain.set_column(2, "color", plain["color"].dictionary_encode())
    bad = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\2\0\0\0"), pa.py_buffer(b"\xff\xfe")]
    )
    broken = pa.table({"a": bad, _TARGET: [1.0]})
    out = []
    for table in (plain, nested, coded, broken):
        sink = io.BytesIO()
        if kind == "parquet":
            parquet.write_table(table, sink)
        elif kind == "arrow":
            feather.write_feather(table, sink)
        elif table is plain:
            orc.write_table(table, sink)
        out.append(sink.getvalue())
    return [data for data in out if data]


def _sqlite(view: str = "") -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        base = sqlite3.connect(f"{folder}/t.db")
        base.execute(view or "create table t (a, b, color, day, ok, y)")
        if not view:
            base.executemany("insert into t values (?, ?, ?, ?, ?, ?)", list(zip(*columns().values())))
        base.commit()
        base.close()
        return Path(folder, "t.db").read_bytes()


def _duckdb() -> bytes:
    import duckdb
    import pyarrow as pa

    with tempfile.TemporaryDirectory() as folder:
        base = duckdb.connect(f"{folder}/t.duckdb")
        held = pa.table(columns())  # noqa: F841  (DuckDB finds it by its name)
        base.execute("create table t as select * from held")
        base.close()
        return Path(folder, "t.duckdb").read_bytes()


def _zip(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _bomb(name: str) -> bytes:
    """A zip of a megabyte whose one member unpacks to more than a gigabyte."""
    out, member = io.BytesIO(), zipfile.ZipInfo(name)
    member.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(out, "w") as archive, archive.open(member, "w") as stream:
        for _ in range(80):
            stream.write(bytes(1 << 24))
    return out.getvalue()
