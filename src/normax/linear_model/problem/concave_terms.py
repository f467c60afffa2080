"""Penalties that are concave in the size of each coefficient: what each is charged, given the last fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from normax.linear_model.problem.terms import Rules, Terms
from normax.penalties import Penalty

__all__ = ["ConcaveRules"]


class Entries(Terms):
    """`Terms` with numbers of their own for each of the m × p coefficients, flat."""

    def of(self, entries, p):
        return self.at(entries)


@dataclass(frozen=True)
class ConcaveRules:
    """What each coefficient is charged at strength 1: `slope` of the concave parts, l1, l2, and the box.

    Attributes:
        parts: concave penalties; l1, l2: strengths of the others; single: factors and bounds of the features.
    """

    parts: tuple[Penalty, ...]
    l1: float
    l2: float
    single: Rules

    plain = False

    def terms(self, strength: float, w: np.ndarray, features: Any = None) -> Entries:
        """The tangent at flat coefficients w, (m·p,), or (a,) of some features of one output."""
        single = self.single
        if features is not None:
            single = Rules(single.factor[features], single.lower[features], single.upper[features])
        outputs = len(w) // max(len(single.factor), 1)
        charge = strength * np.tile(single.factor, outputs)
        slopes = [part.scaled(charge).slope(np.abs(w)) for part in self.parts]
        return Entries(
            self.l1 * charge + sum(slopes),
            self.l2 * charge,
            np.tile(single.lower, outputs),
            np.tile(single.upper, outputs),
        )

    def largest(self, u: np.ndarray) -> float:
        """The smallest strength at which no coefficient wants to leave zero under the negative gradient u, (m, p)."""
        unit, v = self.terms(1.0, np.zeros(u.size)), u.ravel()
        pull = np.maximum(np.where(unit.upper > 0, v, 0.0), np.where(unit.lower < 0, -v, 0.0))
        return float(np.divide(pull, unit.l1, out=np.zeros_like(pull), where=unit.l1 > 0).max(initial=0.0))
