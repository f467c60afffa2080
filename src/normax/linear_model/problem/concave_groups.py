"""Penalties that are concave in the lengths of groups: what each group is charged, given the last fit."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from normax.linear_model.problem.group_terms import GroupRules, GroupTerms
from normax.penalties.concave_groups import ConcaveGroups

__all__ = ["ConcaveGroupRules"]


@dataclass(frozen=True)
class ConcaveGroupRules:
    """The penalty at strength 1.

    Attributes:
        part: the concave penalty, whose strength counts; base: the other parts and the roots of the groups' sizes.
    """

    part: ConcaveGroups
    base: GroupRules

    plain = False

    def terms(self, strength: float, w: np.ndarray) -> GroupTerms:
        """The tangent at flat coefficients w: groups charged by the slopes at their lengths."""
        base = self.base.terms(strength)
        radial = self.part.scaled(strength).radial(self.base.charge)
        return replace(base, charge=radial.slope(base.norms(w)))

    def largest(self, u: np.ndarray) -> float:
        """The smallest strength that keeps every penalised group at zero under the negative gradient u, (m, p)."""
        return replace(self.base, charge=self.base.charge * self.part.strength).largest(u)
