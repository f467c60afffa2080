"""The target: which task it sets, what the model is trained on, and how its outputs become answers again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from normax.errors import InputError, quoted, suggest
from normax.forms import made
from normax.tables import codes, kinds, numbers
from normax.tables.answers import Offset, mean_of, refuse_impossible, survival
from normax.tables.columns import TOO_LARGE
from normax.tables.doubts import in_case_only
from normax.tables.levels import in_order, level_shares
from normax.tables.locale import Locale
from normax.tables.reading import Table
from normax.tables.wording import many, notice
from normax.tables.words import MARKS, MISSING, TRUTH, is_truth, marks, spellings, truth

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
        labels: the classes in increasing order, as they were in the table (whole numbers are ints, truth values
            have their commonest spelling), for ordinal levels from the lowest to the highest; empty for
            regression. With two classes the model gives the probability of the second.
        log: train on `log(y)` and answer with `exp` of the output.
        form: for numbers that are not written plainly, how they are written, as `normax.tables.numbers` names it.
        smear: under log, the mean of `exp` of the residuals, which makes answers means (Duan, JASA 1983).
        family: what numbers are distributed as, where that is not gaussian: `"poisson"`, `"quantile:0.9"`, ...; of
            classes `"ordinal"`, where they have an order.
        event: for times until an event, the column that says where it happened.
        offset: known part of the linear predictor.
        strata: for times until an event, the column of groups with hazards of their own.

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
    form: str | None = None
    smear: float = 1.0
    family: str | None = None
    event: str | None = None
    offset: Offset | None = None
    strata: str | None = None

    @classmethod
    def learn(
        cls,
        table: Table,
        name: str,
        task: str | None = None,
        log: bool = False,
        locale: Locale | None = None,
        family: str | None = None,
        event: str | None = None,
        offset: Offset | None = None,
        strata: str | None = None,
        levels: Sequence[str] | None = None,
    ) -> Target:
        """Read the target's nature off its column.

        Text and booleans are classes; numbers with two values, and whole numbers with at most `FEW` that are not
        spread as counts are, are classes too (the latter with a `Notice`); all other numbers are a regression target.

        Args:
            table: where the column is; it must have no missing cell.
            name: the column.
            task: `"regression"` or `"classification"`, to decide it yourself.
            log: train on the logarithm (regression of positive numbers only).
            family, event, offset, strata: as of the target; families of classes and `"gaussian"` only decide the task.
            levels: of an ordinal target, from the lowest to the highest; None for numbers in their order.
            locale: what decides where cells can be read in two ways, of all columns of the file.

        Raises:
            InputError: if the column is absent, has missing cells or inf, is a date, has one class or one
                value, about as many labels as rows, or is not numeric for a regression, not positive for a log.
        """
        if task is not None and task not in TASKS:
            raise InputError(
                f"task: expected regression or classification, got {task!r}{suggest(task, TASKS)}"
            )
        task, family = _task_of(task, family)
        cells = _complete(table, name)
        try:
            kind, form = kinds.infer(cells, locale)
        except InputError as error:
            raise InputError(f"target {quoted(name)}: {error}") from None
        ordinal = family == "ordinal"
        if kind in (kinds.DATE, kinds.TIME) and ordinal:
            kind, form = kinds.TEXT, None
        if kind in (kinds.DATE, kinds.TIME):
            raise InputError(f"target {quoted(name)} holds dates; expected numbers or labels")
        if form is not None and task != "regression" and not ordinal and _are_labels(cells, form):
            kind, form = kinds.TEXT, None
        task = task or _infer_task(cells, kind, form, name)
        if form is not None and not (form == "1.234,5" and locale is not None and locale.decimal == ","):
            row = int(numbers.marked(cells)[0])
            value = kinds.read(cells[row : row + 1], kind, form)[0]
            notice(
                f"target {quoted(name)}: numbers written as {form}, {quoted(cells[row].as_py())} is {value:.15g}"
            )
        if task == "regression":
            target = cls(name, task, (), log, form, family=family, event=event, offset=offset, strata=strata)
            y = target.encode(table)
            if event is None and y.min() == y.max():
                raise InputError(
                    f"target {quoted(name)} is constant ({cells[0].as_py()}); there is nothing to learn"
                )
            return target
        if log:
            raise InputError("--log-target: expected a regression target, got classes")
        if family == "binomial" and len(pc.unique(cells)) > 2 and _are_shares(cells, kind, form):
            return cls(name, "regression", (), log, form, family=family, offset=offset)
        labels = _labels(cells, kind, form)
        if len(labels) == 1:
            raise InputError(
                f"target {quoted(name)} has one class only ({_said(labels[0])}); a model needs two"
            )
        if 2 * len(labels) > max(len(cells), 4):
            number = kind == kinds.NUMERIC or numbers.number_like(kinds.texts(cells)).all()
            raise InputError(
                f"target {quoted(name)} has {len(labels)} labels in {len(cells)} rows; expected a few classes"
                + (" (--task regression, if it is a number)" if number else "")
            )
        if family == "binomial" and len(labels) != 2:
            raise InputError(
                f"--family binomial: expected two classes or shares from 0 to 1, and target {quoted(name)} has"
                f" {len(labels)} classes; say --family multinomial"
            )
        _say_doubts(name, cells, kind)
        if ordinal:
            labels = in_order(name, labels, cells, kind, form, levels)
        return cls(name, task, labels, form=form, family=family, offset=offset)

    @property
    def loss(self) -> str:
        """The loss's name: the family's, or squared, binary_cross_entropy for two classes, cross_entropy for more."""
        if self.family is not None:
            return self.family
        if self.task == "regression":
            return "squared"
        return "binary_cross_entropy" if len(self.labels) == 2 else "cross_entropy"

    @property
    def ordinal(self) -> bool:
        """Whether the classes have an order."""
        return self.family == "ordinal"

    @property
    def outputs(self) -> int:
        """How many numbers a model puts out a row: one logit a class, but one for two classes; of levels those of lying
        above each but the last."""
        if self.ordinal:
            return len(self.labels) - 1
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
            y = kinds.read(cells, kinds.NUMERIC, self.form)
        except InputError as error:
            raise InputError(f"target {quoted(self.name)}: {error} for regression") from None
        bad = np.flatnonzero(~(np.abs(y) < TOO_LARGE))
        if bad.size:
            where = f"{y[bad[0]]:g} in row {bad[0] + 1}"
            raise InputError(
                f"target {quoted(self.name)} has {where}; expected finite numbers below {TOO_LARGE:g}"
            )
        if self.family is not None:
            refuse_impossible(y, self.family, f"target {quoted(self.name)}")
        if self.event is not None:
            return survival(table, y, self.event, self.strata)
        if not self.log:
            return y
        low = np.flatnonzero(y <= 0)
        if low.size:
            where = f"target {quoted(self.name)} has {y[low[0]]:g} in row {low[0] + 1}"
            raise InputError(f"--log-target: {where}; expected numbers above 0")
        return np.log(y)

    def _codes(self, cells: pa.Array) -> np.ndarray:
        known, values, codes = self._by_letter(cells) if self._is_text else self._by_value(cells)
        place = {value: code for code, value in enumerate(known)}
        unknown = [value for value in values if value not in place]
        if unknown:
            shown = ", ".join(map(_said, unknown[:5]))
            raise InputError(f"target {quoted(self.name)} has labels that the training rows had not: {shown}")
        return np.array([place[value] for value in values])[codes]

    @property
    def _is_text(self) -> bool:
        """Whether labels are told apart letter by letter: words but truth values, and numbers too long for float64."""
        if isinstance(self.labels[0], str):
            return not is_truth(self.labels)
        return max(map(abs, self.labels)) >= codes.EXACT

    def _by_letter(self, cells: pa.Array) -> tuple[list, list, np.ndarray]:
        """The labels as they are compared, the distinct cells, and which of these each cell is."""
        encoded = kinds.texts(cells).dictionary_encode()
        return (
            [str(label) for label in self.labels],
            encoded.dictionary.to_pylist(),
            encoded.indices.to_numpy(),
        )

    def _by_value(self, cells: pa.Array) -> tuple[list, list, np.ndarray]:
        logical = isinstance(self.labels[0], (str, bool))
        try:
            numbers = (
                kinds.read(cells, kinds.BOOLEAN) if logical else kinds.read(cells, kinds.NUMERIC, self.form)
            )
        except InputError as error:
            raise InputError(f"target {quoted(self.name)}: {error}") from None
        distinct, codes = np.unique(numbers, return_inverse=True)
        known = [truth(str(label).lower()) if logical else label for label in self.labels]
        return list(map(float, known)), distinct.tolist(), codes

    def probabilities(self, outputs: np.ndarray) -> np.ndarray:
        """Class probabilities (rows, classes) from the model's outputs, (rows,) where it has one."""
        logits = np.asarray(outputs, dtype=float)
        if self.ordinal:
            return level_shares(logits.reshape(len(logits), -1))
        if len(self.labels) == 2:
            logits = logits.reshape(-1)
            logits = np.stack([np.zeros_like(logits), logits], axis=1)
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        return odds / odds.sum(axis=1, keepdims=True)

    def predict(self, outputs: np.ndarray) -> np.ndarray:
        """Answers (rows,) from a model's outputs: numbers in the target's units, or the likeliest labels."""
        if self.task == "regression":
            values = np.asarray(outputs, dtype=float).reshape(-1)
            return self.smear * np.exp(values) if self.log else mean_of(self.family)(values)
        return np.array(self.labels, dtype=object)[self.probabilities(outputs).argmax(axis=1)]

    def to_json(self) -> dict[str, Any]:
        """The target as plain values; labels keep their types."""
        return {**asdict(self), "labels": list(self.labels)}

    @classmethod
    def from_json(cls, recipe: dict[str, Any]) -> Target:
        """The target that `to_json` wrote."""
        return made(recipe, cls)


