"""Inputs made by hypothesis: tables whose names and cells are hostile, configurations, descriptions, names of arrays."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

__all__ = ["GENERATED", "inputs"]

Files = dict[str, bytes]

_EACH = 20  # inputs a trial

_SPICE = st.sampled_from(
    ["<script>canary()</script>", "</script><script>canary()</script>", '"><img src=x onerror=canary()>', "javascript:canary()",
     "=cmd|' /C calc'!A0", "+1", "@x", "\x1b[2J", "\x1b]0;t\x07", "../../beside/notes.txt", "/dev/zero", "\0", "a\0b", "\u202eabc", "\ufeff",
     "\ud800", "x" * 1001, "é" * 300, "y ", " y", "Y", "__proto__", "$x^2$", "\\frac{1}", "%s %d {0} {x}", "[red]x[/red]", "nan", "1e999"]
)  # fmt: skip
_TEXT = st.one_of(st.text(max_size=12), _SPICE)
_NUMBER = st.one_of(
    st.floats(width=64), st.integers(-(10**20), 10**20), st.sampled_from([0, 1, -1, 1e308, 5e-324])
)
_CELL = st.one_of(st.none(), st.booleans(), _NUMBER, _TEXT)


def _column(rows: int) -> st.SearchStrategy[list[Any]]:
    return st.one_of(
        *(
            st.lists(kind, min_size=rows, max_size=rows)
            for kind in (_NUMBER, _TEXT, _CELL, st.sampled_from("uvw"))
        )
    )


@st.composite
def _columns(draw: Any) -> dict[str, list[Any]]:
    """A table with a target that can be fitted, among columns of any kind."""
    rows = draw(st.sampled_from([12, 12, 3, 1, 30]))
    names = draw(st.lists(_TEXT, min_size=1, max_size=4, unique=True))
    table = {name: draw(_column(rows)) for name in names}
    target = st.one_of(
        st.just([float(k % 5) + k / 7 for k in range(rows)]), st.just(["<b>", "&"] * rows), _column(rows)
    )
    return table | {"a": [float(k * k % 7) for k in range(rows)], "y": draw(target)[:rows]}


def _csv(table: dict[str, list[Any]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    try:
        writer.writerow(table)
        writer.writerows(zip(*table.values()))
    except csv.Error:  # a NUL, in older versions of Python
        return b"a,y\n1,\0\n"
    return out.getvalue().encode("utf-8", "surrogatepass")


def _arrays(table: dict[str, list[Any]]) -> bytes:
    out = io.BytesIO()
    names = {
        name.replace("\0", "").encode(errors="replace").decode() or "x": values
        for name, values in table.items()
    }
    np.savez(
        out,
        **{
            name: np.asarray(list(map(str, v)) if name != "y" else v)
            for name, v in names.items()
            if name != "file"
        },
    )
    return out.getvalue()


def _json(table: dict[str, list[Any]]) -> bytes:
    rows = [dict(zip(table, row)) for row in zip(*table.values())]
    return "\n".join(map(json.dumps, rows)).encode()


def _parquet(table: dict[str, list[Any]]) -> bytes:
    import pyarrow as pa
    from pyarrow import parquet

    out = io.BytesIO()
    cells = {name.encode(errors="replace").decode(): values for name, values in table.items()}
    try:
        parquet.write_table(pa.table(cells), out)
    except (pa.ArrowException, UnicodeError, OverflowError):
        parquet.write_table(
            pa.table({n: [str(v).encode(errors="replace").decode() for v in vs] for n, vs in cells.items()}),
            out,
        )
    return out.getvalue()


_VALUE = st.recursive(
    _CELL,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_TEXT, inner, max_size=3)),
    max_leaves=6,
)
_OPTIONS = ["command", "data", "target", "cv", "strengths", "seed", "drop", "refit", "out", "task", "model", "penalty", "l1-ratio", "test", "only",
            "missing", "number", "text", "time", "group", "weights", "splines", "interactions", "select", "family", "config", "json", "lang"]  # fmt: skip


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return '""' if value is None else json.dumps(value).replace("Infinity", "inf").replace("NaN", "nan")


def _config(entries: dict[str, Any]) -> bytes:
    entries = {"data": "t.csv", "target": "y", **entries}
    return "\n".join(f"{json.dumps(k)} = {_toml(v)}" for k, v in entries.items()).encode()


def _safetensors(header: dict[str, Any]) -> bytes:
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + bytes(400)


_TENSOR = st.fixed_dictionaries(
    {"dtype": st.sampled_from(["F32", "F64", "I64", "BF16", "BOOL", "F8_E4M3", "X"]),
     "shape": st.lists(st.one_of(st.integers(0, 5), st.integers(2**30, 2**64)), max_size=3),
     "data_offsets": st.lists(st.one_of(st.integers(0, 400), st.integers(-5, 2**64)), min_size=2, max_size=2)}
)  # fmt: skip
_NAMES = st.one_of(st.sampled_from(["0.weight", "0.bias", "1.running_mean", "__metadata__"]), _TEXT)

#: Target -> what its inputs are drawn from.
GENERATED: dict[str, st.SearchStrategy[Files]] = {
    "table csv": _columns().map(lambda t: {"t.csv": _csv(t)}),
    "look at a table": _columns().map(lambda t: {"t.csv": _csv(t)}),
    "run on a table": _columns().map(lambda t: {"t.csv": _csv(t)}),
    "predict a table": _columns().map(lambda t: {"t.csv": _csv(t)}),
    "table npz": _columns().map(lambda t: {"t.npz": _arrays(t)}),
    "table json": st.one_of(_columns().map(_json), _VALUE.map(lambda v: json.dumps(v).encode())).map(lambda d: {"t.json": d}),
    "table parquet": _columns().map(lambda t: {"t.parquet": _parquet(t)}),
    "config": st.dictionaries(st.one_of(st.sampled_from(_OPTIONS), _TEXT), _VALUE, max_size=5).map(lambda e: {"config.toml": _config(e)}),
    "weights": st.dictionaries(_NAMES, st.one_of(_TENSOR, _VALUE), max_size=4).map(lambda h: {"w.safetensors": _safetensors(h)}),
}  # fmt: skip


def inputs(name: str, number: int) -> Iterator[Files]:
    """Some inputs of a target, the same for the same number."""
    found: list[Files] = []

    @seed(number)
    @settings(
        max_examples=_EACH,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(GENERATED[name])
    def note(files: Files) -> None:
        found.append(files)

    keep: Callable[[], None] = note
    keep()
    return iter(found)
