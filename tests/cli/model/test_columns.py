"""Columns of a model.json that contradict themselves are named; those that a schema writes are not."""

import numpy as np
import pytest

from normax.cli.model.recipe import _column_faults
from normax.tables import Column, Schema, read_table
from normax.tables.calendar import Part


@pytest.mark.parametrize(
    ("column", "fault"),
    [
        (Column("a", "nombre"), "unknown kind"),
        (Column("a", "numeric", "12"), "unknown form"),
        (Column("a", "numeric", "year-month"), "unknown form"),
        (Column("a", "date", "hour:minute"), "unknown form"),
        (Column("a", "time", "year-month-day"), "unknown form"),
        (Column("a", "words", "letter", ("x",), idf=(1.0,)), "unknown form"),
        (Column("a", "text"), "expected different levels"),
        (Column("a", "numeric", None, ("x",)), "expected different levels"),
        (Column("a", "words", "word", ("x", "x"), idf=(1.0, 1.0)), "expected different levels"),
        (Column("a", "words", "word", ("x", "y"), idf=(1.0,)), "expected an idf for each word"),
        (Column("a", "text", None, ("x",), idf=(1.0,)), "expected an idf for each word"),
        (Column("a", "boolean", odd=("x",)), "expected no odd cells"),
        (Column("a", "numeric", parts=(Part("month"),)), "expected parts of dates and times alone"),
        (Column("a", "date", parts=(Part("month"), Part("month", (1,)))), "a part of its dates twice"),
        (Column("a", "date", parts=(Part("month", (13,)),)), "no such part"),
        (Column("a", "date", parts=(Part("month", (1, 1)),)), "no such part"),
        (Column("a", "date", parts=(Part("weekday", (7,)),)), "no such part"),
        (Column("a", "date", parts=(Part("year"),)), "no such part"),
        (Column("a", "date", parts=(Part("age", (1,)),)), "no such part"),
    ],
)
def test_a_column_that_contradicts_itself_is_named(column, fault):
    faults = _column_faults(column)
    assert len(faults) == 1
    assert faults[0].startswith("schema: column 'a': ")
    assert fault in faults[0]


@pytest.mark.filterwarnings("ignore::normax.errors.Notice")
def test_what_a_schema_writes_is_without_fault():
    random = np.random.default_rng(0)
    days = np.arange("2016-01-01", "2018-01-01", dtype="M8[D]")
    columns = {
        "price": [f"${value:,.2f}" for value in random.uniform(0, 9999, len(days))],
        "when": days.astype(str).tolist(),
        "at": [f"{j % 24}:30" for j in range(len(days))],
        "odd": ["see note", *random.normal(size=len(days) - 1).astype(str)],
        "said": [
            f"the {word} and the number {j}"
            for j, word in enumerate(random.choice(["cat", "dog"], len(days)))
        ],
    }
    schema = Schema.learn(read_table(columns), words=["said"])
    assert [column.kind for column in schema.columns] == ["numeric", "date", "time", "numeric", "words"]
    assert [fault for column in schema.columns for fault in _column_faults(column)] == []
