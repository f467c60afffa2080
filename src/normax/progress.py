"""A progress bar that is told of blocks of work, never of single steps, so that it costs nothing."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from normax.text import markup, printable

__all__ = ["progress_bar"]

Report = Callable[[float, Callable[[], str]], None]
PATIENCE, EVERY = 0.5, 0.1  # seconds until a notebook shows a bar by itself, and between two of its pictures


@contextlib.contextmanager
def progress_bar(title: str, total: int | None, show: bool | None) -> Iterator[Report]:
    """Yield `report(done, text)`, text a function that is called where it is shown.

    It draws with `rich` on a terminal's standard error, as an element of its own in a notebook, otherwise nothing.

    Args:
        title: what is going on.
        total: units of work; None where nobody knows.
        show: True or False decides; None shows it where standard error is a terminal, and in a notebook where the work
            takes longer than half a second.
    """
    notebook = _in_notebook()
    if show is False or (show is None and not notebook and not sys.stderr.isatty()):
        yield lambda done, text: None
    elif notebook:
        with contextlib.closing(_Element(title, total, 0.0 if show else PATIENCE)) as element:
            yield element.report
    else:
        with _on_terminal(title, total) as report:
            yield report


@contextlib.contextmanager
def _on_terminal(title: str, total: int | None) -> Iterator[Report]:
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


def _in_notebook() -> bool:
    """Whether a kernel runs this, whose front end shows HTML; without importing IPython."""
    ipython = sys.modules.get("IPython")
    shell: Any = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None


class _Element:
    """A `<progress>` of the notebook's page, in its own colours and without widgets; gone when the work is done."""

    def __init__(self, title: str, total: int | None, patience: float):
        self.title, self.total = title, total
        self.next, self.handle = time.monotonic() + patience, None

    def report(self, done: float, text: Callable[[], str]) -> None:
        now = time.monotonic()
        if now < self.next:
            return
        self.next = now + EVERY
        known = "" if self.total is None else f' max="{self.total}" value="{done:g}"'
        bar = f'<progress{known} style="width:16em"></progress>'
        self._show(f"{markup(self.title)} {bar} {markup(text())}")

    def _show(self, html: str) -> None:
        from IPython.display import HTML, display

        if self.handle is None:
            self.handle = display(HTML(html), display_id=True)
        else:
            self.handle.update(HTML(html))

    def close(self) -> None:
        if self.handle is not None:
            self._show("")
