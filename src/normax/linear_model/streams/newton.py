"""The path over rows that are read again and again: every pass moves all strengths and folds in play by a Newton step.

1. A survey: means, deviations, ranges (`survey`).
2. The model without features of every lane, and the first Hessian, of the columns that correlate most with y.
3. Every pass after that takes each strength's step to all rows and brings back its loss and the gradient of every
   column, exact and in double precision. What is certified by them is done. The others step on, and columns whose
   gradient asks for it join those at work.

Columns join ahead of the strengths that will need them, by the sequential strong rule, and strengths enter as their
columns do, so that hardly a pass looks at few fits. Rows are never kept: nothing grows with them.

Source: Tibshirani et al., "Strong rules for discarding predictors in lasso-type problems", JRSS B 2012.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from normax.errors import InputError
from normax.linear_model.design.threads import cores
from normax.linear_model.problem.problem import TIGHT
from normax.linear_model.problem.terms import Rules
from normax.linear_model.streams.budget import Budget, grouped
from normax.linear_model.streams.curvature import Anchor, System
from normax.linear_model.streams.dual_gap import Probe
from normax.linear_model.streams.lanes import Lane, Spot, State, free_of
from normax.linear_model.streams.looks import Bend, Look, Points, Question
from normax.linear_model.streams.rows import Rows
from normax.linear_model.streams.survey import Sums, Survey, joined

__all__ = ["Stream", "Streamed"]

# A fit to look at: whose it is, coefficients (q, p) and intercepts (q,).
Job = tuple[Lane, np.ndarray, np.ndarray]
# Columns up to which all are in the first Hessian, and how many they may be otherwise.
ALL, FIRST = 100, 400
# Columns join ahead of time if |u_j| lies within this share of the step in l1 below it, and later if within this of l1.
LOOK, CLOSE = 0.5, 0.97
# Share of the gap asked for at which a strength is done.
WELL = 0.5
# Rows whose products a Hessian is made of: at least, and for each column; and so many times more where steps are slow
# after so many passes.
SAMPLE, PER_COLUMN, FINER, SETTLING = 1 << 17, 1000, 4.0, 4
# Share of the null deviance that ridge explains at its largest strength.
EXPLAINED = 1e-3
# Free columns and intercepts beyond which no dual point is looked for.
PROBES = 40
# Entries of a sparse column over rows above which it is multiplied as a dense one, and its mean over its deviation.
DENSE, FAR = 0.2, 100.0


@dataclass
class Streamed:
    """Fits of all rows, and what is known of those of folds.

    Attributes:
        coef: (k, m, p) of all rows; intercept: (k, m), on X as it is.
        gap: (K + 1, k) in units of the objective, of all rows and then of each fold; null: (K + 1,) deviance of the
            intercept alone. held: (K, k) mean loss of the rows that a fold holds out; sizes: (K,) their weights.
        n_iter: (K + 1, k) passes that looked at a fit; endless: (K + 1, k) whether the loss falls for ever.
        strengths: (k,) in the penalty's own units, decreasing. passes: over the rows; n: how many they are.
        left: (k,) deviance of the fits; floors: (K,) least loss of the rows that a fold holds out, a mean.
        sd: (p,) standard deviations of the columns.
    """

    strengths: np.ndarray
    coef: np.ndarray
    intercept: np.ndarray
    gap: np.ndarray
    null: np.ndarray
    held: np.ndarray
    sizes: np.ndarray
    n_iter: np.ndarray
    endless: np.ndarray
    passes: int
    n: int
    left: np.ndarray
    floors: np.ndarray
    sd: np.ndarray


class Stream:
    """A path on its way.

    Args:
        strengths: (k,) decreasing, or what makes them from the largest useful one.
        out: (p,) columns that are left out. centred: whether an intercept is fitted.
        tol: the gap over the null deviance. max_iter: passes for a strength.
        standardise: whether columns are charged as if their standard deviations were 1.

    Attributes:
        lanes: what is fitted side by side. entered: how many strengths are in play or done.
        finer: how much larger samples are than at first.
        anchors: the Hessians of the last pass; squared error has one, whose `features` are those of all strengths.
    """

    def __init__(
        self,
        source: Any,
        rows: Rows,
        rules: Rules,
        strengths: np.ndarray | Callable[[float], np.ndarray],
        out: np.ndarray,
        centred: bool,
        tol: float,
        max_iter: int,
        standardise: bool,
    ):
        self.source, self.rows, self.rules, self.out = source, rows, rules, out
        self.grid = strengths if callable(strengths) else None
        self.strengths = np.zeros(0) if callable(strengths) else strengths
        self.centred, self.tol, self.max_iter, self.standardise = centred, tol, max_iter, standardise
        self.memory, self.before = source.memory, source.passes
        self.squared, self.coupled = rows.family.name == "gaussian", rows.family.coupled
        self.anchors: list[Anchor] = []
        self.entered, self.finer = 0, 1.0

    def run(self) -> Streamed:
        """All strengths, to the gap asked for."""
        self.survey()
        self.nulls()
        if self.grid is not None:
            self.strengths = self.grid(self._largest())
        while True:
            self.enter()
            moving = self.steps()
            waiting = [state for state in self.busy if state not in moving]
            if not moving and not waiting:
                if self.entered == len(self.strengths):
                    break
                continue
            self.visit(moving)
        return self.result()

    @property
    def busy(self) -> list[State]:
        """What is in play and not done."""
        return [state for lane in self.lanes for state in lane.states if not state.done]

    def survey(self) -> None:
        """The first pass, and what follows from it alone."""
        self.workers = cores()
        found = self.source.gather(lambda start, n: Survey(self.rows.part(start, n)), self.workers)
        self.n, parts = found.count, found.parts
        total = joined(parts)
        if total is None:
            raise InputError("sample_weight: expected some weights > 0, got zeros only")
        self.total, self.parts, m = total, parts, len(total.y)
        self.rows = replace(self.rows, m=m)
        self.p, self.q = len(total.x), m if self.coupled else 1
        self.means = total.x if self.centred else np.zeros(self.p)
        self.reach = np.maximum(total.high - self.means, self.means - total.low)
        self.thick = total.stored > DENSE * total.stored.max(initial=0.0)
        self.thick |= self.means**2 > FAR * total.squares / total.weight
        self.lanes = [lane for fold in range(-1, self.rows.groups) for lane in self._lanes(fold)]
        self.live = np.any([lane.live for lane in self.lanes], axis=0)
        self.budget = Budget.of(self.source.memory, total.stored, self.rows.parts, self.q, self.workers + 2)
        self.most = self.budget.points(len(self.lanes))

    def _lanes(self, fold: int) -> Iterator[Lane]:
        """Of the rows that a fold trains on, one for each output that is a model of its own."""
        parts = self.parts
        own = joined([part for k, part in enumerate(parts) if k != fold or fold < 0])
        if own is None or (fold >= 0 and parts[fold] is None):
            raise InputError(
                f"cv: fold {fold} trains on no row of weight, or holds out none; use fewer folds"
            )
        self._refuse_edge(fold, own)
        live = ~self.out & ((own.low < own.high) | (not self.centred))
        scale = None
        if self.standardise:
            scale = np.sqrt(own.squares / own.weight)
            live &= scale > 0
        for output in range(1 if self.coupled else self.rows.m):
            yield Lane(fold, output, own, live, scale)

    def _refuse_edge(self, fold: int, sums: Sums) -> None:
        """An InputError where no finite intercept is the best."""
        family = self.rows.family
        if not self.centred:
            return
        family.refuse_edge(np.vstack([sums.y_low, sums.y_high]))
        missing = np.flatnonzero(sums.y_high == 0)
        if family.coupled and len(missing):
            where = "y" if fold < 0 else f"cv: fold {fold}"
            raise InputError(
                f"{where}: expected rows of every class, got none of class {missing[0]}; use fewer folds"
            )

    def nulls(self) -> None:
        """The second pass: models without features, the probes of dual points, and a first Hessian, of the columns that
        go most along with y."""
        jobs: list[Job] = []
        owners: list[tuple[Lane, bool]] = []
        for lane in self.lanes:
            start = self._start(lane)
            each = [(np.zeros((self.q, self.p)), start), *((w, start + b) for w, b in self._shifts(lane))]
            jobs += [(lane, *one) for one in each]
            owners += [(lane, i == 0) for i in range(len(each))]
        firsts = [i for i, (lane, null) in enumerate(owners) if null and lane.fold < 0]
        features = self._guess()
        bends = [
            Bend(i, features, 0, self._dense(features), self._share(len(features)))
            for i in (firsts[:1] if self.squared else firsts)
        ]
        spots, look = self.look(jobs, bends)
        for (lane, null), spot in zip(owners, spots):
            if null:
                terms = lane.terms(self.rules, np.inf)
                lane.states = [State(lane, -1, np.inf, terms, spot, np.zeros(self.p, dtype=bool))]
                lane.null = max(spot.loss - lane.floor, 0.0)
            else:
                linear = float((spot.coef * spot.u).sum() + spot.intercept @ spot.total)
                along = float(spot.along.sum())
                lane.probes.append(Probe(spot.u, spot.total, -along - spot.loss, along - linear))
        self.anchors = [
            Anchor(owners[bend.at][0].output, -1, features, sums) for bend, sums in zip(bends, look.bent)
        ]

    def _guess(self) -> np.ndarray:
        """Columns for a first Hessian: what has no penalty, all where they are few or none can be zero, else those that
        covary most with y."""
        whole = self.rules.l1_ratio == 0 or (self.grid is None and not self.strengths.all())
        free = self.live & (True if whole else self.rules.factor == 0)
        few = np.count_nonzero(self.live) <= ALL
        charge = np.maximum(self.rules.factor, 1e-300)
        charge = charge if self.lanes[0].scale is None else charge * self.lanes[0].scale
        score = np.divide(np.abs(self.total.cross).max(axis=0), charge, out=np.zeros(self.p), where=self.live)
        top = np.argsort(-score, kind="stable")[: self.p if few else FIRST]
        features = np.union1d(np.flatnonzero(free), top[score[top] > 0])
        self.budget.refuse_wide(len(features))
        return features

    def _share(self, a: int) -> float:
        """Of how many rows products of a columns are formed: of all where squared error is to end at once."""
        return 1.0 if self.squared else min(1.0, self.finer * max(SAMPLE, PER_COLUMN * a) / self.n)

    def _dense(self, features: np.ndarray) -> bool:
        """Whether columns are multiplied as a dense block."""
        return not self.source.sparse or bool(self.thick[features].any())

    def _start(self, lane: Lane) -> np.ndarray:
        """(q,) intercepts to begin with: the best constants where no offset is in the way."""
        if not self.centred:
            return np.zeros(self.q)
        sums = lane.sums
        if self.rows.offset is None or self.squared:
            best = self.rows.family.constant(sums.y[None], np.ones(1), np.zeros((1, len(sums.y))))
        else:
            best = sums.start / sums.weight
        return best if self.coupled else best[[lane.output]]

    def _largest(self) -> float:
        """The smallest strength at which every coefficient that has a penalty is zero; of pure ridge, as of
        `grid.max_strength`. Columns without one are fitted by passes of their own."""
        lane = self.lanes[0]
        terms, ridge = lane.terms(self.rules, 1.0), self.rules.l1_ratio == 0
        charge = np.where(lane.live, terms.l2 if ridge else terms.l1, np.inf)
        if free_of(terms, lane.live).any():
            closed = replace(self.rules, lower=np.where(charge > 0, 0.0, self.rules.lower))
            closed = replace(closed, upper=np.where(charge > 0, 0.0, self.rules.upper))
            stream = Stream(
                self.source, self.rows, closed, np.ones(1), self.out, self.centred, 1e-9, self.max_iter, False
            )
            stream.run()
            spots = [own.states[-1].at for own in stream.lanes if own.fold < 0]
        else:
            spots = [own.states[0].at for own in self.lanes if own.fold < 0]
        u = np.concatenate([spot.u for spot in spots])
        pull = np.maximum(lane.terms(self.rules, 0.0).pull(u), 0.0)
        charge = np.where(charge > 0, charge, np.inf)
        if not ridge:
            return float((pull / charge).max(initial=0.0))
        null = sum(own.null for own in self.lanes if own.fold < 0)
        return float((pull * (pull / charge)).sum()) / (2 * EXPLAINED * null) if null > 0 else 0.0

    def _shifts(self, lane: Lane) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Coefficients (q, p) and intercepts (q,) either way from zero, of all that has no penalty."""
        zero, nothing = np.zeros((self.q, self.p)), np.zeros(self.q)
        at = np.flatnonzero(free_of(lane.terms(self.rules, 1.0), lane.live))
        if self.squared or self.q * (len(at) + 1) > PROBES:
            return
        for sign in (1.0, -1.0):
            for c in range(self.q):
                for j in at:
                    coef = zero.copy()
                    coef[c, j] = sign * np.sqrt(lane.weight / lane.sums.squares[j])
                    yield coef, nothing
                if self.centred:
                    yield zero, sign * np.eye(self.q)[c]

    def look(self, jobs: list[Job], bends: list[Bend]) -> tuple[list[Spot], Look]:
        """A pass: what all rows say of (lane, coef, intercept), and the Hessians of some of them."""
        coef = np.array([w for _, w, _ in jobs])
        used = np.flatnonzero(coef.any(axis=(0, 1)))
        points = Points(
            np.array([lane.output for lane, _, _ in jobs]),
            np.array([lane.fold for lane, _, _ in jobs]),
            used,
            np.ascontiguousarray(coef[:, :, used]),
            np.array([intercept for _, _, intercept in jobs]),
        )
        asked = Question(self.rows, self.source.sparse, self.means, points, tuple(bends))

        def make(start: int, n: int) -> Look:
            return Look.nothing(replace(asked, rows=asked.rows.part(start, n)))

        done = sum(state.done for lane in self.lanes for state in lane.states[1:])
        self.source.doing = f"{done} of {len(self.lanes) * len(self.strengths)} fits done"
        found = self.source.gather(make, self.workers).whole()
        said, spots = found.said, []
        for i, (lane, w, intercept) in enumerate(jobs):
            weight, apart = lane.weight, self.total.weight - lane.weight
            raw = found.u[i * self.q : (i + 1) * self.q] - np.outer(said.total[i], self.means)
            u = np.where(lane.live, raw / weight, 0.0)
            held = float(said.held[i]) / apart if lane.fold >= 0 else np.nan
            sums = (said.total[i] / weight, said.size[i] / weight, said.along[i] / weight)
            spots.append(
                Spot(w, intercept, float(said.loss[i]) / weight, held, float(said.near[i]) / weight, u, *sums)
            )
        return spots, found

    def enter(self) -> None:
        """Let strengths in, the strongest first, no more at once than their columns and gradients allow."""
        playing = len({state.number for state in self.busy if not state.featureless})
        limit = min(len(self.strengths), self.entered + max(self.most - playing, 0 if playing else 1))
        tried = [state for lane in self.lanes for state in lane.states if state.at.coef.size]
        room = FIRST + 2 * max(int(np.count_nonzero(state.at.coef.any(axis=0))) for state in tried)
        for number in range(self.entered, limit):
            states = [self._state(lane, number) for lane in self.lanes]
            needed = np.any([state.needs for state in states], axis=0)
            if np.count_nonzero(needed) > room and playing:
                break
            for state in states:
                state.lane.states.append(state)
            self.entered, playing = number + 1, playing + 1

    def _state(self, lane: Lane, number: int) -> State:
        """A strength that enters, from the best fit there is, with the columns that the sequential strong rule keeps."""
        strength = float(self.strengths[number])
        terms = lane.terms(self.rules, strength)
        known = [state for state in lane.states if state.at.u.size]
        nothing = np.zeros(self.p, dtype=bool)
        state = State(lane, number, strength, terms, known[0].at, nothing)
        nearest = min(known, key=lambda one: state.objective(one.at))
        state.at = nearest.at
        before = nearest.strength
        if np.isinf(before):  # the largest that lets a column in
            charged = lane.live & (terms.l1 > 0)
            pull = np.abs(state.at.u).max(axis=0)[charged] / terms.l1[charged]
            before = strength * max(float(pull.max(initial=1.0)), 1.0)
        state.need(lane.terms(self.rules, max(strength - LOOK * max(before - strength, 0.0), 0.0)))
        return state

    def steps(self) -> list[State]:
        """Newton steps of all that is not done; returns what has one."""
        moving = []
        for lane in self.lanes:
            start: np.ndarray | None = None
            system: tuple[Anchor, System] | None = None
            for state in lane.states:
                if state.done:
                    continue
                if state.step is None:
                    anchor = self._anchor(state)
                    if system is None or system[0] is not anchor:
                        live = lane.live[anchor.features]
                        found = System.of(anchor, lane.fold, lane.weight, self.centred, live)
                        system, start = (anchor, found), None
                    fresh = self.squared or state.tries == 0
                    start = state.propose(anchor.features, system[1], start if fresh else None)
                    covered = np.zeros(self.p, dtype=bool)
                    covered[anchor.features] = True
                    if state.step is None and not (state.needs & ~covered).any():
                        state.done = True
                        state.certify(self.centred, self.squared, self.reach)
                if state.step is not None:
                    moving.append(state)
        return moving

    def _anchor(self, state: State) -> Anchor:
        """The nearest Hessian of a state's output; of two as near, that of the weaker strength."""
        own = [anchor for anchor in self.anchors if anchor.output == state.lane.output or self.squared]
        return min(own, key=lambda one: (abs(one.number - state.number), -one.number))

    def visit(self, moving: list[State]) -> None:
        """A pass over what is moving, and what it leads to."""
        chosen = self._bending(moving)
        states = [*moving, *(state for state, _ in chosen if state not in moving)]
        jobs: list[Job] = [
            (state.lane, *(state.step.end(state.at) if state.step else (state.at.coef, state.at.intercept)))
            for state in states
        ]
        first = len(self.anchors[0].features) if self.squared else 0
        bends = [
            Bend(
                states.index(state),
                features,
                first,
                self._dense(features[first:]),
                self._share(len(features)),
            )
            for state, features in chosen
        ]
        spots, look = self.look(jobs, bends)
        useful = [state.take(spot) if state.step else True for state, spot in zip(states, spots)]
        self._keep(bends, states, useful, look)
        for state, was in zip(states, useful):
            if state.featureless:
                state.lane.null = max(state.at.loss - state.lane.floor, 0.0)
            if was:
                state.certify(self.centred, self.squared, self.reach)
                state.judge(WELL * min(self.tol, TIGHT) * state.lane.null)
                state.need(state.lane.terms(self.rules, state.strength * CLOSE))
            state.done |= state.tries >= self.max_iter
        slow = [state.slow for state in moving if state.tries > SETTLING]
        if sum(slow) > 0.5 * len(moving):
            self.finer *= FINER
        for lane in self.lanes:
            for state in [one for one in lane.states[1:] if one.done][:-1]:
                state.let_go()

    def _keep(self, bends: list[Bend], states: list[State], useful: list[bool], look: Look) -> None:
        """The Hessians of fits that were of use in the place of those before."""
        if self.squared:
            for bend, sums in zip(bends, look.bent):
                self.anchors = [self.anchors[0].grown(bend.features, sums)]
            return
        new = [
            Anchor(states[bend.at].lane.output, states[bend.at].number, bend.features, sums)
            for bend, sums in zip(bends, look.bent)
            if useful[bend.at]
        ]
        had = {anchor.output for anchor in new}
        self.anchors = new + [anchor for anchor in self.anchors if anchor.output not in had]

    def _bending(self, moving: list[State]) -> list[tuple[State, np.ndarray]]:
        """The fits whose Hessians a pass forms, and their columns."""
        busy = [state for state in self.busy if not state.featureless]
        if not self.squared:
            outputs = sorted({state.lane.output for state in busy})
            each = (
                grouped([state for state in busy if state.lane.output == c], len(moving), self.budget)
                for c in outputs
            )
            return [one for groups in each for one in groups]
        known = self.anchors[0].features
        needed = np.any([state.needs for state in busy], axis=0) if busy else np.zeros(self.p, dtype=bool)
        needed[known] = False
        new = np.flatnonzero(needed)
        if not len(new):
            return []
        self.budget.refuse_wide(len(known) + len(new))
        return [((moving or busy)[0], np.concatenate([known, new]))]

    def result(self) -> Streamed:
        """What was found, on X as it is."""
        k, m, folds = len(self.strengths), self.rows.m, self.rows.groups
        coef, intercept = np.zeros((k, m, self.p)), np.zeros((k, m))
        gap, null, held = np.zeros((folds + 1, k)), np.zeros(folds + 1), np.zeros((folds, k))
        n_iter, endless = np.ones((folds + 1, k), dtype=int), np.zeros((folds + 1, k), dtype=bool)
        left = np.zeros(k)
        for lane in self.lanes:
            own, at = lane.fold + 1, slice(0, m) if self.coupled else slice(lane.output, lane.output + 1)
            null[own] += lane.null
            for state in lane.states[1:]:
                i, spot = state.number, state.at
                gap[own, i] += state.gap
                n_iter[own, i] = max(n_iter[own, i], state.tries)
                endless[own, i] |= state.endless
                if lane.fold >= 0:
                    held[lane.fold, i] += spot.held
                else:
                    coef[i, at] = spot.coef
                    intercept[i, at] = spot.intercept - spot.coef @ self.means
                    left[i] += max(spot.loss - lane.floor, 0.0)
        parts = [part for part in self.parts[:folds] if part is not None]
        sizes = np.array([part.weight for part in parts])
        floors = np.array([float(part.floor[0]) for part in parts]) / sizes if folds else np.zeros(0)
        return Streamed(
            *(self.strengths, coef, intercept, gap, null, held, sizes, n_iter, endless),
            *(self.source.passes - self.before, self.n, left, floors),
            sd=np.sqrt(self.total.squares / self.total.weight),
        )
