"""Callbacks: what is called after each epoch of a fit, and may stop it."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from normax.errors import InputError, suggest

if TYPE_CHECKING:
    from normax.training.run import Run

__all__ = ["CSVLog", "Callback", "EarlyStopping"]


class Callback:
    """Base of the callbacks of `nx.fit`; a plain function `f(run)` will do where only epochs matter.

    `run.net` is the network as trained so far, `run.epoch` the number of epochs done, `run.last` the
    last row of the history by name.

    Example:
        >>> class Print(Callback):
        ...     def __call__(self, run):
        ...         print(run.epoch, run.last["loss"])

    Attributes:
        main_only: whether of several processes that train together process 0 alone calls it, as for what writes files.
            What asks for weights (`run.net`, `run.values()`) has to be called in all.
    """

    main_only = False

    def start(self, run: Run) -> None:
        """Called once, before the first step."""

    def __call__(self, run: Run) -> bool | None:
        """Called after each epoch; True stops the fit."""

    def finish(self, run: Run) -> None:
        """Called once at the end, an interrupt and a divergence included; the network holds the last weights."""

    def state(self) -> dict[str, np.ndarray]:
        """What a checkpoint must carry for this callback."""
        return {}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Take what `state` gave."""


class _Function(Callback):
    def __init__(self, function: Callable[[Any], Any]):
        self.function = function

    def __call__(self, run):
        return self.function(run)


def as_callbacks(callbacks: Iterable[Any]) -> list[Callback]:
    """Callbacks, plain functions wrapped."""
    if not callable(callbacks) and not isinstance(callbacks, Iterable):
        raise InputError(f"callbacks: expected a list of them, got {callbacks!r}; none is `callbacks=()`")
    callbacks = [callbacks] if callable(callbacks) else list(callbacks)
    for c in callbacks:
        if isinstance(c, type):
            raise InputError(f"callbacks: {c.__name__} is a class; make one: {c.__name__}()")
        if not callable(c):
            raise InputError(f"callbacks: expected nx.EarlyStopping(), or a function of the run, got {c!r}")
    return [c if isinstance(c, Callback) else _Function(c) for c in callbacks]


class EarlyStopping(Callback):
    """Stop when a measure has not improved for some epochs, and leave the weights of the best one.

    Args:
        monitor: a column of the history; "validation_loss" by default.
        patience: epochs without improvement before it stops.
        min_delta: by how much a value must beat the best to count.
        mode: "min" or "max"; None takes "min" for losses and errors, "max" for accuracies.

    Raises:
        InputError: in the fit, if it does not measure `monitor`.

    Source:
        Prechelt, "Early stopping - but when?", 1998.

    Example:
        >>> import normax as nx
        >>> stop = nx.EarlyStopping(patience=5)  # for nx.fit(net, data, validation=0.2, callbacks=[stop])
        >>> stop.patience
        5
    """

    def __init__(
        self,
        monitor: str = "validation_loss",
        patience: int = 10,
        min_delta: float = 0.0,
        mode: str | None = None,
    ):
        if mode not in (None, "min", "max"):
            raise InputError(f"mode: expected 'min' or 'max', got {mode!r}")
        if isinstance(patience, bool) or not isinstance(patience, (int, np.integer)) or patience < 1:
            raise InputError(f"patience: expected a whole number of epochs >= 1, got {patience!r}")
        self.monitor, self.patience, self.min_delta = monitor, patience, min_delta
        self.values: dict[str, np.ndarray] = {}
        self.sign = -1.0 if mode == "max" or (mode is None and "accuracy" in monitor) else 1.0

    def start(self, run):
        if self.monitor not in run.columns:
            raise InputError(
                f"EarlyStopping: the fit does not measure {self.monitor!r}{suggest(self.monitor, run.columns)}; "
                f"it measures {', '.join(run.columns)} (validation_* needs validation=0.2)"
            )
        self.best, self.best_epoch, self.values = np.inf, 0, {}

    def __call__(self, run):
        value = self.sign * run.last[self.monitor]
        if value < self.best - self.min_delta or not self.values:
            self.best, self.best_epoch, self.values = value, run.epoch, run.values()
        return run.epoch - self.best_epoch >= self.patience

    def finish(self, run):
        if self.values:
            run.put(self.values)

    def state(self):
        values = {f"values/{name}": value for name, value in self.values.items()}
        return {"best": np.float64(self.best), "best_epoch": np.int64(self.best_epoch), **values}

    def restore(self, state):
        self.best, self.best_epoch = float(state["best"]), int(state["best_epoch"])
        self.values = {n.removeprefix("values/"): v for n, v in state.items() if n.startswith("values/")}


class CSVLog(Callback):
    """Write the history to a CSV file, a row an epoch, flushed at once; a resumed fit goes on where it stopped.

    Args:
        file: where to; an old file is replaced.

    Example:
        >>> import normax as nx
        >>> options = dict(epochs=20, callbacks=[nx.CSVLog("history.csv")])  # for nx.fit(net, data, **options)
    """

    main_only = True

    def __init__(self, file: str | os.PathLike):
        self.file = Path(file)

    def start(self, run):
        rows = [run.row(epoch) for epoch in range(run.epoch)]
        self._write("w", [run.columns, *([row[name] for name in run.columns] for row in rows)])

    def __call__(self, run):
        self._write("a", [[run.last[name] for name in run.columns]])

    def _write(self, mode, rows):
        try:
            with open(self.file, mode, newline="", encoding="utf-8") as stream:
                csv.writer(stream).writerows(rows)
        except OSError as error:
            raise InputError(f"{self.file}: cannot be written: {error.strerror}") from error
