"""What is fitted side by side: all rows and the training rows of each fold, each output, each strength."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from normax.linear_model.problem.terms import Rules, Terms
from normax.linear_model.quadratic.support import Support
from normax.linear_model.streams.curvature import System
from normax.linear_model.streams.dual_gap import Probe, gap_of
from normax.linear_model.streams.survey import Sums

__all__ = ["Lane", "Spot", "State", "Step", "free_of"]

# Gain of a step over the loss up to which it is taken unseen, since rounding hides it; what rounding is.
UNSEEN, ROUNDING = 1e-9, 4e-16
# Share of what the slope promises that a step must gain, and the least part of a step that is tried next.
SHARE, SHORTEST = 1e-4, 0.1
# Part of a step of which nothing more is hoped.
TINY = 1e-9
# Gains over the null deviance: one that is not worth a pass, and one after which more than so many passes are not.
NOTHING, SETTLED, PATIENCE = 1e-28, 1e-15, 3
# How far a step must move a row to count as one to infinity, where it gains this little of the null deviance and not
# much less than the step before it.
FAR, ENDLESS, STEADY = 0.05, 3e-9, 0.05
# Share of the last step's gain above which a step counts as slow.
SLOW = 0.03
# What `Σθ` may be of `Σ|θ|` for an intercept to be the best.
BALANCED = 1e-12


@dataclass(frozen=True)
class Spot:
    """A fit that a pass has looked at, per unit of weight.

    Attributes:
        coef: (q, p); intercept: (q,), for centred columns. loss, held: mean over the rows fitted and held out; near: as
            of `Said`.
        u: (q, p) gradients; total, size, along: (q,) as of `Said`.
    """

    coef: np.ndarray
    intercept: np.ndarray
    loss: float
    held: float
    near: float
    u: np.ndarray
    total: np.ndarray
    size: np.ndarray
    along: np.ndarray


@dataclass(frozen=True)
class Step:
    """A move (q, a) of the coefficients of some features (a,) and (q,) of the intercepts, what its slope promises, and
    how much of it is tried."""

    features: np.ndarray
    coef: np.ndarray
    intercept: np.ndarray
    gain: float
    length: float = 1.0

    def end(self, spot: Spot) -> tuple[np.ndarray, np.ndarray]:
        """Coefficients (q, p) and intercepts (q,) where it leads to from a spot."""
        coef = spot.coef.copy()
        coef[:, self.features] += self.length * self.coef
        return coef, spot.intercept + self.length * self.intercept


@dataclass
class Lane:
    """A model of some rows and outputs.

    Attributes:
        fold, output: −1 and 0 for all rows and coupled outputs. sums: of the rows it is fitted to.
        live: (p,) columns that are not constant in them. scale: (p,) what the penalty of a column is taken in units of.
        floor: least loss of the rows, a mean. probes: of its dual points. null: deviance of the intercept alone.
    """

    fold: int
    output: int
    sums: Sums
    live: np.ndarray
    scale: np.ndarray | None
    probes: list[Probe] = field(default_factory=list)
    states: list[State] = field(default_factory=list)
    null: float = 0.0

    @property
    def weight(self) -> float:
        return self.sums.weight

    @property
    def floor(self) -> float:
        return float(self.sums.floor[0]) / self.weight

    def terms(self, rules: Rules, strength: float) -> Terms:
        """The penalty of each column at a strength; of an infinite one, that nothing may leave zero."""
        if np.isinf(strength):
            p = len(self.live)
            return Terms(np.full(p, np.inf), np.zeros(p), np.full(p, -np.inf), np.full(p, np.inf), False)
        terms = rules.terms(strength)
        if self.scale is None:
            return terms
        return Terms(terms.l1 * self.scale, terms.l2 * self.scale**2, terms.lower, terms.upper, terms.boxed)


@dataclass
class State:
    """A strength of a lane on its way.

    Attributes:
        number: of the strength, −1 for the model without features. at: where it is; step: what the next pass tries.
        needs: (p,) the columns that its next step is to be made of.
        gap: the last that was certified; decrement: what its last step was to gain. tries: passes that looked at it.
        slow: whether its step promises not much less than the one before. steady: whether its steps are as long as ever, as on the way to infinity; endless: whether that is where they go.
        least, stale: the least gap so far, and for how many passes it has hardly become less.
    """

    lane: Lane
    number: int
    strength: float
    terms: Terms
    at: Spot
    needs: np.ndarray
    step: Step | None = None
    gap: float = np.inf
    decrement: float = np.inf
    tries: int = 0
    done: bool = False
    slow: bool = False
    steady: bool = False
    endless: bool = False
    least: float = np.inf
    stale: int = 0

    @property
    def featureless(self) -> bool:
        return self.number < 0

    def objective(self, spot: Spot) -> float:
        """Loss and penalty of a fit."""
        return spot.loss + (0.0 if self.featureless else sum(self.terms.value(w) for w in spot.coef))

    def need(self, ahead: Terms) -> None:
        """Ask for the columns that are in the fit, those without a penalty, and those whose gradient exceeds what a
        penalty keeps at zero."""
        pull = np.where(np.isfinite(ahead.l1), ahead.pull(self.at.u), -1.0).max(axis=0)
        self.needs = (self.at.coef != 0).any(axis=0) | (self.lane.live & ((pull > 0) | self.terms.free))

    def take(self, spot: Spot) -> bool:
        """Whether a step was of use; if not, a part of it is tried next, shorter where the slope turned early."""
        step = self.step
        assert step is not None
        self.tries += 1
        now, new = self.objective(self.at), self.objective(spot)
        sound = bool(np.isfinite(spot.u).all()) and np.isfinite(new)
        promised = step.length * step.gain
        if sound and (new <= now - SHARE * promised + ROUNDING * abs(now) or promised <= UNSEEN * abs(now)):
            self.at, self.step = spot, None
            return True
        # The parabola through both ends and the slope here.
        curve = (new - now) / step.length + step.gain
        part = 0.5 * step.gain / curve if sound and curve > 0 else SHORTEST
        self.step = replace(step, length=step.length * float(np.clip(part, SHORTEST, 0.5)))
        self.done = self.step.length < TINY
        return False

    def judge(self, enough: float) -> None:
        """Whether the gap is small enough, or rounding keeps it from becoming so."""
        if self.gap < 0.5 * self.least:
            self.least, self.stale = self.gap, 0
        else:
            self.stale += self.decrement <= SETTLED * self.lane.null
        self.done = (self.gap <= enough and not self.steady) or self.stale >= PATIENCE

    def certify(self, centred: bool, squared: bool, reach: np.ndarray) -> None:
        """The gap where it is: a bound, or the best guess where no dual point is known, what a step would still gain."""
        lane, spot = self.lane, self.at
        if self.featureless or self.strength == 0:
            balanced = not centred or bool((np.abs(spot.total) <= BALANCED * spot.size).all())
            self.gap = 0.0 if self.featureless and balanced else self.decrement
            return
        free = np.flatnonzero(free_of(self.terms, lane.live))
        deviance = max(spot.loss - lane.floor, 0.0)
        fit = (spot.coef, spot.intercept, spot.u, spot.total, spot.size)
        rest = (spot.loss, deviance, spot.near, self.terms, reach)
        found = gap_of(lane.probes, free, centred, squared, *fit, *rest)
        if found is None:
            u = spot.u.copy()
            u[:, free] = 0.0
            fit = (spot.coef, spot.intercept, u, np.zeros_like(spot.total), spot.size)
            found = gap_of([], free[:0], False, squared, *fit, *rest)
            found = self.decrement + (np.inf if found is None else found)
        self.gap = found

    def let_go(self) -> None:
        """Keep of a fit that is done what its result is, since others start from a later one."""
        spot = self.at
        if spot.u.size:
            coef = spot.coef if self.lane.fold < 0 else spot.coef[:, :0]
            self.at, self.needs = replace(spot, coef=coef, u=spot.u[:, :0]), self.needs[:0]

    def propose(self, features: np.ndarray, system: System, start: np.ndarray | None) -> np.ndarray:
        """A Newton step on some features (a,); returns where it leads, (q a,).

        Args:
            start: the same of a strength nearby, from where to look for it.
        """
        spot, q = self.at, len(self.at.intercept)
        w, u = spot.coef[:, features].ravel(), spot.u[:, features].ravel()
        lift, new, change = system.inverse @ spot.total, w, 0.0
        if len(w) and not self.featureless:
            terms = self.terms.at(np.tile(features, q))
            root, r = np.sqrt(np.diag(system.K)), u - system.h @ lift + system.K @ w
            with np.errstate(over="ignore", invalid="ignore"):
                new = Support().solve(system.K, root, r, w if start is None else start, terms)
            change = terms.change(w, new - w)
        dw = new - w
        db = lift - system.inverse @ (system.h.T @ dw)
        gain = float(u @ dw + spot.total @ db) - change
        before, self.decrement = self.decrement, max(gain, 0.0) if np.isfinite(gain) else np.inf
        sums, step = self.lane.sums, dw.reshape(q, -1)
        moved = np.append(np.abs(step * (sums.high - sums.low)[features]), np.abs(db)).max(initial=0.0)
        bare = self.strength == 0 or bool((self.terms.unpenalised & self.lane.live).any())
        self.slow = gain > SLOW * before
        self.steady = bare and gain > STEADY * before and moved > FAR
        if self.steady and gain <= ENDLESS * self.lane.null:
            self.endless = self.done = True
        elif gain > NOTHING * self.lane.null:
            self.step = Step(features, step, db, gain)
        return new


def free_of(terms: Terms, live: np.ndarray) -> np.ndarray:
    """(p,) columns that are not constant and have neither a penalty nor a bound."""
    return terms.unpenalised & np.isinf(terms.lower) & np.isinf(terms.upper) & live
