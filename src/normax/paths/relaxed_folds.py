"""The folds of a relaxed path: beside each penalised fit the one without a penalty on its columns, and mixtures of
both."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from normax.linear_model import LinearPath
from normax.linear_model.analysis.relaxed import free_fits
from normax.linear_model.design.validation import LARGEST
from normax.paths.folded import Split
from normax.paths.linear_folds import FoldScore, LinearFolds
from normax.selection import summarise

__all__ = ["RelaxedFolds"]


@dataclass
class RelaxedFolds(LinearFolds):
    """`LinearFolds` whose fits are `γ w(s) + (1 − γ) w_free(columns of w(s))`, both made on a fold's training rows.

    Entries are strength by strength, the mixtures of one beside each other.

    Args:
        gammas: (g,) the mixtures; 1 is the penalised fit.
    """

    gammas: np.ndarray

    def __post_init__(self) -> None:
        super().__post_init__()
        self.squares, self.shared = False, None

    @property
    def gamma(self) -> float:  # type: ignore[override]
        return float(self.gammas[0])

    def at(self, mixture: int) -> RelaxedFolds:
        return replace(self, gammas=self.gammas[mixture : mixture + 1])

    def fit(
        self, rows: Split, strengths: Any, charge: dict[str, Any] | None = None, tol: float | None = None
    ) -> LinearPath:
        path = super().fit(rows, strengths, charge, tol)
        if charge is not None:
            return path
        X, targets, own, offset = self.counting(rows)
        kept = np.flatnonzero(own)
        rules: dict[str, Any] = {"family": self.family, "fit_intercept": self.fit_intercept}
        rules["offset"] = None if offset is None else offset[kept]
        free = free_fits(X[kept], targets[kept], path, own[kept], rules)
        mixed = [
            np.stack([g * penalised + (1 - g) * alone for g in self.gammas], axis=1)
            for penalised, alone in zip((path.coef, path.intercept), free)
        ]
        coef, intercept = (part.reshape(-1, *part.shape[2:]) for part in mixed)
        return replace(path, coef=coef, intercept=intercept)

    def score(self, number: int, strengths: np.ndarray, baselines: bool) -> FoldScore:
        """Arrays (k, g, ...)."""
        flat = super().score(number, strengths, baselines)
        train, test, held_out = (
            part.reshape(len(strengths), -1, *part.shape[1:])
            for part in (flat.train, flat.test, flat.held_out)
        )
        return FoldScore(train, test, held_out, flat.null, flat.free)

    def means(self, errors: np.ndarray, sizes: np.ndarray) -> np.ndarray:
        """(k, g) errors over the folds from (k, K, g); a fit without a penalty may expect more of a new row than a
        number can hold, and is never chosen."""
        k, K, g = errors.shape
        mean, _ = summarise(errors.swapaxes(0, 1).reshape(K, k * g), sizes)
        return np.where(np.abs(mean) < LARGEST, mean, np.inf).reshape(k, g)
