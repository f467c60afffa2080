"""What `cv_path` returns: the errors of held-out rows at every strength, and the fits to all rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from normax.errors import InputError, suggest
from normax.linear_model.analysis.measures import LARGER_IS_BETTER
from normax.linear_model.analysis.relaxed import RelaxedPath
from normax.linear_model.path import LinearPath
from normax.rows import PrintedTable

__all__ = ["CvPath"]

CHOICES = ("min", "1se")


@dataclass(frozen=True, repr=False)
class CvPath:
    """Cross-validated fits of k strengths, and of g mixtures with the unpenalised fit where they are relaxed.

    Attributes:
        strengths: (k,) of the grid; gammas: (g,) mixtures, or None without relaxing.
        mean, se: (k,) or (k, g) measure of the held-out rows and its standard error.
        fold_errors: (K, k) or (K, k, g) of each fold.
        measure: "deviance", "mse", "mae", "class", "auc" or "C".
        nonzero: (k,) features in the model of all rows.
        min, one_se: (i, j) places of the best error and of the simplest fit within one standard error of it: the
            strongest, and of these the one nearest to the lasso itself; j is 0 without relaxing.
        foldid: (n,) number of the fold that holds a row out, −1 for none, or None where a row is held out repeatedly.
        held_out: (n, k, m) or (n, k, g, m) linear predictors of held-out rows, NaN for rows that no fold holds out;
            None without `keep`.
        path: the fits to all rows; relaxed: these and their mixtures, or None.

    Example:
        >>> from normax.linear_model import cv_path
        >>> X = np.arange(20.0)[:, None]
        >>> found = cv_path(X, 2 * X[:, 0] + np.tile([0, 1], 10), strengths=[10, 1, 0.1], foldid=np.arange(20) % 5)
        >>> found.strength_min, found.strength_1se, found.at("min").coef.round(3).tolist()
        (0.1, 0.1, [[[2.005]]])
        >>> print(found)
        CvPath(3 strengths, deviance, strength_min=0.1, strength_1se=0.1)
    """

    strengths: np.ndarray
    gammas: np.ndarray | None
    mean: np.ndarray
    se: np.ndarray
    fold_errors: np.ndarray
    measure: str
    nonzero: np.ndarray
    min: tuple[int, int]
    one_se: tuple[int, int]
    foldid: np.ndarray | None
    held_out: np.ndarray | None
    path: LinearPath
    relaxed: RelaxedPath | None = None

    @property
    def strength_min(self) -> float:
        """The strength of the best error: glmnet's `lambda.min`."""
        return float(self.strengths[self.min[0]])

    @property
    def strength_1se(self) -> float:
        """The strongest within one standard error of the best: glmnet's `lambda.1se`."""
        return float(self.strengths[self.one_se[0]])

    @property
    def gamma_min(self) -> float:
        """The mixture of the best error; 1, the penalised fit itself, without relaxing."""
        return 1.0 if self.gammas is None else float(self.gammas[self.min[1]])

    @property
    def gamma_1se(self) -> float:
        """The mixture beside `strength_1se`."""
        return 1.0 if self.gammas is None else float(self.gammas[self.one_se[1]])

    def at(self, s: Any = "1se", gamma: float | None = None, **exact: Any) -> LinearPath:
        """The fits to all rows at chosen or given strengths, whose `coef` and `intercept` are glmnet's `coef(s=)`.

        Args:
            s: "1se" (default, as there), "min", or strengths as of `LinearPath.at`.
            gamma: one of the mixtures; None (default) for the chosen one, and 1 for strengths that are given.
            exact: what `LinearPath.at` takes for a fit at s, where nothing is relaxed.

        Raises:
            InputError: for a choice or a mixture that there is not.
        """
        if isinstance(s, str):
            if s not in CHOICES:
                raise InputError(f"s: expected 'min', '1se' or strengths, got {s!r}{suggest(s, CHOICES)}")
            i, j = self.min if s == "min" else self.one_se
            gamma = (self.gamma_min if s == "min" else self.gamma_1se) if gamma is None else gamma
            s = self.strengths[i]
        gamma = 1.0 if gamma is None else float(gamma)
        if gamma == 1:
            return self.path.at(s, **exact)
        known = [] if self.gammas is None else self.gammas.tolist()
        if gamma not in known or self.relaxed is None:
            raise InputError(
                f"gamma: expected one of {known or [1.0]}, got {gamma:g}; give cv_path(gammas=...) more"
            )
        if exact:
            raise InputError(
                "exact: expected gamma=1, since a mixture is between two fits; use relaxed_path at s"
            )
        j, lost = known.index(gamma), np.full(len(self.strengths), np.nan)
        mixed: dict[str, Any] = {"coef": self.relaxed.coef[:, j], "intercept": self.relaxed.intercept[:, j]}
        return replace(self.path, **mixed, gap=lost, dual_gap=lost).at(s)

    def predict(
        self,
        X: Any,
        s: Any = "1se",
        *,
        gamma: float | None = None,
        kind: str = "response",
        offset: Any = None,
    ) -> np.ndarray:
        """Predictions of the fits to all rows.

        Args:
            X: (n, p) table; s, gamma: as of `at`; kind, offset: as of `LinearPath.predict`.

        Returns:
            For one strength (n, m), and (n,) for one output and for classes; for several these k times over.
        """
        found = self.at(s, gamma).predict(X, offset, kind=kind)
        found = found[..., 0] if kind != "class" and found.shape[-1] == 1 else found
        return found[0] if isinstance(s, str) or np.ndim(s) == 0 else found

    def table(self) -> PrintedTable:
        """The two choices, as glmnet prints them."""
        rows = PrintedTable()
        for name, (i, j) in zip(CHOICES, (self.min, self.one_se)):
            where = (i,) if self.gammas is None else (i, j)
            row: dict[str, Any] = {"choice": name, "strength": float(self.strengths[i])}
            if self.gammas is not None:
                row["gamma"] = float(self.gammas[j])
            rows.append(
                row
                | {
                    self.measure: float(self.mean[where]),
                    "se": float(self.se[where]),
                    "nonzero": int(self.nonzero[i]),
                }
            )
        return rows

    def plot(self) -> Any:
        """The curve of the measure with its standard errors above the traces of coefficients, or the curves of all
        mixtures, and the choice by one standard error: a matplotlib Figure."""
        from normax.report.after_fit import model_figure

        if self.relaxed is not None:
            picture = self.relaxed.plot()
            picture.axes[0].set_ylabel(
                f"{'1 − ' * (self.measure in LARGER_IS_BETTER)}held-out {self.measure}"
            )
            return picture
        picture = model_figure(replace(self.path, cv_mean=self.mean, cv_se=self.se, chosen=self.one_se[0]))
        picture.axes[0].set_ylabel(f"held-out {self.measure}")
        return picture

    def __repr__(self) -> str:
        mixtures = "" if self.gammas is None else f", {len(self.gammas)} gammas"
        best = f"strength_min={self.strength_min:.4g}, strength_1se={self.strength_1se:.4g}"
        return f"CvPath({len(self.strengths)} strengths{mixtures}, {self.measure}, {best})"

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()
