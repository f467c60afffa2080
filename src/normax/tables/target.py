"""The target: which task it sets, what the model is trained on, and how its outputs become answers again."""

from __future__ import annotations

import re
import warnings
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from normax.errors import InputError, Notice, suggest
from normax.tables import kinds
from normax.tables.reading import Table
from normax.tables.schema import TOO_LARGE

__all__ = ["FEW", "Target"]

#: Whole numbers with at most this many different values are taken as classes unless the task is given.
FEW = 10

TASKS = ("regression", "classification")


@dataclass(frozen=True)
class Target:
    """The column to predict.

    Args:
        name: its column.
        task: `"regression"` or `"classification"`.
        labels: the classes in increasing order, as they were in the table (ints stay ints); empty for
            regression. With two classes the model gives the probability of the second.
        log: train on `log(y)` and answer with `exp` of the output.

    Example:
        >>> from normax.tables import read_table
        >>> table = read_table({"kind": ["no", "yes", "no"]})
        >>> target = Target.learn(table, "kind")
        >>> target.labels, target.encode(table), target.predict(np.array([-2.0, 0.5]))
        (('no', 'yes'), array([0, 1, 0]), array(['no', 'yes'], dtype=object))
    """

    name: str
    task: str
    labels: tuple[Any, ...] = ()
    log: bool = False

    @classmethod
    def learn(cls, table: Table, name: str, task: str | None = None, log: bool = False) -> Target:
        """Read the target's nature off its column.

        Text and booleans are classes; numbers with two values, and whole numbers with at most `FEW`, are
        classes too (the latter with a `Notice`); all other numbers are a regression target.

        Args:
            table: where the column is; it must have no missing cell.
            name: the column.
            task: `"regression"` or `"classification"`, to decide it yourself.
            log: train on the logarithm (regression of positive numbers only).

        Raises:
            InputError: if the column is absent, has missing cells or inf, is a date, has one class or one
                value, about as many labels as rows, or is not numeric for a regression, not positive for a log.
        """
        if task is not None and task not in TASKS:
            raise InputError(
                f"task: expected regression or classification, got {task!r}{suggest(task, TASKS)}"
            )
        cells = _complete(table, name)
        try:
            kind, _ = kinds.infer(cells)
        except InputError as error:
            raise InputError(f"target {name!r}: {error}") from None
        if kind == kinds.DATE:
            raise InputError(f"target {name!r} holds dates; expected numbers or labels")
        task = task or _infer_task(cells, kind, name)
        if task == "regression":
            target = cls(name, task, (), log)
            y = target.encode(table)
            if y.min() == y.max():
                raise InputError(
                    f"target {name!r} is constant ({cells[0].as_py()}); there is nothing to learn"
                )
            return target
        if log:
            raise InputError("--log-target: expected a regression target, got classes")
        labels = _labels(cells, kind)
        if len(labels) == 1:
            raise InputError(f"target {name!r} has one class only ({labels[0]!r}); a model needs two")
        if 2 * len(labels) > max(len(cells), 4):
            raise InputError(
                f"target {name!r} has {len(labels)} labels in {len(cells)} rows; expected a few classes"
                + (" (--task regression, if it is a number)" if kind == kinds.NUMERIC else "")
            )
        return cls(name, task, labels)

    @property
    def loss(self) -> str:
        """The loss's name: squared, binary_cross_entropy for two classes, cross_entropy for more."""
        if self.task == "regression":
            return "squared"
        return "binary_cross_entropy" if len(self.labels) == 2 else "cross_entropy"

    @property
    def outputs(self) -> int:
        """How many numbers a model puts out a row: one logit a class, but one for two classes."""
        return len(self.labels) if len(self.labels) > 2 else 1

    def encode(self, table: Table) -> np.ndarray:
        """What the model is trained on (rows,): float64 numbers, or class numbers from 0.

        Raises:
            InputError: if cells are missing, are not numbers or finite, or hold a label that is not known.
        """
        cells = _complete(table, self.name)
        if self.task == "classification":
            return self._codes(cells)
        try:
            y = kinds.read(cells, kinds.NUMERIC)
        except InputError as error:
            raise InputError(f"target {self.name!r}: {error} for regression") from None
        bad = np.flatnonzero(~(np.abs(y) < TOO_LARGE))
        if bad.size:
            where = f"{y[bad[0]]:g} in row {bad[0] + 1}"
            raise InputError(f"target {self.name!r} has {where}; expected finite numbers below {TOO_LARGE:g}")
        if not self.log:
            return y
        low = np.flatnonzero(y <= 0)
        if low.size:
            where = f"target {self.name!r} has {y[low[0]]:g} in row {low[0] + 1}"
            raise InputError(f"--log-target: {where}; expected numbers above 0")
        return np.log(y)

    def _codes(self, cells: pa.Array) -> np.ndarray:
        numeric = not isinstance(self.labels[0], str)
        known = [float(label) for label in self.labels] if numeric else list(self.labels)
        if numeric:
            kind = kinds.BOOLEAN if isinstance(self.labels[0], bool) else kinds.NUMERIC
            try:
                distinct, codes = np.unique(kinds.read(cells, kind), return_inverse=True)
            except InputError as error:
                raise InputError(f"target {self.name!r}: {error}") from None
            values = distinct.tolist()
        else:
            encoded = kinds.texts(cells).dictionary_encode()
            values, codes = encoded.dictionary.to_pylist(), encoded.indices.to_numpy()
        unknown = [value for value in values if value not in known]
        if unknown:
            shown = ", ".join(map(repr, unknown[:5]))
            raise InputError(f"target {self.name!r} has labels that the training rows had not: {shown}")
        return np.array([known.index(value) for value in values])[codes]

    def probabilities(self, outputs: np.ndarray) -> np.ndarray:
        """Class probabilities (rows, classes) from logits (rows,) for two classes or (rows, classes)."""
        logits = np.asarray(outputs, dtype=float)
        if len(self.labels) == 2:
            logits = logits.reshape(-1)
            logits = np.stack([np.zeros_like(logits), logits], axis=1)
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        return odds / odds.sum(axis=1, keepdims=True)

    def predict(self, outputs: np.ndarray) -> np.ndarray:
        """Answers (rows,) from a model's outputs: numbers in the target's units, or the likeliest labels."""
        if self.task == "regression":
            values = np.asarray(outputs, dtype=float).reshape(-1)
            return np.exp(values) if self.log else values
        return np.array(self.labels, dtype=object)[self.probabilities(outputs).argmax(axis=1)]

    def to_json(self) -> dict[str, Any]:
        """The target as plain values; labels keep their types."""
        return {**asdict(self), "labels": list(self.labels)}

    @classmethod
    def from_json(cls, recipe: dict[str, Any]) -> Target:
        """The target that `to_json` wrote."""
        return cls(**{**recipe, "labels": tuple(recipe["labels"])})


