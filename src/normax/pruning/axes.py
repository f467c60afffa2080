"""How the units of each axis travel through operations that only move elements about, a rule for each primitive.

A rule takes the parameters of the equation, the flows that go in and the shape of the result, and returns the units of
the result's axes.
"""

from __future__ import annotations

import numpy as np

from normax.pruning.units import FIXED, UNIFORM, Units

__all__ = ["AxisRules"]


class AxisRules:
    """Rules by name: `_transpose` is that of `lax.transpose_p`.

    Args:
        units: in which they merge and fix.
    """

    def __init__(self, units: Units):
        self.units = units

    def _transpose(self, params, ins, shape):
        return tuple(ins[0].units[i] for i in params["permutation"])

    def _squeeze(self, params, ins, shape):
        gone = params["dimensions"]
        for i in gone:
            self.units.fix(ins[0].units[i], "its axis is dropped")
        return tuple(units for i, units in enumerate(ins[0].units) if i not in gone)

    def _broadcast_in_dim(self, params, ins, shape):
        result = [np.full(n, UNIFORM) for n in shape]
        for units, to in zip(ins[0].units, params["broadcast_dimensions"]):
            if len(units) == shape[to]:
                result[to] = units
            else:
                self.units.fix(units, "it is repeated along an axis")
        return tuple(result)

    def _rev(self, params, ins, shape):
        turned = params["dimensions"]
        return tuple(units[::-1] if i in turned else units for i, units in enumerate(ins[0].units))

    def _slice(self, params, ins, shape):
        strides = params["strides"] or [1] * len(shape)
        bounds = zip(ins[0].units, params["start_indices"], params["limit_indices"], strides)
        return tuple(units[a:b:s] for units, a, b, s in bounds)

    def _pad(self, params, ins, shape):
        result = list(ins[0].units)
        for axis, config in enumerate(params["padding_config"]):
            if any(config):
                self.units.fix(result[axis], "it is padded")
                result[axis] = np.full(shape[axis], FIXED)
        return tuple(result)

    def _reduce_window(self, params, ins, shape):
        result = list(ins[0].units)
        for axis, size in enumerate(params["window_dimensions"]):
            if size != 1 or len(result[axis]) != shape[axis]:
                self.units.fix(result[axis], "it is pooled with its neighbours")
                result[axis] = np.full(shape[axis], FIXED)
        return tuple(result)

    _reduce_window_max = _reduce_window_min = _reduce_window_sum = _reduce_window

    def _concatenate(self, params, ins, shape):
        result = list(ins[0].units)
        for axis in range(len(shape)):
            for f in ins[1:]:
                if axis == params["dimension"]:
                    result[axis] = np.concatenate([result[axis], f.units[axis]])
                else:
                    result[axis] = self.units.merge(
                        result[axis], f.units[axis], "it stands beside one that stays"
                    )
        return tuple(result)

    def _reshape(self, params, ins, shape):
        old, result = list(ins[0].units), []
        for before, after in _blocks([len(units) for units in old], list(shape)):
            axes, old = old[: len(before)], old[len(before) :]
            result += self._regroup(axes, after)
        return tuple(result)

    def _regroup(self, axes: list[np.ndarray], sizes: list[int]) -> list[np.ndarray]:
        """Units of axes that are joined into one, or of one that is split."""
        u = self.units
        lengths = [len(units) for units in axes]
        wide = [units for units in axes if len(units) != 1]
        for units in axes:
            if len(units) == 1:
                u.fix(units, "its axis is dropped")
        ones = [n != 1 for n in sizes]
        if len(wide) == sum(ones) == 1:
            return [wide[0] if n != 1 else np.full(1, UNIFORM) for n in sizes]
        moving = [i for i, units in enumerate(axes) if (u.find(units) > FIXED).any()]
        if not moving:
            bound = any((u.find(units) == FIXED).any() for units in axes)
            return [np.full(n, FIXED if bound else UNIFORM) for n in sizes]
        if len(moving) == 1 and sum(ones) == 1:  # joined
            i = moving[0]
            spread = np.broadcast_to(
                axes[i].reshape([-1 if k == i else 1 for k in range(len(axes))]), lengths
            )
            return [spread.ravel() if n != 1 else np.full(1, UNIFORM) for n in sizes]
        if len(wide) == 1:  # split
            grid = u.find(wide[0]).reshape(sizes)
            for k in range(len(sizes)):
                first = np.moveaxis(grid, k, 0).reshape(sizes[k], -1)
                if (first == first[:, :1]).all():
                    return [first[:, 0] if i == k else np.full(n, FIXED) for i, n in enumerate(sizes)]
            lead = next(k for k, n in enumerate(sizes) if n != 1)
            rows = grid.reshape(sizes[lead], -1)
            u.together(rows)  # blocks go as a whole
            return [rows[:, 0] if i == lead else np.full(n, FIXED) for i, n in enumerate(sizes)]
        for units in axes:
            u.fix(units, "`reshape` mixes it with others")
        return [np.full(n, FIXED) for n in sizes]

    def _gather(self, params, ins, shape):
        numbers, sizes = params["dimension_numbers"], params["slice_sizes"]
        operand, result = ins[0].units, [np.full(n, FIXED) for n in shape]
        gone = {*numbers.collapsed_slice_dims, *numbers.operand_batching_dims}
        kept = [i for i in range(len(operand)) if i not in gone]
        whole = dict(zip(kept, numbers.offset_dims))
        for i, units in enumerate(operand):
            if i in whole and sizes[i] == len(units):
                result[whole[i]] = units
            else:
                self.units.fix(units, "it is picked by number")
        for units in ins[1].units:
            self.units.fix(units, "it picks by number")
        return tuple(result)


def _blocks(old: list[int], new: list[int]) -> list[tuple[list[int], list[int]]]:
    """The smallest runs of axes before and after a reshape that hold the same elements."""
    blocks: list[tuple[list[int], list[int]]] = []
    old, new = list(old), list(new)
    while old or new:
        before: list[int] = []
        after: list[int] = []
        size_before = size_after = 1
        while (not before and not after) or size_before != size_after:
            if (size_before <= size_after and old) or not new:
                before.append(old.pop(0))
                size_before *= before[-1]
            else:
                after.append(new.pop(0))
                size_after *= after[-1]
        # Axes of length 1 belong to whom they follow.
        while old and old[0] == 1 and (not new or new[0] != 1):
            before.append(old.pop(0))
        while new and new[0] == 1 and (not old or old[0] != 1):
            after.append(new.pop(0))
        blocks.append((before, after))
    return blocks
