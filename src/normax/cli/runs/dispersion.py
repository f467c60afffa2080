"""The dispersion of counts, where `--family negative-binomial` has none of its own: that of the chosen fit."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from normax.cli.runs.describe import outputs_for
from normax.cli.runs.families import dispersed, named
from normax.cli.runs.fitting import fit_path
from normax.cli.runs.setup import Setup
from normax.linear_model.families.negative_binomial import LEAST, dispersion_of
from normax.tables.wording import notice

__all__ = ["fit_settled"]

# Paths between which strength and dispersion are chosen in turns, and the change of its logarithm that ends them.
ROUNDS, SETTLED = 10, 1e-2


def fit_settled(setup: Setup, on_progress: Callable) -> tuple[Setup, Any]:
    """The path of a setup, and the setup with the dispersion that the chosen fit has, if it was not typed.

    One dispersion serves every fold and strength, so that their errors compare; the first is that of the counts about
    their mean. `NegativeBinomialRegressorCV` does the same.
    """
    if setup.options.family != "negative-binomial":
        return setup, fit_path(setup, on_progress)
    seconds: dict[str, float] = {}
    for _ in range(ROUNDS):
        path = fit_path(setup, on_progress)
        seconds = {phase: seconds.get(phase, 0.0) + spent for phase, spent in path.seconds.items()}
        data, train = setup.data, setup.data.train
        mean = np.exp(outputs_for(path, train).reshape(-1))
        share = np.ones(len(mean)) if train.weight is None else train.weight
        found = max(dispersion_of(train.y, mean, share / share.sum()), LEAST)
        before = float(named(data.target.loss).dispersion)  # type: ignore[attr-defined]
        if abs(math.log(found / before)) <= SETTLED:
            break
        setup = replace(setup, data=replace(data, target=replace(data.target, family=dispersed(found))))
    told = f"{before:.4g}" if before > LEAST else "0: they scatter no more than Poisson's"
    notice(f"dispersion of the counts about the chosen fit: {told}")
    return setup, replace(path, seconds=seconds)
