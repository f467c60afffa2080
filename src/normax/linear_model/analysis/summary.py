"""What a fitted estimator says of itself: the model as a whole, and its coefficients in two units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from normax.linear_model.analysis.criteria import effective
from normax.linear_model.path import LinearPath
from normax.linear_model.problem.problem import Problem
from normax.rows import PrintedTable
from normax.text import markup

__all__ = ["ModelSummary", "describe"]

LARGE = 20_000_000  # cells of X beyond which the trace that ridge's degrees of freedom take is not computed
BLOCK = 256  # columns at a time, so that no copy of X is made
NO_P_VALUES = (
    "No p-values: a penalty that chose the coefficients on these rows leaves none that hold (debiased_lasso)."
)


@dataclass(frozen=True)
class ModelSummary:
    """A fitted model in words and numbers; `print` shows it, notebooks as HTML.

    Attributes:
        facts: name -> text of the model as a whole.
        coefficients: a `PrintedTable`, one row for each coefficient that is not zero, largest standardised size first:
            `feature`, `coef` in units of y (or of the linear predictor) for one unit of the column,
            `standardised` for one standard deviation of it, and `output` where there are several.
        intercept: (m,).
    """

    facts: dict[str, str]
    coefficients: PrintedTable
    intercept: np.ndarray

    def __str__(self) -> str:
        wide = max(len(name) for name in self.facts)
        head = "\n".join(f"{name:<{wide}}  {value}" for name, value in self.facts.items())
        body = str(self.coefficients) if self.coefficients else "(every coefficient is zero)"
        told = ", ".join(f"{b:.6g}" for b in self.intercept)
        return f"{head}\n\n{body}\n\nintercept: {told}\n{NO_P_VALUES}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        facts = "".join(f"<tr><th>{markup(k)}</th><td>{markup(v)}</td></tr>" for k, v in self.facts.items())
        told = ", ".join(f"{b:.6g}" for b in self.intercept)
        body = self.coefficients.html() if self.coefficients else "<p>(every coefficient is zero)</p>"
        return f"<table>{facts}</table>{body}<p>intercept: {told}</p><p>{NO_P_VALUES}</p>"


@dataclass(frozen=True)
class Described:
    """What a summary needs of the training rows, kept when they are gone.

    Attributes:
        n, p: shape of X; family, l1_ratio: of the fit, the latter NaN for a penalty that is no mixture of L1 and L2.
        sd: (p,) standard deviations of the columns with a non-zero coefficient, NaN for the others.
        df: degrees of freedom, NaN where X is too large for the trace, None for such a penalty, or a loss without
            curvature or that ties rows, which have no simple count.
        explained: share of the null deviance that the model explains; penalty: its name where l1_ratio is NaN.
    """

    n: int
    p: int
    family: Any
    l1_ratio: float
    sd: np.ndarray
    df: float | None
    explained: float
    penalty: str | None

    def summary(
        self, model: str, strength: dict[str, str], path: LinearPath, at: int, outputs: Any = None
    ) -> ModelSummary:
        """The summary of the fit at one entry of the path."""
        coef = path.coef[at]
        names = path.feature_names or [f"x{j}" for j in range(self.p)]
        labels = range(len(coef)) if outputs is None else outputs
        scaled = coef * np.nan_to_num(self.sd)
        cells = np.argwhere(coef != 0)
        cells = cells[np.argsort(-np.abs(scaled[tuple(cells.T)]), kind="stable")]
        rows = PrintedTable()
        for c, j in cells:
            row = {"feature": names[j], "coef": float(coef[c, j]), "standardised": float(scaled[c, j])}
            rows.append(({"output": labels[c]} if len(coef) > 1 else {}) | row)
        used = np.count_nonzero(coef.any(axis=0))
        told = (
            "" if self.df is None else "not computed (X is large)" if np.isnan(self.df) else f"{self.df:.4g}"
        )
        mixture = self.penalty if np.isnan(self.l1_ratio) else f"l1_ratio {self.l1_ratio:g}"
        facts = {
            "model": f"{model} ({self.family}, {mixture})",
            "rows, features": f"{self.n}, {self.p}",
            **strength,
            "features selected": f"{used} of {self.p}",
            **({} if self.df is None else {"degrees of freedom": told}),
            "deviance explained": f"{self.explained:.4f} of the null deviance, on the training rows",
            "distance from a stationary point" if path.stationary else "duality gap": (
                f"<= {max(path.gap[at], 1e-12):.2g} of the null deviance"
            ),
        }
        return ModelSummary(facts, rows, path.intercept[at])


def describe(
    problem: Problem, path: LinearPath, at: int, family: Any, penalty: str | None = None
) -> Described:
    """Facts of the fit of a problem at one entry of its path; `penalty` is the name of one that is no mixture of L1
    and L2."""
    design, coef = problem.design, path.coef[at]
    used = np.flatnonzero(coef.any(axis=0))
    sd, eta = np.full(design.p, np.nan), design.predict(coef) + path.intercept[at] + coef @ design.means
    for start in range(0, len(used), BLOCK):
        some = used[start : start + BLOCK]
        part = design.columns(some)
        sd[some] = np.sqrt(design.weights @ (part - design.weights @ part) ** 2)
    if problem.offset is not None:
        eta += problem.offset + problem.level
    null, l1_ratio = path.null_deviance, np.nan if penalty else problem.rules.l1_ratio
    left = design.weights @ problem.family.deviance(problem.y, eta)
    untold = problem.family.nonsmooth or not problem.family.rows_apart
    df: float | None = None if penalty or (untold and l1_ratio < 1) else np.nan
    if df is None:
        pass
    elif l1_ratio == 1:
        df = float(np.count_nonzero(coef))
    elif design.X.shape[0] * design.p <= LARGE:
        fits = [path.strengths[at]], [coef], [design.spread(eta)]
        weights, loss, rules = design.spread(design.weights), problem.family, problem.single
        df = float(effective(design.X, *fits, weights, loss, l1_ratio, rules, design.centred)[0])
    explained = float(1 - left / null) if null > 0 else 0.0
    return Described(design.X.shape[0], design.p, family, l1_ratio, sd, df, explained, penalty)
