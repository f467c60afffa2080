"""Means out of a fit of the logarithm: Duan's factor, of the residuals of rows that a fit did not see."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from normax.cli.runs.setup import Setup
from normax.tables.wording import notice

__all__ = ["smeared"]


def smeared(setup: Setup, path: Any) -> Setup:
    """The setup whose target answers `smear · exp(f)`, with the mean of `exp(log y − f)` over held-out rows as the
    smear, where the target is fitted by its logarithm; `exp(f)` alone is nearer to the median.

    Source:
        Duan, "Smearing estimate: a nonparametric retransformation method", JASA 1983.
    """
    data = setup.data
    if not data.target.log:
        return setup
    residual = data.train.y - np.asarray(path.held_out(), float).reshape(-1)
    there = ~np.isnan(residual)
    weight = None if data.train.weight is None else data.train.weight[there]
    smear = float(np.average(np.exp(residual[there]), weights=weight))
    if not np.isfinite(smear):
        return setup
    notice(
        f"predictions are means, exp of the fit times {smear:.4g} (Duan's smearing); without it, about medians"
    )
    return replace(setup, data=replace(data, target=replace(data.target, smear=smear)))
