"""What a run found, printed: errors beside the baselines, measures, coefficients, methods, where the page is."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from normax.cli.details import ComparisonDetails, Contest, PathDetails, RunDetails, TableDetails
from normax.cli.screen import console
from normax.errors import shorten
from normax.language import say
from normax.language.messages import retold

__all__ = ["comparison", "number", "summary", "table_of"]

_MODELS = {
    "null": "no features",
    "chosen": "chosen",
    "minimum": "minimum",
    "one_se": "1-SE rule",
    "unpenalised": "no penalty",
}
_RULES = {"1se": "1-SE rule", "min": "minimum"}
_WIDE = 40  # letters of a label
_SHOWN = 12  # coefficients printed; the file has them all
_CAUTION = (
    "The strengths and the best method were chosen on the same folds, so its error is optimistic. Hold rows out with"
    " --test 0.2 for an honest one."
)


def summary(details: PathDetails, folder: Path) -> None:
    """Print what a path found: errors beside the baselines, measures, the largest coefficients, where the page is."""
    screen, data = console(), details.data
    about = [say(details.task), *_size(data), say("penalty {name}", name=details.penalty)]
    _head(screen, details, [" · ".join(about), retold(details.model_text)])
    if details.contest is not None:
        screen.print()
        screen.print(_contest(details, details.contest))
        screen.print(Text(retold(details.contest.verdict)), soft_wrap=True)
    worse = _worse_than_simple(details)
    if worse:
        screen.print()
        screen.print(Text(worse, style="bold red"), soft_wrap=True)
    for table in (_baselines(details), _metrics(details), _confusion(details), _coefficients(details)):
        if table is not None:
            caption, table.caption = table.caption, None  # below the table, not wrapped to its width
            screen.print()
            screen.print(table)
            if caption:
                screen.print(Text(str(caption), style="dim"))
    screen.print()
    if details.caution:
        screen.print(Text(say(details.caution), style="yellow"))
    seconds = ", ".join(f"{retold(phase)} {spent:.1f} s" for phase, spent in details.seconds)
    screen.print(Text(say("Time: {seconds}", seconds=seconds), style="dim"))
    _foot(screen, folder)


def comparison(compared: Any, details: ComparisonDetails, folder: Path) -> None:
    """Print what methods achieved on the same folds, the best one stressed, and where the page is."""
    screen, data, tested = console(), details.data, details.tested
    _head(screen, details, [" · ".join([retold(details.model_text), *_size(data)])])
    heads = ["strength", "nonzero", "train", "cv error", "behind best", *(["test"] if tested else []), "time"]
    table = table_of("method", *heads)
    methods = compared.table()
    for row in methods:
        best = bool(row["choice"])
        cells = [
            "–" if row["strength"] == "-" else number(row["strength"]),
            f"{row['nonzero']:,}",
            number(row["train"]),
            _with_error(row["cv"], row["se"]),
            say("best") if best else _with_error(row["difference"], row["difference_se"]),
            *([number(tested[row["method"]])] if tested else []),
            f"{row['seconds']:.0f} s",
        ]
        table.add_row(row["method"], *cells, style="bold" if best else None)
    screen.print()
    if methods.first:
        screen.print(Text(methods.first, style="bold red"), soft_wrap=True)
    screen.print(table)
    note = say(
        "error per row: {loss}; ± standard error; dropout's strength is its p", loss=say(details.loss_text)
    )
    screen.print(Text(note, style="dim"))
    screen.print()
    if not tested:
        screen.print(Text(say(_CAUTION), style="yellow"))
    _foot(screen, folder)


def number(value: float | None) -> str:
    """Four significant digits, thousands apart; a dash for what is not there."""
    if value is None:
        return "–"
    if value == 0:
        return "0"
    if not 1e-4 <= abs(value) < 1e7:
        return f"{value:.3e}"
    return f"{value:,.{max(0, 3 - math.floor(math.log10(abs(value))))}f}"


def _head(screen: Console, details: RunDetails, lines: list[str]) -> None:
    screen.print()
    screen.print(Text(retold(details.title), style="bold"))
    for line in lines:
        screen.print(Text(line, style="dim"))


def _size(data: TableDetails) -> list[str]:
    said = ("{count} rows", data.rows), ("{count} features", data.features)
    return [say(text, count=f"{count:,}") for text, count in said]


def _foot(screen: Console, folder: Path) -> None:
    screen.print(Text.assemble(say("Report: "), (str(folder / "report.html"), "bold")), soft_wrap=True)


def _worse_than_simple(details: PathDetails) -> str | None:
    """What stands before all tables where the chosen model is measurably worse than a simple one."""
    from normax.selection import verdict  # with it comes scikit-learn, which predicting does without

    errors = {
        row.model: (row.cv, math.nan if row.se is None else row.se)
        for row in details.baselines
        if row.cv is not None
    }
    if "chosen" not in errors:
        return None
    empty = any(row.model == "chosen" and row.nonzero == 0 for row in details.baselines)
    return verdict(errors["chosen"][0], None if empty else errors.get("null"), errors.get("unpenalised"))


def _with_error(value: float, error: float) -> str:
    return f"{number(value)} ± {error:.2g}"


def table_of(*heads: str, names: Iterable[str] = ()) -> Table:
    """An empty table with these heads, said, and then names as they are; numbers to the right of the first."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for place, head in enumerate([*map(say, heads), *names]):
        table.add_column(head, justify="right" if place else "left", no_wrap=place > 0)
    return table


