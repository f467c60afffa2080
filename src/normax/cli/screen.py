"""What the command prints: progress and notices on the standard error, the summary on the standard output."""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console, ConsoleOptions
from rich.progress import (
    BarColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from normax.cli import interrupts
from normax.errors import Notice, shorten
from normax.text import printable

__all__ = ["comparison", "console", "note", "notices", "number", "progress", "summary"]

_MODELS = {"null": "no features", "chosen": "chosen", "minimum": "minimum", "unpenalised": "no penalty"}
_RULES = {"1se": "1-SE rule", "min": "minimum"}
_WIDE = 40  # letters of a label
_SHOWN = 12  # coefficients printed; the file has them all


class _Screen(Console):
    """A console on which what comes out of data is text: nothing in it moves the cursor or changes colours."""

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(printable(text), **options)

    def render(self, renderable: Any, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=printable(segment.text))


def console(error: bool = False) -> Console:
    """A console on the standard output or error; off a terminal it is 100 columns wide and without colour.

    No markup: the names of columns may hold square brackets.
    """
    stream = sys.stderr if error else sys.stdout
    width = None if stream.isatty() else 100
    return _Screen(file=stream, width=width, highlight=False, markup=False, emoji=False)


def number(value: float | None) -> str:
    """Four significant digits, thousands apart; a dash for what is not there."""
    if value is None:
        return "–"
    if value == 0:
        return "0"
    if not 1e-4 <= abs(value) < 1e7:
        return f"{value:.3e}"
    return f"{value:,.{max(0, 3 - math.floor(math.log10(abs(value))))}f}"


@contextmanager
def notices() -> Iterator[list[str]]:
    """Print each notice once, when it comes, and collect them all."""
    said: list[str] = []
    screen = console(error=True)

    def show(message: Any, category: type[Warning], filename: str, lineno: int, *_: Any) -> None:
        text = str(message) if issubclass(category, Notice) else f"{category.__name__}: {message}"
        if text not in said:
            said.append(text)
            note(text, screen)

    with warnings.catch_warnings():
        warnings.simplefilter("always", Notice)
        warnings.showwarning = show  # type: ignore[assignment]
        yield said


def note(text: str, screen: Console) -> None:
    """One notice: with a hanging indent on a terminal, on one line off it."""
    if not screen.is_terminal:
        screen.print(f"note: {' '.join(text.split())}", soft_wrap=True)
        return
    grid = Table.grid(padding=(0, 1))
    grid.add_row(Text("note", style="yellow"), Text(text))
    screen.print(grid)


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """A bar with the time left: call it with (phase, done, total). Nothing off a terminal."""
    screen = console(error=True)
    left = TextColumn("{task.percentage:>3.0f}%", markup=False), TimeRemainingColumn(), TextColumn("left")
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), *left)
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bars:
        task = bars.add_task("starting", total=None)

        def on_progress(phase: str, done: int, total: int) -> None:
            interrupts.check()
            if total != bars.tasks[0].total or done < bars.tasks[0].completed:  # other work: time it anew
                bars.reset(task, total=total)
            bars.update(task, description=phase, completed=done)

        yield on_progress


def summary(details: dict[str, Any], folder: Path) -> None:
    """Print what a run found: errors beside the baselines, measures, the largest coefficients, where the page is."""
    screen = console()
    data = details["data"]
    about = [
        details["task"],
        f"{data['rows']:,} rows",
        f"{data['features']:,} features",
        f"penalty {details['penalty']}",
    ]
    screen.print()
    screen.print(Text(details["title"], style="bold"))
    screen.print(Text(" · ".join(about), style="dim"))
    screen.print(Text(details["model_text"], style="dim"))
    worse = _worse_than_simple(details["baselines"])
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
    if details["caution"]:
        screen.print(Text(details["caution"], style="yellow"))
    seconds = ", ".join(f"{phase} {spent:.1f} s" for phase, spent in details["seconds"])
    screen.print(Text(f"Time: {seconds}", style="dim"))
    screen.print(Text.assemble("Report: ", (str(folder / "report.html"), "bold")), soft_wrap=True)


