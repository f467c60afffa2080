"""`normax path --dry-run`: what was read of DATA and would be fitted; nothing is fitted or written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from rich.text import Text

from normax.cli import screen
from normax.cli.options.run import RunOptions
from normax.cli.runs.columns import column_rows, learn_schema, read, ways
from normax.cli.runs.data import Dataset, prepare
from normax.cli.summary import number, table_of
from normax.errors import quoted, shorten
from normax.language import say
from normax.language.messages import retold
from normax.tables import Schema, Table
from normax.tables.wording import many

__all__ = ["look"]

_SHOWN = 4  # categories of a column
_WIDE = 60  # letters of a cell


def look(options: RunOptions) -> None:
    """Print what each column is, with features and missing cells, the target's nature, what is left out.

    Without `--target` all columns are looked at as features.
    """
    with screen.notices() as said:
        if options.target is None:
            table = read(options.data, options)
            table.require(options.aside)
            schema, unused = learn_schema(table, options.aside, *ways(table, options), options)
            seen = _seen(table, schema, unused, schema.absent(schema.encode(table)), None)
        else:
            data = prepare(options)
            seen = _seen(data.table, data.schema, data.unused, data.missing, _target(data))
    if options.json:
        screen.print_json({**seen, "notices": said})
    else:
        _show(seen)


def _seen(
    table: Table,
    schema: Schema,
    unused: Mapping[str, str],
    missing: Mapping[str, int],
    target: dict[str, Any] | None,
) -> dict[str, Any]:
    """All there is to say."""
    columns = [
        {**row, "categories": list(column.levels)}
        for row, column in zip(column_rows(schema, missing), schema.columns)
    ]
    left_out = {**schema.left_out, **unused}
    return {
        "file": table.source,
        "sha256": table.sha256,
        "delimiter": table.delimiter,
        "rows": table.rows,
        "features": len(schema.features),
        "target": target,
        "columns": columns,
        "left_out": [{"name": name, "reason": reason} for name, reason in left_out.items()],
    }


def _target(data: Dataset) -> dict[str, Any]:
    """The target's task, and its classes with their rows or its range."""
    target, y = data.target, data.train.y
    rows = {
        "name": target.name,
        "task": target.task,
        "rows": len(y),
        "rows_without_target": data.without_target,
    }
    rows["test_rows"] = 0 if data.test is None else len(data.test.y)
    if target.labels:
        counts = np.bincount(y, minlength=len(target.labels))
        return rows | {
            "classes": [{"label": str(label), "rows": n} for label, n in zip(target.labels, counts)]
        }
    y = np.exp(y) if target.log else y
    return rows | {"smallest": y.min(), "mean": y.mean(), "largest": y.max()}


def _show(seen: dict[str, Any]) -> None:
    console = screen.console()
    console.print()
    console.print(Text(seen["file"], style="bold"))
    size = many(seen["rows"], "row"), many(seen["features"], "feature")
    console.print(Text(" · ".join(map(retold, size)), style="dim"))
    if seen["target"] is not None:
        console.print(Text(_in_words(seen["target"])), soft_wrap=True)
    console.print()
    table = table_of("column", "kind", "written as", "features", "missing", "categories")
    for head in (1, 2, 5):
        table.columns[head].justify = "left"
    for column in seen["columns"]:
        levels = [shorten(level, _WIDE // 2) for level in column["categories"][:_SHOWN]]
        more = ", ..." if len(column["categories"]) > _SHOWN else ""
        counts = (f"{column[key]:,}" for key in ("features", "missing"))
        cells = shorten(column["name"], _WIDE), say(column["kind"]), column["form"] or ""
        table.add_row(*cells, *counts, ", ".join(levels) + more)
    console.print(table)
    for column in seen["left_out"]:
        console.print(
            Text(retold(f"{quoted(column['name'])} left out: {column['reason']}"), style="dim"),
            soft_wrap=True,
        )


def _in_words(target: dict[str, Any]) -> str:
    if "classes" in target:
        found = target["classes"]
        classes = ", ".join(f"{shorten(c['label'], _WIDE // 2)} {c['rows']:,}" for c in found[:12])
        classes += ", ..." if len(found) > 12 else ""
        return say(
            "{name}: {count} classes, {classes}", name=target["name"], count=len(found), classes=classes
        )
    ends = {name: number(target[name]) for name in ("smallest", "mean", "largest")}
    text = "{name}: regression, smallest {smallest}, mean {mean}, largest {largest}"
    return say(text, name=target["name"], **ends)
