"""Levels of an ordinal target, from the lowest to the highest."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from normax.errors import InputError, quoted, suggest
from normax.tables import kinds
from normax.tables.words import TRUTH, is_truth

__all__ = ["in_order", "level_shares", "usual_order"]

#: Usual scales from the lowest to the highest; words of one place mean about the same.
_SCALES = (
    "very low, low/lower, medium/middle/med/mid/moderate, high/higher, very high",
    "xxs/tiny, xs, s/small, m/medium, l/large/big, xl/huge, xxl",
    "bad, poor, fair, okay/ok/average, good, very good, excellent",
    "none, mild, some, moderate, marked, severe",
    "never, rarely/seldom, sometimes, often, usually, always",
    "strongly disagree, disagree, undecided/neutral, agree, strongly agree",
)
_PLACES = [
    {word: place for place, words in enumerate(scale.split(", ")) for word in words.split("/")}
    for scale in _SCALES
]


def usual_order(labels: Iterable[Any]) -> list[Any] | None:
    """Labels from the lowest to the highest where all are words of one usual scale, in different places; else None.

    Example:
        >>> usual_order(["High", "low", "medium"]), usual_order(["low", "blue", "high"])
        (['low', 'medium', 'High'], None)
    """
    words = {label: str(label).strip().lower() for label in labels}
    for places in _PLACES:
        found = [places.get(word) for word in words.values()]
        if None not in found and len(set(found)) == len(found):
            return sorted(words, key=lambda label: places[words[label]])
    return None


def in_order(
    name: str,
    labels: tuple[Any, ...],
    cells: pa.Array,
    kind: str,
    form: str | None,
    asked: Sequence[str] | None,
) -> tuple[Any, ...]:
    """The levels of a target from the lowest to the highest.

    Args:
        name: of its column; labels: its distinct values in increasing order; cells, kind, form: of the column.
        asked: the levels in their order as they are written in the table; None takes numbers and truth values in
            their own.

    Raises:
        InputError: for text whose order is not given, whole numbers that no row has between those that some have,
            and levels that are not those of the column, each once.
    """
    where = f"target {quoted(name)}"
    if asked is None:
        if kind not in (kinds.NUMERIC, kinds.BOOLEAN):
            raise InputError(
                f"{where}: --family ordinal needs levels in an order, and that of {_told(labels)} is not known; give it,"
                f" from the lowest to the highest: --levels {_listed(usual_order(labels) or labels)}"
            )
        if gaps := _gaps(labels):
            raise InputError(
                f"{where}: no row has level {', '.join(map(str, gaps[:5]))} between {labels[0]} and {labels[-1]}, so that"
                " nothing is known of it; if it cannot occur, say which levels there are:"
                f" --levels {_listed(labels)}"
            )
        return labels
    values = _values(asked, kind, form)
    twice = sorted({word for word, value in zip(asked, values) if values.count(value) > 1})
    if twice:
        raise InputError(f"--levels: expected each level once, got {', '.join(map(quoted, twice))} again")
    own = dict(zip(_values(labels, kind, form), labels))
    strange = [word for word, value in zip(asked, values) if value not in own]
    if strange:
        near = suggest(strange[0], list(map(str, labels)))
        told = ", ".join(map(quoted, strange[:5]))
        raise InputError(f"--levels: no row of {where} has {told}{near or '; leave it out'}")
    lost = [label for value, label in own.items() if value not in values]
    if lost:
        raise InputError(f"--levels: {where} has {_told(lost)} too; say where in the order")
    return tuple(own[value] for value in values)


def level_shares(logits: np.ndarray) -> np.ndarray:
    """(n, K) probabilities of levels from the logits (n, K−1) of lying above each but the last, without cancellation.

    Example:
        >>> level_shares(np.array([[0.0, -np.log(3)]])).round(4).tolist()
        [[0.5, 0.25, 0.25]]
    """
    ends = np.pad(logits, ((0, 0), (1, 1)), constant_values=((0, 0), (np.inf, -np.inf)))
    above, below = ends[:, :-1], ends[:, 1:]
    return _logistic(above) * _logistic(-below) * -np.expm1(below - above)


def _logistic(x: np.ndarray) -> np.ndarray:
    return np.exp(-np.logaddexp(0.0, -x))


def _values(words: Iterable[Any], kind: str, form: str | None) -> list[Any]:
    """What is compared: numbers and truth values by what they mean, text letter by letter; a word that is none of
    them stays one."""
    texts = [str(word) for word in words]
    if kind == kinds.BOOLEAN and is_truth(texts):
        return [TRUTH[text.lower()] for text in texts]
    if kind != kinds.NUMERIC:
        return texts
    return [_number(word, form) for word in words]


def _number(word: Any, form: str | None) -> Any:
    if not isinstance(word, str):
        return float(word)
    for written in (form, None):  # as in the table, or plainly
        try:
            return float(kinds.read(pa.array([word]), kinds.NUMERIC, written)[0])
        except InputError:
            continue
    return word


def _gaps(labels: Sequence[Any]) -> list[int]:
    """Whole numbers that are missing between the levels, where these are few enough to be a scale."""
    if not all(isinstance(label, int) and not isinstance(label, bool) for label in labels):
        return []
    if labels[-1] - labels[0] > 2 * len(labels):
        return []
    return sorted({*range(labels[0], labels[-1])} - {*labels})


def _told(labels: Sequence[Any]) -> str:
    shown = ", ".join(quoted(label) if isinstance(label, str) else str(label) for label in labels[:5])
    return shown + (f", ... ({len(labels)})" if len(labels) > 5 else "")


def _listed(labels: Iterable[Any]) -> str:
    """The word of `--levels`, as one types it."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(list(labels))
    word = line.getvalue()
    return word if all(c.isalnum() or c in ",._-" for c in word) else f"'{word}'"