def comparison(compared: Any, details: dict[str, Any], folder: Path) -> None:
    """Print what methods achieved on the same folds, the best one stressed, and where the page is."""
    screen, tested = console(), details["tested"]
    data = details["data"]
    screen.print()
    screen.print(Text(details["title"], style="bold"))
    screen.print(
        Text(f"{details['model_text']} · {data['rows']:,} rows · {data['features']:,} features", style="dim")
    )
    table = _table(
        "method",
        "strength",
        "nonzero",
        "train",
        "cv error",
        "behind best",
        *(["test"] if tested else []),
        "time",
    )
    methods = compared.table()
    for row in methods:
        best = bool(row["choice"])
        cells = [
            "–" if row["strength"] == "-" else number(row["strength"]),
            f"{row['nonzero']:,}",
            number(row["train"]),
            _with_error(row["cv"], row["se"]),
            "best" if best else _with_error(row["difference"], row["difference_se"]),
            *([number(tested[row["method"]])] if tested else []),
            f"{row['seconds']:.0f} s",
        ]
        table.add_row(row["method"], *cells, style="bold" if best else None)
    screen.print()
    if methods.first:
        screen.print(Text(methods.first, style="bold red"), soft_wrap=True)
    screen.print(table)
    note = f"error per row: {details['loss_text']}; ± standard error; dropout's strength is its p"
    screen.print(Text(note, style="dim"))
    screen.print()
    if not tested:
        screen.print(
            Text(
                "The strengths and the best method were chosen on the same folds, so its error is optimistic. Hold rows out"
                " with --test 0.2 for an honest one.",
                style="yellow",
            )
        )
    screen.print(Text.assemble("Report: ", (str(folder / "report.html"), "bold")), soft_wrap=True)


def _worse_than_simple(rows: list[dict[str, Any]]) -> str | None:
    """What stands before all tables where the chosen model is measurably worse than a simple one."""
    from normax.selection import verdict  # with it comes scikit-learn, which predicting does without

    errors = {
        row["model"]: (row["cv"], math.nan if row["se"] is None else row["se"])
        for row in rows
        if row["cv"] is not None
    }
    if "chosen" not in errors:
        return None
    return verdict(errors["chosen"][0], errors.get("null"), errors.get("unpenalised"))


def _with_error(value: float, error: float) -> str:
    return f"{number(value)} ± {error:.2g}"


def _table(*heads: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for place, head in enumerate(heads):
        table.add_column(head, justify="right" if place else "left", no_wrap=place > 0)
    return table


def _baselines(details: dict[str, Any]) -> Table:
    tested = details["data"]["test_rows"] > 0
    table = _table("model", "strength", "nonzero", "cv error", "± se", *(["test error"] if tested else []))
    for row in details["baselines"]:
        chosen = row["model"] == "chosen"
        name = _MODELS[row["model"]] + (f", {_RULES[details['select']]}" if chosen else "")
        cells = [row["strength"], row["nonzero"], row["cv"], row["se"], *([row["test"]] if tested else [])]
        table.add_row(
            name,
            *(f"{cell:,}" if isinstance(cell, int) else number(cell) for cell in cells),
            style="bold" if chosen else None,
        )
    table.caption = f"error per row: {details['loss_text']}"
    return table


def _metrics(details: dict[str, Any]) -> Table:
    tested = details["data"]["test_rows"] > 0
    table = _table("measure", "cross-validated", *(["test"] if tested else []))
    for row in details["metrics"]:
        table.add_row(row["name"], number(row["cv"]), *([number(row["test"])] if tested else []))
    return table


def _confusion(details: dict[str, Any]) -> Table | None:
    if details["confusion"] is None or len(details["confusion"]["labels"]) > 12:
        return None
    labels = [shorten(label, _WIDE) for label in details["confusion"]["labels"]]
    kind = "test" if details["confusion"]["test"] else "cv"
    table = _table("true ↓ predicted →", *labels)
    for label, row in zip(labels, details["confusion"][kind]):
        table.add_row(label, *(f"{count:,}" for count in row))
    table.caption = f"rows, {'test set' if kind == 'test' else 'cross-validated'}"
    return table


def _coefficients(details: dict[str, Any]) -> Table | None:
    rows = details["coefficients"]
    if rows is None:
        return None
    outputs = rows[0]["output"] is not None
    table = _table("largest coefficients", *(["class"] if outputs else []), "per sd", "per unit")
    live = [row for row in rows if row["standardised"]]
    for row in live[:_SHOWN]:
        middle = [shorten(row["output"], _WIDE)] if outputs else []
        table.add_row(
            shorten(row["feature"], 2 * _WIDE), *middle, number(row["standardised"]), number(row["original"])
        )
    rest = f"{len(live) - _SHOWN} more in coefficients.csv; " if len(live) > _SHOWN else ""
    table.caption = f"{rest}{len(rows) - len(live)} of {len(rows)} are exactly zero"
    return table
