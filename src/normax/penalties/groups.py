"""Penalties that take whole groups of weights in or out: the group lasso and its sparse form."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from normax.errors import InputError, suggest
from normax.penalties.base import WithStrength
from normax.penalties.separable import L1

__all__ = ["Blocks", "GroupLasso", "Grouped", "SparseGroupLasso", "group_labels", "layout_of"]

# Axes of a weight in PyTorch's layout, (out, in, ...).
AXES = {"out": 0, "neuron": 0, "channel": 0, "in": 1, "feature": 1}
# Newton steps for the length of a group under a step for each coordinate; they converge from below.
STEPS = 16


@dataclass(frozen=True)
class Blocks:
    """Groups that are equal blocks of consecutive indices along an axis: heads of attention, flattened channels.

    Args:
        axis: "out", "in", "neuron", "channel", "feature" or a whole number, as of `GroupLasso`.
        count: how many blocks.
        parts: how many times the axis repeats them: 3 for `MultiheadAttention.in_proj_weight`, which holds queries,
            keys and values of every head one after the other.

    Raises:
        InputError: for counts that are not positive; from a penalty if they do not divide the axis.

    Example:
        >>> from normax.penalties import GroupLasso
        >>> heads = GroupLasso(0.1, Blocks("in", 4))  # on out_proj.weight of four heads
        >>> group_labels(Blocks("in", 2), (1, 6)).tolist()
        [[0, 0, 0, 1, 1, 1]]
    """

    axis: str | int
    count: int
    parts: int = 1

    def __post_init__(self):
        _frozen(self.axis)
        for name in ("count", "parts"):
            value = getattr(self, name)
            if not isinstance(value, (int, np.integer)) or value < 1:
                raise InputError(f"Blocks: {name}: expected a whole number >= 1, got {value!r}")


@dataclass(frozen=True)
class Grouped(WithStrength):
    """Base of the penalties on groups."""

    groups: Any = "in"

    def __post_init__(self):
        super().__post_init__()
        object.__setattr__(self, "groups", _frozen(self.groups))

    def restricted(self, axis, kept, shape):
        groups, n = self.groups, shape[axis]
        if isinstance(groups, tuple) and axis == len(shape) - 1:
            return replace(self, groups=_numbered([groups[i] for i in kept]))
        if isinstance(groups, Blocks) and _axis(groups.axis, shape) == axis:
            return replace(self, groups=replace(groups, count=max(1, len(kept) * groups.count // n)))
        return self


@dataclass(frozen=True)
class GroupLasso(Grouped):
    """The group lasso `Ω(w) = s·Σ_g √d_g ‖w_g‖₂` with d_g weights in group g: a group is zero as a whole or not.

    The root of its size makes groups of all sizes alike under noise. Its prox shortens each group,
    `w_g · max(1 − step·s·√d_g / ‖w_g‖, 0)`; with a step for each coordinate the length of a group solves one
    equation in one unknown.

    Args:
        strength: s >= 0. The default 1 leaves the strength to a path.
        groups: what belongs together.
            "out", "in" or a whole number: each slice of the weight along that axis is one group. In PyTorch's layout
            (out, in, ...) "out" is axis 0: the weights into one unit, or one output channel (also written "neuron"
            or "channel"); "in" is axis 1: the weights out of one input, so that zeros drop inputs, or the unit
            before (the default; also written "feature").
            `Blocks(axis, count)`: equal blocks along an axis, such as the heads of attention.
            A label for each feature, (p,) of any hashable kind: the groups of a vector of p weights, or of the last
            axis of an array, where a group then spans all outputs.
            A list of lists of feature numbers, which together name every feature once.

    Raises:
        InputError: if the strength is negative or not finite, or the groups are none of these; from `value` and
            `prox` if they do not fit the weight.

    Example:
        >>> import numpy as np
        >>> penalty = GroupLasso(1.0, [0, 0, 1])
        >>> penalty.value(np.array([3.0, 4.0, -1.0])).round(3)
        np.float64(8.071)
        >>> penalty.prox(np.array([3.0, 4.0, -1.0]), step=1.0).round(3)
        array([ 2.151,  2.869, -0.   ])

    Source:
        Yuan & Lin, "Model selection and estimation in regression with grouped variables", JRSS B 2006.
    """

    prox_order = 1  # shortening a group comes after thresholding its members

    def value(self, w):
        layout = layout_of(self.groups, w.shape)
        return self.strength * (layout.roots(w) * layout.sum(w * w) ** 0.5).sum()

    def prox(self, w, step):
        layout = layout_of(self.groups, w.shape)
        return _shorten(layout, w, step, self.strength)


@dataclass(frozen=True)
class SparseGroupLasso(GroupLasso):
    """The sparse group lasso `Ω(w) = s·(r‖w‖₁ + (1−r) Σ_g √d_g ‖w_g‖₂)`: whole groups drop out, and single
    weights within those that stay.

    Args:
        strength: s >= 0. The default 1 leaves the strength to a path.
        groups: as of `GroupLasso`.
        l1_ratio: r in [0, 1]; 1 is `L1(s)`, 0 `GroupLasso(s, groups)`. The default 0.5 gives both an even say.

    Raises:
        InputError: as of `GroupLasso`, and for r outside [0, 1].

    Example:
        >>> import numpy as np
        >>> SparseGroupLasso(1.0, [0, 0, 1], l1_ratio=0.5).prox(np.array([3.0, 0.2, 0.8]), step=1.0).round(3)
        array([1.793, 0.   , 0.   ])

    Source:
        Simon, Friedman, Hastie & Tibshirani, "A sparse-group lasso", JCGS 2013.
    """

    l1_ratio: float = 0.5

    def __post_init__(self):
        super().__post_init__()
        if not 0 <= self.l1_ratio <= 1:
            raise InputError(f"l1_ratio: expected a number in [0, 1], got {self.l1_ratio!r}")

    def value(self, w):
        r = self.l1_ratio
        return r * L1(self.strength).value(w) + (1 - r) * super().value(w)

    def prox(self, w, step):
        thresholded = L1(self.strength * self.l1_ratio).prox(w, step)
        return _shorten(
            layout_of(self.groups, w.shape), thresholded, step, self.strength * (1 - self.l1_ratio)
        )


def group_labels(groups: Any, shape: tuple[int, ...]) -> np.ndarray:
    """The number of the group of each weight, of the given shape, counted from 0.

    Example:
        >>> group_labels("in", (2, 3)).tolist()
        [[0, 1, 2], [0, 1, 2]]
        >>> group_labels(["a", "b", "a"], (3,)).tolist()
        [0, 1, 0]
    """
    layout = layout_of(_frozen(groups), shape)
    if isinstance(layout, _Slices):
        count = np.arange(shape[layout.axis])
        return np.broadcast_to(np.expand_dims(count, layout.others), shape)
    if isinstance(layout, _Block):
        count = np.arange(layout.split[next(i for i in range(len(layout.split)) if i not in layout.others)])
        return np.ascontiguousarray(layout.spread(np.expand_dims(count, layout.others)))
    return np.broadcast_to(layout.labels, shape)


class _Slices:
    """Groups that are the slices along one axis."""

    def __init__(self, axis: int, shape: tuple[int, ...]):
        self.axis = axis
        self.others = tuple(i for i in range(len(shape)) if i != axis)
        self.root = math.sqrt(math.prod(shape[i] for i in self.others))

    def roots(self, w):
        return self.root

    def sum(self, a):
        return a.sum(axis=self.others, keepdims=True)

    def max(self, a):
        return a.max(axis=self.others, keepdims=True)

    def spread(self, v):
        return v


class _Block:
    """Groups that are blocks along one axis, which stands as (parts, count, size) meanwhile."""

    def __init__(self, axis: int, blocks: Blocks, shape: tuple[int, ...]):
        size = shape[axis] // (blocks.count * blocks.parts)
        self.shape = shape
        self.split = (*shape[:axis], blocks.parts, blocks.count, size, *shape[axis + 1 :])
        self.others = tuple(i for i in range(len(self.split)) if i != axis + 1)
        self.root = math.sqrt(math.prod(shape) // blocks.count)

    def roots(self, w):
        return self.root

    def sum(self, a):
        return a.reshape(self.split).sum(axis=self.others, keepdims=True)

    def max(self, a):
        return a.reshape(self.split).max(axis=self.others, keepdims=True)

    def spread(self, v):
        return v.__array_namespace__().broadcast_to(v, self.split).reshape(self.shape)


class _Labelled:
    """Groups of the last axis, by label: gathers only, so that any array library can follow."""

    def __init__(self, labels: tuple[int, ...], shape: tuple[int, ...]):
        self.labels = np.array(labels, dtype=np.int32)
        count = np.bincount(self.labels)
        members = np.full((len(count), count.max()), len(labels), dtype=np.int32)  # p stands for nothing
        at = np.arange(len(labels)) - np.repeat(np.cumsum(count) - count, count)
        order = np.argsort(self.labels, kind="stable")
        members[self.labels[order], at] = order
        self.members, self.lead = members, tuple(range(len(shape) - 1))
        self.sizes = count * math.prod(shape[:-1])

    def roots(self, w):
        return w.__array_namespace__().asarray(self.sizes, dtype=w.dtype) ** 0.5

    def sum(self, a):
        return self._members(a.sum(axis=self.lead) if self.lead else a).sum(axis=1)

    def max(self, a):
        return self._members(a.max(axis=self.lead) if self.lead else a).max(axis=1)

    def _members(self, a):
        """(groups, largest size), zeros where a group has fewer."""
        xp = a.__array_namespace__()
        return xp.concat([a, xp.zeros(1, dtype=a.dtype)])[self.members]

    def spread(self, v):
        return v[self.labels]


def _shorten(layout: _Slices | _Labelled | _Block, w: Any, step: Any, strength: Any) -> Any:
    """Prox of `strength·Σ √d_g ‖w_g‖` in the metric 1/step: `v = w / (1 + step·λ/t)`, where t = ‖v_g‖.

    t solves `‖w / (t + step·λ)‖ = 1`. The inverse of the left side is concave and rises, so that Newton steps from
    below stay below; for one step for all the start is the answer.
    """
    xp = w.__array_namespace__()
    charge = layout.roots(w) * strength
    many = getattr(step, "ndim", 0) > 0
    reach = step * (w * 0 + 1) if many else step
    t = layout.sum(w * w) ** 0.5 - (layout.max(reach) if many else step) * charge
    if many:
        alive = layout.sum((w / reach) ** 2) > charge**2
        delay = reach * layout.spread(charge + t * 0)
        t = xp.maximum(t, 0)
        for _ in range(STEPS):
            length = layout.spread(t) + delay
            safe = xp.where(length > 0, length, 1)
            square = layout.sum((w / safe) ** 2)
            fall = layout.sum(w * w / safe**3)
            t = t + xp.where(alive & (fall > 0), square * (square**0.5 - 1) / xp.where(fall > 0, fall, 1), 0)
        alive, ahead = layout.spread(alive & (t > 0)), layout.spread(t)
        factor = ahead / xp.where(alive, ahead + delay, 1)
    else:
        length = xp.maximum(t, 0) + step * charge
        factor = layout.spread(xp.maximum(t, 0) / xp.where(length > 0, length, 1))
        alive = layout.spread(t > 0)
    return w * xp.where(alive, factor, 0)


@lru_cache(maxsize=256)
def layout_of(groups: Any, shape: tuple[int, ...]) -> _Slices | _Labelled | _Block:
    """The groups of a weight of this shape."""
    if isinstance(groups, tuple):
        if not shape or shape[-1] != len(groups):
            raise InputError(
                f"groups: {len(groups)} labels do not fit the last axis of a weight of shape {shape}"
            )
        return _Labelled(groups, shape)
    if isinstance(groups, Blocks):
        axis = _axis(groups.axis, shape)
        if shape[axis] % (groups.count * groups.parts):
            raise InputError(
                f"groups: {groups.parts} × {groups.count} blocks do not divide axis {axis} of a weight of shape {shape}"
            )
        return _Block(axis, groups, shape)
    return _Slices(_axis(groups, shape), shape)


def _axis(groups: str | int, shape: tuple[int, ...]) -> int:
    axis = AXES[groups] if isinstance(groups, str) else groups
    if axis == 1 and isinstance(groups, str) and len(shape) == 1:
        axis = 0  # a vector holds one weight for each input
    if not -len(shape) <= axis < len(shape):
        raise InputError(
            f"groups: {groups!r} names axis {axis}, which a weight of shape {shape} does not have"
        )
    return axis % len(shape)


def _frozen(groups: Any) -> str | int | Blocks | tuple[int, ...]:
    """An axis or blocks as they are; labels or lists of features as a tuple of group numbers, in the order of
    appearance."""
    if isinstance(groups, Blocks):
        return groups
    if isinstance(groups, str):
        if groups not in AXES:
            raise InputError(
                "groups: expected 'out' or 'in', an axis, Blocks, labels or lists of features, got "
                f"{groups!r}{suggest(groups, AXES)}"
            )
        return groups
    if isinstance(groups, (int, np.integer)) and not isinstance(groups, bool):
        return int(groups)
    if isinstance(groups, np.ndarray) and groups.ndim == 1:
        groups = groups.tolist()
    if not isinstance(groups, Sequence) or not len(groups):
        raise InputError(
            f"groups: expected 'out' or 'in', an axis, Blocks, labels or lists of features, got {groups!r}"
        )
    if all(isinstance(g, (list, np.ndarray, range)) for g in groups):
        members = [int(j) for g in groups for j in g]
        if sorted(members) != list(range(len(members))):
            raise InputError(
                f"groups: lists must name every feature 0..{max(members, default=0)} once; got {len(members)} entries, "
                f"{len(set(members))} of them distinct"
            )
        owner = {int(j): k for k, g in enumerate(groups) for j in g}
        return _numbered([owner[j] for j in range(len(members))])
    return _numbered(groups)


def _numbered(labels: Sequence[Any]) -> tuple[int, ...]:
    number: dict[Any, int] = {}
    return tuple(number.setdefault(label, len(number)) for label in labels)
