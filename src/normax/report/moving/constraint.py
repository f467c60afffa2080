"""The numbers of the constraint picture: the loss about each fit, and the shape that its penalty allows."""

from __future__ import annotations

from typing import Any

import numpy as np

from normax.penalties.mixture import mixture_of
from normax.report.moving.packing import packed
from normax.report.strength_axis import StrengthAxis, has_choice

__all__ = ["constraint"]


def constraint(path: Any, axis: StrengthAxis) -> dict[str, Any] | None:
    """The loss about each fit for the leading coefficients, and the share of L1; None where the path knows neither."""
    about, mixture = getattr(path, "around", None), mixture_of(path.penalty)
    if about is None or mixture is None:
        return None
    weight = axis.sort(np.asarray(path.weights[path.penalised[0]], float)[:, 0])[:, about.features]
    told: dict[str, Any] = {
        "features": about.features.tolist(),
        "ratio": mixture[1],
        "w": packed(weight, "f8"),
        "pair": _pair(path, axis, weight),
    }
    if about.gram is not None and about.slope is not None:
        return told | {"gram": packed(about.gram, "f8"), "slope": packed(axis.sort(about.slope), "f8")}
    return told | {
        "loss": path.loss,
        "rows": packed(about.rows),
        "outputs": packed(axis.sort(about.outputs)),
        "targets": packed(about.targets),
        "weight": packed(about.weight),
    }


def _pair(path: Any, axis: StrengthAxis, weight: np.ndarray) -> list[int]:
    """The two to begin with: the largest at the choice, and the largest of those that are zero there but not always."""
    at = int(np.argmax(axis.order == path.best.index)) if has_choice(path) else len(weight) // 2
    size, ever = np.abs(weight[at]), np.abs(weight).max(axis=0)
    first = int(np.argmax(size))
    others = [j for j in range(len(ever)) if j != first]
    gone = [j for j in others if size[j] == 0]
    return [first, max(gone or others, key=lambda j: ever[j])]
