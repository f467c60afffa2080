"""What a target looks like that another family, scale or measure would suit better."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import numpy as np

from normax.errors import quoted
from normax.tables.levels import usual_order
from normax.tables.noticing.seen import Seen
from normax.tables.sentinels import stand_ins
from normax.tables.wording import many

__all__ = ["amounts", "bounds", "classes", "marks_of_none", "times"]

#: Share of the rows below which a class is rare.
RARE = 0.1
ENOUGH = 30

_TIME = re.compile(
    r"(^|[_ .-])(fu|surv\w*)?(time|days|weeks|months|years|survival|duration|tenure|tte)($|[_ .-])", re.I
)
_EVENT = re.compile(
    r"(^|[_ .-])(fu)?(stat(us)?|event|death|dead|died|cens(or(ed)?)?|relapse|churn(ed)?|failure)($|[_ .-])",
    re.I,
)


def amounts(seen: Seen) -> Iterator[str]:
    """Counts, shares, amounts with a long tail, and numbers with a few far from all others."""
    target = seen.target
    if target.task != "regression" or target.family is not None or target.log or len(seen.y) < ENOUGH:
        return
    y, name = seen.y, quoted(target.name)
    whole = bool((y == np.round(y)).all())
    if whole and y.min() == 0 and _skew(y) > 0.5 and y.mean() < y.max() / 3:
        spread = y.var() / y.mean()
        scattered = (
            f"; their variance is {spread:.0f} times their mean, which --family negative-binomial allows for"
            if spread > 3
            else ""
        )
        yield (
            f"target {name} looks like a count ({y.max():.0f} at most); --family poisson fits its mean on the scale of a"
            f" logarithm (with --exposure, where counts are over unlike times){scattered}"
        )
    elif not whole and y.min() >= 0 and y.max() <= 1 and len(np.unique(y)) > 10:
        yield f"target {name} lies from 0 to 1; --family binomial keeps predictions there"
    elif y.min() >= 0 and _skew(y) > 2 and y.max() > 0:
        if y.min() > 0 and _skew(np.log(y)) < 0.5 * _skew(y):
            yield (
                f"target {name} has a long tail (its mean is {y.mean():.3g}, its median {np.median(y):.3g});"
                " --log-target or --family gamma lets effects multiply"
            )
        elif 0.05 < np.mean(y == 0) < 0.95:
            share = 100 * np.mean(y == 0)
            yield f"target {name} is 0 in {share:.0f} % of the rows and has a long tail; --family tweedie is for such amounts"
    elif (far := _far(y)) and far <= 0.03 * len(y) and not stand_ins(y):
        yield (
            f"target {name} has {far} value{'s' * (far > 1)} far from all others; if they are faults,"
            " --family huber lets them pull less"
        )


def bounds(seen: Seen) -> Iterator[str]:
    """Numbers that heap up at their largest or smallest, as if cut off there."""
    if seen.target.task != "regression" or seen.target.event is not None or len(seen.y) < 3 * ENOUGH:
        return
    y = np.exp(seen.y) if seen.target.log else seen.y
    distinct, counts = np.unique(y, return_counts=True)
    if len(distinct) < ENOUGH:
        return
    for end, word in ((-1, "largest"), (0, "smallest")):
        if distinct[end] == 0 or distinct[end] in stand_ins(y):  # no bound but a nothing
            continue
        near = counts[-11:-1] if end else counts[1:11]
        if counts[end] >= max(5, 0.01 * len(y)) and counts[end] >= 5 * max(float(np.mean(near)), 1.0):
            yield (
                f"target {quoted(seen.target.name)}: {counts[end]} rows have its {word}, {distinct[end]:g}; if it was cut"
                " off there, their errors say little, and --family quantile:0.5 minds them less"
            )


def marks_of_none(seen: Seen) -> Iterator[str]:
    """Numbers that stand for a target that is not known."""
    if seen.target.task != "regression" or seen.target.event is not None:
        return
    y = np.exp(seen.y) if seen.target.log else seen.y
    for number in stand_ins(y):
        yield (
            f"target {quoted(seen.target.name)} is {number:g} in {many(int(np.sum(y == number)), 'row')}, unlike all others;"
            f" if that means missing, say --missing {number:g} --drop-missing-target"
        )


def classes(seen: Seen) -> Iterator[str]:
    """Classes of which one is rare, and words that have an order."""
    if seen.target.task == "regression":
        return
    counts = np.bincount(seen.y, minlength=len(seen.target.labels))
    k = int(np.argmin(counts))
    share = counts[k] / len(seen.y)
    if len(counts) == 2 and share < RARE:
        yield (
            f"target {quoted(seen.target.name)}: class {quoted(seen.target.labels[k])} is {100 * share:.2g} % of the rows;"
            " accuracy says little of it, look at AUC (and --class-weight balanced weighs classes alike)"
        )
    order = usual_order(seen.target.labels)
    if order is not None and len(order) > 2 and not seen.target.ordinal:
        yield (
            f"target {quoted(seen.target.name)}: its classes have an order, which the model does not know; --family ordinal"
            f" --levels {shlex.quote(','.join(order))} uses it"
        )


def times(seen: Seen) -> Iterator[str]:
    """Times beside a column that by its name and two values says whether the event came."""
    target = seen.target
    if (
        target.task != "regression"
        or target.event is not None
        or not _TIME.search(target.name)
        or seen.y.min() < 0
    ):
        return
    for column in seen.schema.columns:
        if _EVENT.search(column.name) and len(np.unique(seen.values(column))) == 2:
            time, event = shlex.quote(target.name), shlex.quote(column.name)
            yield (
                f"target {quoted(target.name)} looks like a time until what {quoted(column.name)} says; if it ended"
                f" unseen in some rows, say --family cox --time-to {time} --event {event}"
            )
            return


def _skew(y: np.ndarray) -> float:
    z = y - y.mean()
    spread = np.sqrt(np.mean(z**2))
    return float(np.mean(z**3) / spread**3) if spread > 0 else 0.0


def _far(y: np.ndarray) -> int:
    """How many are more than ten times as far from the median as nine in ten of them."""
    away = np.abs(y - np.median(y))
    return int(np.sum(away > 10 * np.quantile(away, 0.9)))
