"""Where the command prints: consoles on which data is text, notices, and a bar of progress."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console, ConsoleOptions
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from normax.cli import interrupts
from normax.cli.details import plain
from normax.errors import Notice
from normax.language import say
from normax.language.messages import retold
from normax.text import encodable, printable

__all__ = ["console", "note", "notices", "print_json", "progress"]


class _Screen(Console):
    """A console on which what comes out of data is text: nothing in it moves the cursor or changes colours."""

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(printable(text), **options)

    def render(self, renderable: Any, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        for segment in super().render(renderable, options):
            text = encodable(printable(segment.text), self.encoding)
            yield segment if segment.control else segment._replace(text=text)


def console(error: bool = False) -> Console:
    """A console on the standard output or error; off a terminal it is 100 columns wide and without colour.

    No markup: the names of columns may hold square brackets.
    """
    stream = sys.stderr if error else sys.stdout
    width = None if stream.isatty() else 100
    return _Screen(file=stream, width=width, highlight=False, markup=False, emoji=False)


def print_json(value: Any) -> None:
    """One JSON object on the standard output, in ASCII: NaN and inf are null."""
    print(json.dumps(plain(value), indent=1, allow_nan=False), flush=True)


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
    """One notice, in the language that is spoken: with a hanging indent on a terminal, on one line off it."""
    text = retold(text)
    if not screen.is_terminal:
        screen.print(f"{say('note: ')}{' '.join(text.split())}", soft_wrap=True)
        return
    grid = Table.grid(padding=(0, 1))
    grid.add_row(Text(say("note"), style="yellow"), Text(text))
    screen.print(grid)


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """A bar with the time left: call it with (phase, done, total). Nothing off a terminal, whatever FORCE_COLOR
    says."""
    screen = console(error=True)
    left = (
        TextColumn("{task.percentage:>3.0f}%", markup=False),
        TimeRemainingColumn(),
        TextColumn(say("left")),
    )
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), *left)
    with Progress(*columns, console=screen, transient=True, disable=not sys.stderr.isatty()) as bars:
        task = bars.add_task(say("starting"), total=None)

        def on_progress(phase: str, done: int, total: int) -> None:
            interrupts.check()
            if total != bars.tasks[0].total or done < bars.tasks[0].completed:  # other work: time it anew
                bars.reset(task, total=total)
            bars.update(task, description=retold(phase), completed=done)

        yield on_progress