def _complete(table: Table, name: str) -> pa.Array:
    cells = table.column(name)
    if pa.types.is_floating(cells.type):
        cells = pc.if_else(pc.is_nan(cells), pa.scalar(None, cells.type), cells)
    if cells.null_count == len(cells):
        raise InputError(f"target {name!r}: every cell is missing")
    if cells.null_count:
        row = pc.index(pc.is_null(cells), True).as_py() + 1
        raise InputError(
            f"target {name!r} is missing in {cells.null_count} of {len(cells)} rows (first: row {row});"
            " leave those rows out by --drop-missing-target"
        )
    return cells


def _infer_task(cells: pa.Array, kind: str, name: str) -> str:
    if kind != kinds.NUMERIC:
        number = kinds.number_like(kinds.texts(cells))
        if 2 * number.sum() > len(cells):
            row = int(np.flatnonzero(~number)[0])
            raise InputError(
                f"target {name!r}: row {row + 1} holds {cells[row].as_py()!r} where most rows hold numbers;"
                " mend it, or say --task classification"
            )
        return "classification"
    distinct = np.unique(kinds.read(cells, kind))
    if len(distinct) == 2:
        return "classification"
    if 2 < len(distinct) <= min(FEW, len(cells) // 2) and np.all(distinct == np.round(distinct)):
        warnings.warn(
            f"target {name!r} has {len(distinct)} different whole numbers, taken as classes;"
            " if it is a quantity, say --task regression",
            Notice,
            stacklevel=3,
        )
        return "classification"
    return "regression"


def _labels(cells: pa.Array, kind: str) -> tuple[Any, ...]:
    distinct = pc.unique(cells).to_pylist()
    if kind == kinds.NUMERIC and pa.types.is_string(cells.type):
        whole = all(re.fullmatch(r"0|-?[1-9]\d*", text) for text in distinct)
        distinct = {int(text) if whole else float(text) for text in distinct}
    return tuple(sorted(distinct))
