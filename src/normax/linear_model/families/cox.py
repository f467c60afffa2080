"""Times until an event, of which some are only known to be longer: Cox's partial likelihood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from normax.errors import InputError
from normax.linear_model.design.validation import refuse_not_finite
from normax.linear_model.families.base import Family
from normax.linear_model.families.risk_sets import RiskSets

__all__ = ["Cox", "survival_columns"]

# A row is one number in [0, 1): (first place at risk, last place at risk, event), 26 + 26 + 1 bits.
PLACES = 2**26
UNIT = 2.0**-53


@dataclass(frozen=True)
class Cox(Family):
    """The negative log partial likelihood of proportional hazards: of each event,
    `log Σ_{j at risk} ω_j e^η_j − η`, where those at risk are the rows of its stratum that have begun before the
    event's time and not ended before it.

    The baseline hazard falls out, and with it the intercept: `fit_path` gives the one that makes the predictor of the
    average row 0. Weights of rows count in the sums over those at risk too, as so many copies of a row would.

    y is (n, 2) of time and event (1, or 0 where the row was censored then), (n, 3) of start, stop and event for rows
    at risk in (start, stop], or (n, 4) with a stratum's number behind them; or scikit-survival's array of event and
    time.

    Args:
        ties: what to do with events of one time. "breslow" (default, glmnet's) leaves all of them at risk in all of
            their terms, "efron" (that of R's `coxph`, nearer to the exact likelihood where ties are many) lets the
            l-th of d count them by 1 − l/d.

    Raises:
        InputError: for other ties.

    Example:
        >>> from normax.linear_model import fit_path
        >>> X = np.array([[1.0], [1.0], [0.0], [0.0]])
        >>> y = [(5, 1), (1, 1), (4, 1), (3, 1)]
        >>> path = fit_path(X, y, family="cox", strengths=[0.0])
        >>> float(np.exp(path.coef[0, 0, 0]).round(6))  # the hazard where x is 1, over that where it is 0
        0.618034

    Source:
        Cox, "Regression models and life-tables", JRSS B 1972; Breslow, Biometrics 1974; Efron, JASA 1977.
    """

    ties: str = "breslow"

    name = "cox"
    rows_apart = False
    ties_weighted = True

    def __post_init__(self):
        if self.ties not in ("breslow", "efron"):
            raise InputError(f"ties: expected 'breslow' or 'efron', got {self.ties!r}")

    def response(self, y, n):
        """Where each row is at risk, among the times of its stratum in order: what the likelihood knows of times, and
        what any choice of rows keeps."""
        y = survival_columns(y, n)
        start, stop, event, stratum = y.T
        _refuse_impossible(start, stop, event)
        values, rank = np.unique([start, stop], return_inverse=True)
        begin, end = rank.reshape(2, n) + len(values) * np.unique(stratum, return_inverse=True)[1]
        times = np.unique(end)
        first, last = np.searchsorted(times, begin, side="right"), np.searchsorted(times, end)
        if len(times) >= PLACES:
            raise InputError(f"y: cox takes fewer than {PLACES:,} different times, got {len(times):,}")
        steps = np.bincount(first, minlength=len(times) + 1) - np.bincount(last + 1, minlength=len(times) + 1)
        if (np.cumsum(steps)[last[event > 0]] == 1).all():
            raise InputError(
                "y: cox expects rows at risk beside one with an event, and every event is alone in its stratum then, so "
                "that nothing is known of X; join strata, or give rows that are watched for longer"
            )
        code = (first.astype(np.int64) * PLACES + last) * 2 + (event > 0)
        return (code * UNIT)[:, None]

    def refuse_edge(self, y):
        if not (_unpacked(y)[2]).any():
            raise InputError("y: cox expects events, and all of these rows are censored")

    def suited(self, y, weights, offset):
        return _Bound(self.ties, RiskSets.of(*_unpacked(y), weights * len(y)))

    def risk(self, y: np.ndarray) -> RiskSets:
        """Who is at risk when, for rows of equal weight."""
        return RiskSets.of(*_unpacked(y), np.ones(len(y)))

    def mean(self, eta):
        return eta

    def link(self, mean):
        return np.zeros_like(mean)  # a shift of all does not show in the likelihood

    def constant(self, y, weights, offset):
        return np.zeros(y.shape[1])

    def loss(self, y, eta):
        return self.risk(y).loss(eta[:, 0], self.ties == "efron")

    def residual(self, y, eta):
        risk = self.risk(y)
        return (risk.event - risk.expected(eta[:, 0], self.ties == "efron"))[:, None]

    def curvature(self, y, eta):
        return self.risk(y).expected(eta[:, 0], self.ties == "efron")[
            :, None
        ]  # a bound: `joint` without its BᵀB

    def joint(self, y, eta):
        # A sum over events of diag(p) − p pᵀ, with the shares p in the risk.
        risk, eta, efron = self.risk(y), eta[:, 0], self.ties == "efron"
        d = risk.weights * risk.expected(eta, efron)
        return d[:, None] / len(y), lambda Z: risk.averages(eta, Z, efron) / np.sqrt(len(y))

    def deviance(self, y, eta):
        return self.fenchel(y, eta, 0.0)

    def fenchel(self, y, eta, c):
        return self.risk(y).divergence(eta[:, 0], float(np.ravel(c)[0]), self.ties == "efron")


@dataclass(frozen=True)
class _Bound(Cox):
    """The same for the rows of one fit, sorted once, and their weights."""

    sets: Any = None

    def plain(self):
        return Cox(self.ties)

    def risk(self, y):
        return self.sets

    def suited(self, y, weights, offset):
        return self


def survival_columns(y: Any, n: int, entry: Any = None, strata: Any = None) -> np.ndarray:
    """(n, 4) start, stop, event and number of the stratum of what `Cox` takes; a start of −inf is none.

    Args:
        entry: (n,) starts, and strata: (n,) labels, where y has neither.

    Raises:
        InputError: for other shapes, and for entry or strata said twice.

    Example:
        >>> survival_columns([(5, 1), (3, 0)], 2, entry=[1, 0], strata=["b", "a"]).tolist()
        [[1.0, 5.0, 1.0, 1.0], [0.0, 3.0, 0.0, 0.0]]
    """
    y = np.asarray(y)
    if y.dtype.names is not None and len(y.dtype.names) == 2:
        event, time = sorted(y.dtype.names, key=lambda name: y.dtype[name].kind != "b")
        y = np.column_stack([y[time], y[event]])
    if y.dtype == object and all(isinstance(v, (int, float, np.number, np.bool_)) for v in y.ravel()):
        y = y.astype(float)  # a data frame of numbers and booleans
    if y.ndim != 2 or len(y) != n or y.shape[1] not in (2, 3, 4) or y.dtype.kind not in "fiub":
        raise InputError(
            f"y: cox expects numbers ({n}, 2), time and event, ({n}, 3), start, stop and event, or ({n}, 4) with a "
            f"stratum, got shape {y.shape} of {y.dtype}"
        )
    none = np.isneginf(y[:, :1]) & (y.shape[1] > 2)
    refuse_not_finite("y", np.where(np.pad(none, ((0, 0), (0, y.shape[1] - 1))), 0, y))
    given = {"entry": (entry, y.shape[1] == 2), "strata": (strata, y.shape[1] < 4)}
    for name, (values, free) in given.items():
        if values is not None and (not free or np.shape(values) != (n,)):
            why = (
                f"shape {np.shape(values)}"
                if free
                else f"them beside the column that y, {y.shape}, has for it"
            )
            raise InputError(f"{name}: expected one for each of the {n} rows, got {why}")
    start = np.full(n, -np.inf)
    if entry is not None:
        start = np.asarray(entry)
        if start.dtype.kind not in "fiub":
            raise InputError(f"entry: expected numbers, got dtype {start.dtype}")
        refuse_not_finite("entry", start)
    stratum = np.zeros(n) if strata is None else np.unique(strata, return_inverse=True)[1]
    y = y.astype(float)
    y = np.column_stack([start, y]) if y.shape[1] == 2 else y
    return y if y.shape[1] == 4 else np.column_stack([y, stratum])


def _refuse_impossible(start: np.ndarray, stop: np.ndarray, event: np.ndarray) -> None:
    """All that no times and events can be, in one error."""
    wrong = {
        "times >= 0": (stop < 0) | ((start < 0) & (start > -np.inf)),
        "starts before their stops": start >= stop,
        "events that are 0 or 1": (event != 0) & (event != 1),
    }
    faults = [
        f"{expected}, got {'event ' + format(event[i], 'g') if 'events' in expected else told}"
        f" at row {i} ({rows.sum()} in all)"
        for expected, rows in wrong.items()
        if rows.any()
        for i in [int(np.argmax(rows))]
        for told in [f"{stop[i]:g}" if np.isinf(start[i]) else f"{start[i]:g} to {stop[i]:g}"]
    ]
    if faults:
        raise InputError(f"y: cox expects {'; '.join(faults)}")
    if not event.any():
        raise InputError("y: cox expects events, and all rows are censored (event 0)")


def _unpacked(y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """First and last place at risk, and the event, of each row of a response."""
    code = np.rint(y[:, 0] / UNIT).astype(np.int64)
    return code // (2 * PLACES), code // 2 % PLACES, (code % 2).astype(bool)
