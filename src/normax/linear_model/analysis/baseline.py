"""The hazard of a row whose predictor is 0, which Cox's partial likelihood leaves out and the events give back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from normax.errors import InputError
from normax.linear_model.design.validation import refuse_not_finite
from normax.linear_model.families.cox import Cox

__all__ = ["BaselineHazard"]


@dataclass(frozen=True)
class BaselineHazard:
    """A hazard that is all in steps at the event times, Breslow's or Efron's as the ties of the fit.

    Attributes:
        times: (k,) event times, in order within each stratum.
        hazard: (k,) steps; cumulative: (k,) their sums so far, within the stratum.
        stratum: (k,) number of the stratum of each, and labels: (s,) of the strata, or None where there is one.

    Example:
        >>> y = np.array([[-np.inf, 1.0, 1.0, 0.0], [-np.inf, 2.0, 1.0, 0.0]])
        >>> BaselineHazard.of(y, np.ones(2), np.zeros(2), "breslow").cumulative.tolist()
        [0.5, 1.5]

    Source:
        Breslow, discussion of Cox, JRSS B 1972; Efron, JASA 1977.
    """

    times: np.ndarray
    hazard: np.ndarray
    cumulative: np.ndarray
    stratum: np.ndarray
    labels: np.ndarray | None = None

    @classmethod
    def of(
        cls, y: np.ndarray, weights: np.ndarray, eta: np.ndarray, ties: str, labels: Any = None
    ) -> BaselineHazard:
        """From (n, 4) start, stop, event and stratum, weights (n,) and linear predictors (n,)."""
        rows = np.flatnonzero(weights)
        y, eta = y[rows], eta[rows]
        sets = Cox().suited(Cox().response(y, len(y)), weights[rows] / len(y), None).sets
        hazard = sets.hazards(eta, ties == "efron")
        _, times, _, stratum = y[sets.events[sets.first[:-1]]].T
        cumulative = np.zeros(len(hazard))
        for s in np.unique(stratum):
            cumulative[stratum == s] = np.cumsum(hazard[stratum == s])
        return cls(times, hazard, cumulative, stratum.astype(int), labels)

    def at(self, times: np.ndarray, strata: Any, n: int) -> np.ndarray:
        """(n, t) cumulative hazards at times (t,): 0 before the first event of the row's stratum, and after its last
        what it was there.

        Args:
            strata: (n,) labels, or None where there is one; n: number of rows.

        Raises:
            InputError: for times that are no times, and strata that are missing or were not fitted.
        """
        times = np.atleast_1d(np.asarray(times))
        if times.dtype.kind not in "fiu" or times.ndim != 1:
            raise InputError(f"times: expected numbers (t,), got shape {times.shape} of {times.dtype}")
        refuse_not_finite("times", times)
        if (times < 0).any():
            raise InputError(f"times: expected times >= 0, got {times.min():g}")
        numbers = self._numbers(strata, n)
        found = np.zeros((n, len(times)))
        for s in np.unique(numbers):
            own = self.stratum == s
            sums = np.append(0.0, self.cumulative[own])
            found[numbers == s] = sums[np.searchsorted(self.times[own], times, side="right")]
        return found

    def _numbers(self, strata: Any, n: int) -> np.ndarray:
        if self.labels is None:
            if strata is not None:
                raise InputError("strata: expected None, since the model was fitted without, got labels")
            return np.zeros(n, dtype=int)
        if strata is None or np.shape(strata) != (n,):
            raise InputError(
                f"strata: expected a label for each of the {n} rows, since the model was fitted with strata, got "
                f"{'None' if strata is None else f'shape {np.shape(strata)}'}"
            )
        unknown = np.setdiff1d(strata, self.labels)
        if len(unknown):
            raise InputError(
                f"strata: expected labels of the fit, got {', '.join(map(repr, unknown[:5].tolist()))}"
            )
        return np.searchsorted(self.labels, strata)
