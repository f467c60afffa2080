"""What DATA's columns are, by the options and the cells: those unused, and the schema of the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from normax.cli.options.run import RunOptions
from normax.cli.options.table import reading
from normax.errors import InputError
from normax.tables import Locale, Schema, Table, read_table
from normax.tables.date_forms import form_of

__all__ = ["column_rows", "learn_schema", "read", "ways"]


def read(places: Any, options: RunOptions) -> Table:
    """The table of these files, read as options say."""
    return read_table(places, **reading(options)).without(options.missing)


def ways(table: Table, options: RunOptions) -> tuple[Locale, dict[str, str | None]]:
    """How cells that can be read in two ways are read: in the whole table, and in columns that `--date` names."""
    return Locale.of(table, Locale(options.decimal, options.thousands)), _dates(table, options.date)


def learn_schema(
    table: Table, aside: list[str], locale: Locale, dates: Mapping[str, str | None], options: RunOptions
) -> tuple[Schema, dict[str, str]]:
    """The schema of the features, and the columns that are none, each with the option that says so.

    Args:
        table: all columns.
        aside: columns with a use of their own: the target, groups, times.
        locale, dates: what `ways` found.
        options: of the run.
    """
    unused = _unused(table, aside, options)
    features = table.drop([*aside, *unused])
    if not features.names:
        raise InputError(f"{table.source}: no column is left to learn from")
    schema = Schema.learn(
        features,
        text=options.text,
        numbers=options.number,
        dates={name: form for name, form in dates.items() if name not in aside},
        words=options.words,
        missing=options.missing,
        locale=locale,
    )
    return schema, unused


def column_rows(schema: Schema, missing: Mapping[str, int]) -> list[dict[str, Any]]:
    """A row a column: what it is, how it is written, and what it becomes; `missing` counts cells by name."""
    return [
        {
            "name": column.name,
            "kind": column.kind,
            "form": column.form,
            "features": len(column.features),
            "levels": len(column.levels) or None,
            "missing": missing[column.name],
        }
        for column in schema.columns
    ]


def _unused(table: Table, aside: list[str], options: RunOptions) -> dict[str, str]:
    """The columns that options keep from being features, and which option does."""
    table.require([*options.drop, *options.only])
    only = set(options.only or table.names).union(aside)
    return dict.fromkeys(options.drop, "--drop") | {c: "--only" for c in table.names if c not in only}


def _dates(table: Table, words: list[str]) -> dict[str, str | None]:
    """The columns that `--date` names, and how they are written where it says so: `NAME` or `NAME:FORM`."""
    found: dict[str, str | None] = {}
    for word in words:
        parts = word.split(":")
        heads = [":".join(parts[:k]) for k in range(len(parts), 0, -1)]  # a name may hold colons too
        name = next((head for head in heads if head in table.names), heads[-1])
        table.require([name])
        form = word[len(name) + 1 :].strip()
        found[name] = form_of(form) if form else None
    return found
