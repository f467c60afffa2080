"""What a fit saw, epoch by epoch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from normax.rows import PrintedTable, data_frame
from normax.text import folded, markup

__all__ = ["History"]


@dataclass(frozen=True)
class History:
    """What a fit saw: one entry an epoch.

    Attributes:
        loss: `(epochs,)` mean training loss of each epoch, without Ω, as its batches met it.
        validation_loss: `(epochs,)` loss on the held-out rows in evaluation mode, or None.
        seconds: wall-clock seconds in all, compilation included.
        compile_seconds: of these, until the first block was ready to run again.
        metrics: name -> `(epochs,)`, each also as `validation_NAME` where rows are held out.

    Example:
        >>> History(np.array([2.0, 1.0]), None, 0.1, 0.05).columns()
        {'epoch': array([1, 2]), 'loss': array([2., 1.])}
    """

    loss: np.ndarray
    validation_loss: np.ndarray | None
    seconds: float
    compile_seconds: float
    metrics: dict[str, np.ndarray] = field(default_factory=dict)

    def columns(self) -> dict[str, np.ndarray]:
        """All columns by name, the number of the epoch first."""
        columns = {"epoch": np.arange(1, len(self.loss) + 1), "loss": self.loss}
        if self.validation_loss is not None:
            columns["validation_loss"] = self.validation_loss
        return columns | self.metrics

    def frame(self) -> Any:
        """The columns as a pandas data frame, indexed by epoch.

        Raises:
            InputError: without pandas.
        """
        return data_frame(self.columns(), "history.columns() is a dictionary of arrays").set_index("epoch")

    def plot(self) -> Any:
        """Loss, and metrics below it, against epochs: a matplotlib Figure."""
        from normax.report.training import history_figure

        return history_figure(self)

    def __repr__(self) -> str:
        if not len(self.loss):
            return "History(epochs=0)"
        last = f", validation_loss={self.validation_loss[-1]:.4g}" if self.validation_loss is not None else ""
        return f"History(epochs={len(self.loss)}, loss={self.loss[-1]:.4g}{last}, seconds={self.seconds:.1f})"

    def _repr_html_(self) -> str:
        columns = self.columns()
        rows = PrintedTable(dict(zip(columns, map(_plain, line))) for line in zip(*columns.values()))
        return folded(markup(repr(self)), rows.html())


def _plain(value: Any) -> int | float:
    return int(value) if isinstance(value, np.integer) else float(value)
