"""`Inference`: what every way to intervals returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.stats import false_discovery_control

from normax.errors import InputError
from normax.rows import PrintedTable
from normax.text import folded, markup

__all__ = ["Inference", "check_level", "check_seed", "names_of"]


@dataclass(frozen=True, repr=False)
class Inference:
    """Estimates of t coefficients with their intervals, and in words what these cover.

    Attributes:
        method: its name.
        covers: what each interval covers, and where that holds.
        level: share of repeated samples in which an interval is to cover, 0.95 by default.
        features: (t,) names of the coefficients, x0, x1, ... where X has none.
        estimate, lower, upper: (t,) in the units of X's columns; a limit may be infinite.
        standard_error: (t,), NaN where the method gives none.
        p_value: (t,) two-sided, of a coefficient of 0; NaN where the method gives none.
        frequency: (t,) share of resamples in which the coefficient was not zero, or None.
        facts: name -> text of what was assumed, estimated or chosen on the way.

    Made by `debiased_lasso`, `post_selection` and `bootstrap`.

    Example:
        >>> from normax.linear_model import debiased_lasso
        >>> X = np.array([[0.0], [1.0], [2.0], [3.0]])
        >>> debiased_lasso(X, [0.0, 1.0, 2.0, 4.0], strength=0).table()
        feature  estimate  standard_error   lower  upper  p_value
             x0       1.3          0.1732  0.5548  2.045  0.01729
    """

    method: str
    covers: str
    level: float
    features: tuple[str, ...]
    estimate: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    standard_error: np.ndarray
    p_value: np.ndarray
    frequency: np.ndarray | None = None
    facts: dict[str, str] = field(default_factory=dict)

    def adjusted(self, method: str = "holm") -> np.ndarray:
        """(t,) p-values that account for there being t of them.

        Args:
            method: "holm" (default) holds the chance of any false discovery at the level at which they are cut,
                "bh" (Benjamini & Hochberg) the expected share of false ones among the discoveries, and "by"
                (Benjamini & Yekutieli) the same however the p-values depend on each other.

        Raises:
            InputError: for another method, or where there are no p-values.

        Source:
            Holm, Scandinavian Journal of Statistics 1979; Benjamini & Hochberg, JRSS B 1995.
        """
        p = self.p_value
        if len(p) and np.isnan(p).all():
            raise InputError(f"adjusted: the {self.method} gives no p-values; take those of debiased_lasso")
        if method in ("bh", "by"):
            return false_discovery_control(p, method=method)
        if method != "holm":
            raise InputError(f"method: expected 'holm', 'bh' or 'by', got {method!r}")
        order = np.argsort(p, kind="stable")
        out = np.empty(len(p))
        out[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)), 1.0)
        return out

    def table(self) -> PrintedTable:
        """One row a coefficient, in the order of the columns; columns without an entry are left out."""
        columns = {"standard_error": self.standard_error, "lower": self.lower, "upper": self.upper}
        columns |= {"p_value": self.p_value}
        columns = {name: values for name, values in columns.items() if not np.isnan(values).all()}
        if self.frequency is not None:
            columns |= {"frequency": self.frequency}
        columns = {"estimate": self.estimate} | columns
        return PrintedTable(
            {"feature": name} | {what: float(values[i]) for what, values in columns.items()}
            for i, name in enumerate(self.features)
        )

    def frame(self) -> Any:
        """The rows of `table()` as a pandas data frame."""
        return self.table().frame()

    def _line(self) -> str:
        away = int(((self.lower > 0) | (self.upper < 0)).sum())
        return f"{self.method}: {len(self.features)} coefficients, {away} of their {self.level:.4g} intervals without 0"

    def __repr__(self) -> str:
        t = len(self.features)
        table = self.table()
        body = str(PrintedTable(table[:30])) + (f"\n... and {t - 30} more: table()" if t > 30 else "")
        facts = "".join(f"\n{name}: {value}" for name, value in self.facts.items())
        return f"{self._line()}\n{body}\nCovers: {self.covers}{facts}"

    def _repr_html_(self) -> str:
        told = {"covers": self.covers} | self.facts
        facts = "".join(f"<p>{markup(name)}: {markup(value)}</p>" for name, value in told.items())
        return folded(markup(self._line()), self.table().html() + facts)


def names_of(names: tuple[str, ...] | None, p: int) -> np.ndarray:
    """(p,) the columns' own names, or x0, x1, ..."""
    return np.array(names if names is not None else [f"x{j}" for j in range(p)], dtype=object)


def check_level(level: Any) -> float:
    """A share of samples strictly between 0 and 1."""
    if isinstance(level, bool) or not isinstance(level, (int, float, np.number)) or not 0 < level < 1:
        raise InputError(f"level: expected a number between 0 and 1, such as 0.95, got {level!r}")
    return float(level)


def check_seed(seed: Any) -> int:
    """A whole number from 0 to 2³² − 1, which every generator takes."""
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2**32:
        raise InputError(f"seed: expected a whole number from 0 to 2**32 - 1, got {seed!r}")
    return int(seed)
