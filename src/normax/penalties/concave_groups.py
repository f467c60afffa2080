"""Concave penalties on the lengths of groups: whole groups in or out, and large ones left alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from normax.errors import InputError
from normax.penalties.base import WithStrength
from normax.penalties.concave import MCP, SCAD
from normax.penalties.groups import Grouped, layout_of

__all__ = ["ConcaveGroups", "GroupMCP", "GroupSCAD"]


@dataclass(frozen=True)
class ConcaveGroups(Grouped):
    """Base: `Σ_g ρ(‖w_g‖₂)` with ρ of strength `s√d_g` for d_g weights in group g."""

    prox_order = 1

    def radial(self, root: Any) -> WithStrength:
        """ρ for groups with these roots of their sizes."""
        raise NotImplementedError

    def value(self, w):
        layout = layout_of(self.groups, w.shape)
        length = layout.sum(w * w) ** 0.5
        return self.radial(layout.roots(w) + 0 * length).value(length)

    def prox(self, w, step):
        if getattr(step, "ndim", 0) > 0:
            raise InputError(
                f"step: {type(self).__name__} has a prox for one step for all weights alone, got one for each; use an "
                "optimiser whose step is the same for all, such as plain SGD"
            )
        xp, layout = w.__array_namespace__(), layout_of(self.groups, w.shape)
        length = layout.sum(w * w) ** 0.5
        left = self.radial(layout.roots(w) + 0 * length).prox(length, step)
        return w * layout.spread(left / xp.where(length > 0, length, 1))


@dataclass(frozen=True)
class GroupMCP(ConcaveGroups):
    """The group MCP `Ω(w) = Σ_g MCP(‖w_g‖₂)` of strength `s√d_g`: as `GroupLasso` near zero, and groups longer than
    `γs√d_g` are not shrunk at all. It is not convex.

    Args:
        strength: s >= 0. The default 1 leaves the strength to a path.
        groups: as of `GroupLasso`.
        gamma: γ > 0, as of `MCP`.

    Raises:
        InputError: as of `GroupLasso` and `MCP`, and from `prox` for a step for each coordinate.

    Example:
        >>> import numpy as np
        >>> GroupMCP(1.0, [0, 0, 1]).prox(np.array([6.0, 8.0, 0.9]), step=1.0)
        array([6., 8., 0.])

    Source:
        Breheny & Huang, "Group descent algorithms for nonconvex penalized linear and logistic regression models with
        grouped predictors", Statistics and Computing 2015.
    """

    gamma: float = 3.0

    def __post_init__(self):
        super().__post_init__()
        MCP(gamma=self.gamma)

    def radial(self, root):
        return MCP(self.strength * root, self.gamma)


@dataclass(frozen=True)
class GroupSCAD(ConcaveGroups):
    """The group SCAD `Ω(w) = Σ_g SCAD(‖w_g‖₂)` of strength `s√d_g`: as `GroupLasso` up to `s√d_g`, and groups longer
    than `as√d_g` are not shrunk at all. It is not convex.

    Args:
        strength: s >= 0. The default 1 leaves the strength to a path.
        groups: as of `GroupLasso`.
        a: > 2, as of `SCAD`.

    Raises:
        InputError: as of `GroupLasso` and `SCAD`, and from `prox` for a step for each coordinate.

    Example:
        >>> import numpy as np
        >>> GroupSCAD(1.0, [0, 0, 1]).prox(np.array([6.0, 8.0, 0.9]), step=1.0)
        array([6., 8., 0.])

    Source:
        Breheny & Huang, Statistics and Computing 2015; Wang, Chen & Li, Bioinformatics 2007.
    """

    a: float = 3.7

    def __post_init__(self):
        super().__post_init__()
        SCAD(a=self.a)

    def radial(self, root):
        return SCAD(self.strength * root, self.a)