def _task_of(task: str | None, family: str | None) -> tuple[str | None, str | None]:
    """The task that a family sets, and the family where it says more than the task."""
    if family is None:
        return task, None
    meant = "classification" if family in ("binomial", "multinomial", "ordinal") else "regression"
    if task not in (None, meant):
        raise InputError(f"--family {family}: for --task {meant}, and the task is {task}")
    return meant, None if family in ("gaussian", "multinomial") else family


def _are_shares(cells: pa.Array, kind: str, form: str | None) -> bool:
    """Whether the cells are numbers from 0 to 1."""
    if kind != kinds.NUMERIC:
        return False
    values = kinds.read(cells, kind, form)
    return bool((values >= 0).all() and (values <= 1).all())


def _complete(table: Table, name: str) -> pa.Array:
    cells = table.column(name)
    absent = kinds.absent(cells)
    if absent.all():
        raise InputError(f"target {quoted(name)}: every cell is missing")
    if absent.any():
        raise InputError(
            f"target {quoted(name)} is missing in {absent.sum()} of {len(cells)} rows (first: row"
            f" {absent.argmax() + 1}); leave those rows out by --drop-missing-target"
        )
    return cells


def _infer_task(cells: pa.Array, kind: str, form: str | None, name: str) -> str:
    if kind != kinds.NUMERIC:
        number = numbers.number_like(kinds.texts(cells))
        if kind != kinds.BOOLEAN and 2 * number.sum() > len(cells) and not number.all():
            row = int(np.flatnonzero(~number)[0])
            raise InputError(
                f"target {quoted(name)}: row {row + 1} holds {quoted(cells[row].as_py())} where most rows hold"
                " numbers; mend it, or say --task classification"
            )
        return "classification"
    distinct = np.unique(kinds.read(cells, kind, form))
    if len(distinct) == 2:
        return "classification"
    if 2 < len(distinct) <= min(FEW, len(cells) // 2) and np.all(distinct == np.round(distinct)):
        values = kinds.read(cells, kind, form)
        if _counts(values):
            return "regression"
        notice(
            f"target {quoted(name)} has {len(distinct)} different whole numbers, taken as classes; if it is a quantity, say"
            " --task regression, if a scale with an order --family ordinal"
            f"{', if a count --family poisson' if distinct[0] == 0 else ''}"
        )
        return "classification"
    return "regression"


def _counts(values: np.ndarray) -> bool:
    """Whether whole numbers are counts rather than numbers for classes: 0, 1, 2, ..., ever rarer, the last ones
    rare."""
    counts = np.bincount(values.astype(int)) if values.min() == 0 else np.zeros(1)
    top = int(np.argmax(counts))
    tail = counts[top:]
    return (
        len(counts) >= 5
        and top <= 2
        and 5 * tail[-1] <= tail[0]
        and bool((np.diff(tail) <= 0.2 * tail[0]).all())
    )


def _are_labels(cells: pa.Array, form: str) -> bool:
    """Whether few different numbers of one unit, as 36 months and 60 months, are names of classes."""
    return numbers.unit(form) != "" and len(pc.unique(cells)) <= FEW


def _labels(cells: pa.Array, kind: str, form: str | None) -> tuple[Any, ...]:
    if kind == kinds.NUMERIC:
        numbers = np.unique(kinds.read(cells, kind, form)).tolist()
        return tuple(map(int, numbers)) if all(number.is_integer() for number in numbers) else tuple(numbers)
    if kind == kinds.BOOLEAN and pa.types.is_string(cells.type):
        counted = [(entry["values"], entry["counts"]) for entry in pc.value_counts(cells).to_pylist()]
        counted.sort(
            key=lambda entry: (entry[0].lower() in TRUTH, entry[1], entry[0])
        )  # words before 0 and 1
        commonest = {truth(word.lower()): word for word, _ in counted}
        return tuple(commonest[value] for value in sorted(commonest))
    return tuple(sorted(pc.unique(cells).to_pylist()))


def _say_doubts(name: str, cells: pa.Array, kind: str) -> None:
    """What was done with classes that their reader may have meant otherwise."""
    if kind == kinds.BOOLEAN:
        for words in spellings(cells):
            notice(f"target {quoted(name)}: {', '.join(map(quoted, words))} are one class")
    elif kind == kinds.TEXT:
        if why := (numbers.number_like(kinds.texts(cells)).all() and codes.why_text(cells)):
            notice(f"target {quoted(name)}: labels are text, not numbers: {why}")
        for doubt in in_case_only(pc.unique(kinds.texts(cells)).to_pylist()):
            notice(f"target {quoted(name)}{doubt.what}{doubt.example}")
        for word in marks(cells, MISSING + MARKS):
            rows = many(pc.sum(pc.equal(cells, word)).as_py(), "row")
            notice(
                f"target {quoted(name)}: {quoted(word)} is a class, of {rows}; if it means missing, leave them out by"
                " --drop-missing-target"
            )


def _said(label: Any) -> str:
    return quoted(label) if isinstance(label, str) else repr(label)