def _contest(details: PathDetails, contest: Contest) -> Table:
    models, tested = contest.models, details.data.test_rows > 0
    units = any(row.rmse is not None for row in models)
    more = [*(["RMSE"] if units else []), *(["test error"] if tested else []), "time"]
    table = table_of("model", "nonzero", "cv error", "behind best", *more)
    best = min(row.cv for row in models)
    for row in models:
        cells = [
            f"{row.nonzero:,}",
            _with_error(row.cv, row.se),
            say("best") if row.cv == best else _with_error(row.behind, row.behind_se),
        ]
        cells += [number(row.rmse)] if units else []
        cells += [number(row.test)] if tested else []
        table.add_row(row.model, *cells, f"{row.seconds:.1f} s", style="bold" if row.kept else None)
    return table


def _baselines(details: PathDetails) -> Table:
    tested = details.data.test_rows > 0
    units = any(row.rmse is not None for row in details.baselines)
    more = [*(["RMSE"] if units else []), *(["test error"] if tested else [])]
    table = table_of("model", "strength", "nonzero", "cv error", "± se", *more)
    for row in details.baselines:
        chosen = row.model == "chosen"
        name = say(_MODELS[row.model]) + (f", {say(_RULES[details.select])}" if chosen else "")
        cells = [row.strength, row.nonzero, row.cv, row.se, *([row.rmse] if units else [])]
        cells += [row.test] if tested else []
        table.add_row(
            name,
            *(f"{cell:,}" if isinstance(cell, int) else number(cell) for cell in cells),
            style="bold" if chosen else None,
        )
    loss = say("error per row: {loss}", loss=say(details.loss_text))
    table.caption = loss + (f"\n{details.cost}" if details.cost else "")
    return table


def _metrics(details: PathDetails) -> Table:
    tested = details.data.test_rows > 0
    table = table_of("measure", "cross-validated", *(["test"] if tested else []))
    for row in details.metrics:
        table.add_row(say(row.name), number(row.cv), *([number(row.test)] if tested else []))
    return table


def _confusion(details: PathDetails) -> Table | None:
    found = details.confusion
    if found is None or len(found.labels) > 12:
        return None
    labels = [shorten(label, _WIDE) for label in found.labels]
    table = table_of("true ↓ predicted →", names=labels)
    for label, row in zip(labels, found.test or found.cv):
        table.add_row(label, *(f"{count:,}" for count in row))
    table.caption = say("rows, test set" if found.test else "rows, cross-validated")
    return table


def _coefficients(details: PathDetails) -> Table | None:
    rows = details.coefficients
    if rows is None:
        return None
    outputs = rows[0].output is not None
    table = table_of("largest coefficients", *(["class"] if outputs else []), "per sd", "per unit")
    live = [row for row in rows if row.standardised]
    for row in live[:_SHOWN]:
        middle = [shorten(str(row.output), _WIDE)] if outputs else []
        table.add_row(
            shorten(row.feature, 2 * _WIDE), *middle, number(row.standardised), number(row.original)
        )
    more = say("{count} more in coefficients.csv; ", count=len(live) - _SHOWN) if len(live) > _SHOWN else ""
    zero = say("{count} of {total} are exactly zero", count=len(rows) - len(live), total=len(rows))
    table.caption = more + zero
    return table
