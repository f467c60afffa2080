"""The fields in which one types a row, and all that makes features and a prediction of it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from normax.report.moving.packing import packed
from normax.report.moving.table import Tabled
from normax.tables import Expansion
from normax.tables.expansion import FUNCTIONS

__all__ = ["fields"]

LONGEST = 5000
"""Features up to which a row can be tried."""


def fields(path: Any, details: Mapping[str, Any], table: Tabled | None) -> dict[str, Any] | None:
    """The columns with their units and levels; how they become features; how an output becomes an answer.

    Without a table the features are the fields, as numbers. None where the features' way from a row is not known: for a
    transformer that does more than standardise, and for Cox's model, which predicts no time.
    """
    p = np.shape(path.weights[path.penalised[0]])[-1]
    transform: Any = getattr(path, "transform", None)
    scaled = np.shape(getattr(transform, "scale_", 0)) == (p,)
    if p > LONGEST or path.loss == "cox" or (transform is not None and not scaled):
        return None
    mean, scale = np.zeros(p), np.ones(p)
    if transform is not None:
        mean, scale = (np.asarray(getattr(transform, name, None), float) for name in ("mean_", "scale_"))
    if mean.shape != (p,):
        return None
    names = [str(name) for name in path.feature_names or [f"x{j}" for j in range(p)]]
    expansion = getattr(transform, "expansion_", None)
    told: dict[str, Any] = {
        "mean": packed(mean, "f8"),
        "scale": packed(scale, "f8"),
        "expansion": None if expansion is None else _expansion(expansion),
        "columns": [_number(name, float(m)) for name, m in zip(names, mean)]
        if table is None
        else _columns(table, mean),
    }
    return told | _answer(path, details, table)


def _answer(path: Any, details: Mapping[str, Any], table: Tabled | None) -> dict[str, Any]:
    """How an output becomes an answer: the link, the factor behind it, and what is known beside the features."""
    target = None if table is None else table.target
    loss = path.loss.partition(":")[0]
    link = {
        "binary_cross_entropy": "logistic", "cross_entropy": "softmax", "binomial": "logistic", "ordinal": "levels",
        "poisson": "exp", "gamma": "exp", "tweedie": "exp", "negative-binomial": "exp", "negative_binomial": "exp",
    }.get(loss, "identity")  # fmt: skip
    offset = None if target is None else target.offset
    shares = target is not None and target.family is not None and loss == "binomial"
    numbers = {"logistic": 2, "levels": np.shape(path.weights["bias"])[-1] + 1}.get(link, 0)
    labels = details.get("labels") or ([str(k) for k in range(numbers)] if numbers and not shares else None)
    return {
        "link": "exp" if target is not None and target.log else link,
        "factor": target.smear if target is not None and target.log else 1.0,
        "labels": None if shares else labels,
        "offset": None if offset is None else {"name": offset.name, "exposure": offset.exposure},
    }


def _number(name: str, value: float) -> dict[str, Any]:
    return {"name": name, "kind": "numeric", "width": 1, "value": value}


def _columns(table: Tabled, mean: np.ndarray) -> list[dict[str, Any]]:
    """Every column as a field that starts at its mean, or at its commonest level."""
    found, start = [], 0
    for column in table.schema.columns:
        width = len(column.features)
        own = mean[start : start + width]
        told = {"name": column.name, "kind": column.kind, "width": width, "missing": column.missing}
        if column.kind == "text":
            told |= {"levels": column.levels, "rest": column.rest, "value": int(np.argmax(own))}
        elif column.kind == "words":
            told |= {"levels": column.levels, "idf": column.idf, "form": column.form or "word", "value": ""}
        else:
            told |= {"unit": column.unit, "value": float(own[0])}
            told["parts"] = [{"name": part.name, "levels": part.levels} for part in column.parts]
        found.append(told)
        start += width
    return found


def _expansion(expansion: Expansion) -> dict[str, Any]:
    """Curves as the cubic pieces between their knots, and the pairs that are multiplied."""
    return {
        "functions": FUNCTIONS,
        "numbers": list(expansion.numbers),
        "curves": [
            {"feature": j, "knots": list(knots), "pieces": _pieces(knots) if len(knots) > 1 else []}
            for j, knots in zip(expansion.curves, expansion.knots)
        ],
        "products": [list(pair) for pair in expansion.products],
    }


def _pieces(knots: tuple[float, ...]) -> list[list[list[float]]]:
    """Every basis function on every interval, the two beyond the ends among them, as a cubic in `x − its left knot`.

    Each is what the functions are at four places of the interval, of which a cubic has no other.
    """
    span = knots[-1] - knots[0]
    edges = [knots[0] - span, *knots, knots[-1] + span]
    alone = Expansion((0,), (0,), (), (knots,))
    pieces = []
    for low, high in pairwise(edges):
        t = np.array([0.1, 0.35, 0.65, 0.9]) * (high - low)
        values = alone.apply((low + t)[:, None], np.zeros(1))[:, 1:]
        pieces.append(np.linalg.solve(np.vander(t / (high - low), 4, increasing=True), values))
    widths = [high - low for low, high in pairwise(edges)]
    return [(piece / np.power(w, np.arange(4))[:, None]).T.tolist() for piece, w in zip(pieces, widths)]
