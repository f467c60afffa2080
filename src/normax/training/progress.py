"""A progress bar that is told of blocks of work, never of single steps, so that it costs nothing."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

from normax.text import printable

__all__ = ["progress_bar"]

Report = Callable[[float, Callable[[], str]], None]


@contextlib.contextmanager
def progress_bar(title: str, total: int, show: bool | None) -> Iterator[Report]:
    """Yield `report(done, text)`, text a function that is called where it is shown.

    It draws with `rich` on a terminal's standard error, otherwise nothing.

    Args:
        title: what is going on.
        total: units of work.
        show: True or False decides; None shows it where standard error is a terminal.
    """
    if show is False or (show is None and not sys.stderr.isatty()):
        yield lambda done, text: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.table import Column

    # What matters least comes last: a narrow terminal cuts there.
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(20),
        TimeRemainingColumn(),
        TextColumn(
            "{task.fields[text]}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis")
        ),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(printable(title), total=total, text="")
        yield lambda done, text: progress.update(task, completed=done, text=printable(text()))
