"""Products of columns that come in groups, and those of the groups at work."""

from __future__ import annotations

from typing import Any

import numpy as np

from normax.linear_model.design.design import Design
from normax.linear_model.problem.group_terms import GroupRules
from normax.linear_model.quadratic.gram import GrowingGram
from normax.linear_model.quadratic.group_quadratic import RowBlocks, bounds_of, inner_products

__all__ = ["AtWork", "GroupProducts"]


class GroupProducts:
    """Products of columns whose groups come one after another, each with all its columns.

    Attributes:
        gram: the products, as they grow; groups: (G,) in the order of arrival; lipschitz: (G,) largest eigenvalues of
            their diagonal blocks.
    """

    def __init__(self, design: Design, rules: GroupRules):
        owner: Any = rules.members
        self.rules, self.gram, self.sizes = rules, GrowingGram(design), np.bincount(owner)
        self.order = np.argsort(owner, kind="stable")
        self.edges = np.concatenate([[0], np.cumsum(self.sizes)])
        self.known = np.zeros(len(self.sizes), dtype=bool)
        self.groups, self.lipschitz = np.zeros(0, dtype=np.intp), np.zeros(0)

    def add(self, groups: np.ndarray) -> None:
        """Admit groups that are not yet known."""
        new, old = groups[~self.known[groups]], self.gram.size
        if not len(new):
            return
        self.gram.add(np.concatenate([self.order[self.edges[g] : self.edges[g + 1]] for g in new]))
        starts = old + np.concatenate([[0], np.cumsum(self.sizes[new])])
        self.lipschitz = np.concatenate([self.lipschitz, bounds_of(self.gram.G, starts)])
        self.groups, self.known[new] = np.concatenate([self.groups, new]), True


class AtWork:
    """Some known groups, flagged (G,), end to end.

    Attributes:
        groups: their numbers; rows: (a,) places of their columns among the products; features: (a,) these columns.
    """

    def __init__(self, products: GroupProducts, flagged: np.ndarray):
        kept = flagged[products.groups]
        self.rules, self.gram, self.groups = products.rules, products.gram, products.groups[kept]
        self.rows = np.flatnonzero(np.repeat(kept, products.sizes[products.groups]))
        self.features = self.gram.features[self.rows]
        self.starts = np.concatenate([[0], np.cumsum(products.sizes[self.groups])])
        inner = inner_products(self.gram.G, self.rows, self.starts)
        self.curvature = products.lipschitz[kept], inner

    def products(self) -> np.ndarray:
        """(a, a)."""
        return self.gram.G[np.ix_(self.rows, self.rows)]

    def blocks(self, strength: float) -> RowBlocks:
        first, rules = self.features[self.starts[:-1]], self.rules
        l1, l2, charge = rules.l1[first], rules.l2[first], rules.charge[self.groups]
        return RowBlocks(self.starts, strength * l1, strength * l2, strength * charge, *self.curvature)
