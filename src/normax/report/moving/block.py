"""All numbers that the page's script draws from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from normax.language import say, spoken, translations
from normax.report import traces
from normax.report.curves import loss_label
from normax.report.moving.answers import answers
from normax.report.moving.constraint import constraint
from normax.report.moving.networks import network
from normax.report.moving.packing import packed
from normax.report.moving.row import fields
from normax.report.moving.table import Tabled
from normax.report.moving.weights import coefficients
from normax.report.strength_axis import StrengthAxis, has_choice

__all__ = ["block"]


def block(path: Any, details: Mapping[str, Any], table: Tabled | None) -> dict[str, Any]:
    """The data of one path, strengths from strong to weak, large arrays in base64; `json_text` writes it.

    Args:
        path: a result of `normax.path` over strengths alone.
        details: what the command knows beyond the path; every key may be missing.
        table: the table's schema and target, where the command has read one.
    """
    axis = StrengthAxis(path)
    told: dict[str, Any] = {
        "lang": spoken(),
        "words": dict(translations(spoken())),
        **_curves(path, axis, details, table),
        "answers": answers(path, axis, details, table),
    }
    if path.engine == "linear":
        told["coefficients"] = coefficients(path, axis, details)
        told["constraint"] = constraint(path, axis)
        told["row"] = fields(path, details, table)
    else:
        told["network"] = network(path, axis)
        if traces.selects_features(path):
            told["coefficients"] = coefficients(path, axis, details)
    return told


def _curves(
    path: Any, axis: StrengthAxis, details: Mapping[str, Any], table: Tabled | None
) -> dict[str, Any]:
    """Strengths, errors, what is left at each of them, and the choices."""
    counts, total, noun, state = traces.counted(path)
    chosen = has_choice(path)
    place = {int(entry): i for i, entry in enumerate(axis.order)}
    marks = [("best", path.best), ("minimum", path.minimum), ("one_se", path.one_se)] if chosen else []
    return {
        "strengths": packed(axis.sort(path.strengths), "f8"),
        "x": packed(axis.x, "f8"),
        "along": getattr(path, "along", "strength"),
        "train": packed(axis.sort(path.train_mean), "f8"),
        "cv": packed(axis.sort(path.cv_mean), "f8"),
        "se": packed(axis.sort(path.cv_se), "f8"),
        "folds": packed(np.asarray(path.fold_errors, float)[:, axis.order]) if chosen else None,
        "marks": {name: place[int(choice.index)] for name, choice in marks},
        "select": path.select,
        "null": _first(path.null_error) if chosen else None,
        "free": _first(path.unpenalised_error) if chosen else None,
        "loss": say(loss_label(path.loss)),
        "log": bool(details.get("log_target")),
        "nonzero": packed(axis.sort(counts), "i4"),
        "total": int(total),
        "noun": say(f"{noun} that are {state}"),
        "target": details.get("target"),
        "degrees": None if table is None or table.degrees is None else packed(axis.sort(table.degrees), "f8"),
    }


def _first(error: Any) -> float | None:
    return None if error is None else float(error[0])
