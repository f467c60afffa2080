"""What was asked of the chosen model, as tables of the page: how firm its coefficients are, what each column is worth."""

from __future__ import annotations

from typing import Any

import numpy as np

from normax.language import say
from normax.report.html import Raw, section, table
from normax.report.moving.table import Tabled
from normax.report.strength_axis import number

__all__ = ["asked"]

SHOWN = 30  # rows of each


def asked(known: Tabled | None) -> list[Raw]:
    """The two sections side by side, as far as they were asked."""
    if known is None or (known.firmness is None and known.importance is None):
        return []
    parts = _firmness(known.firmness), _importance(known.importance, known.tested)
    return [Raw(f'<div class="pair">{parts[0]}{parts[1]}</div>')]


def _firmness(found: Any) -> Raw:
    if found is None:
        return Raw("")
    size = np.maximum(np.abs(found.low), np.abs(found.high))
    order = np.argsort(-np.maximum(size, np.abs(found.estimate)), kind="stable")
    order = order[size[order] > 0]
    reach = float(size.max()) or 1.0
    rows = [
        [
            found.names[i],
            _range(found.low[i] / reach, found.estimate[i] / reach, found.high[i] / reach),
            *(number(float(values[i])) for values in (found.low, found.estimate, found.high)),
            f"{round(found.chosen[i] * len(found.each))} / {len(found.each)}",
        ]
        for i in order[:SHOWN]
    ]
    title = say("How firm the coefficients are")
    head = [say("feature"), "", say("smallest"), say("all rows"), say("largest"), say("folds with it")]
    about = say(
        "The coefficients at the chosen strength, fitted anew without each of the folds; the tick is the fit on all rows, the "
        "bar goes from the smallest to the largest. Folds share rows: fits to fresh data would differ more."
    )
    return section(title, table(head, rows, left=2, name=title, file="firmness"), _note(about, len(order)))


def _importance(found: Any, tested: bool) -> Raw:
    if found is None:
        return Raw("")
    largest = max(float(np.max(found.estimate, initial=0.0)), 1e-300)
    rows = [
        [
            name,
            _bar(max(float(found.estimate[i]), 0.0) / largest),
            number(float(found.estimate[i])),
            number(float(found.high[i] - found.estimate[i])),
        ]
        for i, name in enumerate(found.names[:SHOWN])
    ]
    title = say("What each column is worth")
    on_test = say(
        "How much larger the error per row is when the column's cells are shuffled among the rows: the test rows, which the "
        "model has not seen. Columns that tell of each other share what they are worth."
    )
    on_train = say(
        "How much larger the error per row is when the column's cells are shuffled among the rows that the model was fitted "
        "to. Columns that tell of each other share what they are worth."
    )
    head = [say("column"), "", say("rise of the error"), say("± SD")]
    shown = table(head, rows, left=2, name=title, file="importance")
    return section(title, shown, _note(on_test if tested else on_train, len(found.names)))


def _note(about: str, total: int) -> str:
    if total > SHOWN:
        about += " " + say("The {shown} largest of {all}.", shown=SHOWN, all=f"{total:,}")
    return f'<p class="quiet">{about}</p>'


def _range(low: float, at: float, high: float) -> Raw:
    """From −1 to 1: a bar from the smallest to the largest and a dot at the fit on all rows."""
    left, right, dot = (50 + 50 * value for value in (low, high, at))
    kind = ' class="minus"' if at < 0 else ""
    return Raw(
        f'<span class="bar range-bar"><i{kind} style="left:{left:.1f}%;width:{max(right - left, 0.8):.1f}%"></i>'
        f'<b style="left:{dot:.1f}%"></b></span>'
    )


def _bar(share: float) -> Raw:
    return Raw(f'<span class="bar whole"><i style="left:0;width:{100 * share:.1f}%"></i></span>')
