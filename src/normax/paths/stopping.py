"""Early stopping lane by lane: each keeps its best epoch, and lanes that have stopped give way to the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.nn.cells import copied
from normax.paths.axes import Settings
from normax.paths.lanes import BestEpoch, Lanes, Trained, on_device
from normax.paths.row_sets import TrainingSet
from normax.training.loop import TrainState

__all__ = ["watched_training"]

PARTS = 4
"""Parts in which a chunk of lanes is trained here. Stopped lanes are dropped by whole parts, so that one compiled
program serves however many are left."""


def watched_training(
    lanes: Lanes,
    settings: Settings,
    start: TrainState,
    training: TrainingSet,
    epochs: int,
    limits: np.ndarray | None,
) -> Callable[[Callable[[int], None]], Trained]:
    """`Lanes.training` that gives each lane at its best epoch, or at its limit where that is given.

    What a lane keeps does not depend on which others are still under way.
    """
    assert training.watch is not None
    patience, watching = int(training.watch.patience), training.watch.data is not None
    settings, rows, watch = on_device((settings, training.rows, training.watch))
    training = training._replace(rows=rows, watch=watch)
    count = len(settings["strength"])
    size = lanes.whole(-(-count // PARTS))
    limits = np.zeros(count, np.int32) if limits is None else np.asarray(limits, np.int32)
    # How often lanes are regrouped must not depend on the clock, or two runs would differ in their last bits.
    stride = max(1, patience // 2 if watching else -(-epochs // 8))
    blank = jnp.full(count, jnp.inf), jnp.zeros(count, jnp.int32)
    best = jax.tree.map(copied, (start.weights, start.buffers))
    carry = start, BestEpoch(best[0], best[1], *blank)

    def of(numbers):
        """Settings and limits of some lanes."""
        return jax.tree.map(lambda leaf: leaf[numbers], settings), jnp.asarray(limits[numbers])

    some, first = np.resize(np.arange(count), size), np.int32(0)
    example = jax.tree.map(lambda leaf: leaf[some], carry)
    program = lanes.compiled("train", example, of(some), (first, first, training))

    def train(after: Callable[[int], None]) -> Trained:
        curves = np.full((count, lanes.epochs), np.nan)
        kept: Any = None
        active, done, parts = np.arange(count), 0, [(np.arange(count), carry)]
        while len(active) and done < epochs:
            stop = min(done + stride, epochs)
            parts = _regrouped(parts, active, size)
            following = []
            for numbers, part in parts:
                part, new = program(part, of(numbers), (np.int32(done), np.int32(stop), training))
                curves[numbers, done:stop] = np.asarray(new)[:, done:stop]
                following.append((numbers, part))
            parts, done = following, stop
            kept = _gathered(kept, parts, count)
            live = done - kept.epoch < patience if watching else done < limits
            active = active[live[active]]
            after(done if len(active) else epochs)
        # What a lane went through after it stopped is nobody's business.
        last = np.minimum(kept.epoch + patience, epochs) if watching else kept.epoch
        curves[np.arange(lanes.epochs) >= last[:, None]] = np.nan
        return Trained(kept.weights, kept.buffers, kept.epoch, curves)

    return train


def _regrouped(parts: list[Any], active: np.ndarray, size: int) -> list[Any]:
    """The lanes still under way in parts of one size, the last filled up with copies; as before if that drops none."""
    needed = -(-len(active) // size)
    if len(parts) == needed and all(len(numbers) == size for numbers, _ in parts):
        return parts
    numbers = np.concatenate([numbers for numbers, _ in parts])
    place = {int(lane): i for i, lane in reversed(list(enumerate(numbers)))}
    everything = jax.tree.map(lambda *leaves: jnp.concatenate(leaves), *(carry for _, carry in parts))
    result = []
    for some in np.array_split(np.resize(active, needed * size), needed):
        at = jnp.asarray([place[int(lane)] for lane in some])
        result.append((some, jax.tree.map(lambda leaf, at=at: leaf[at], everything)))
    return result


def _gathered(kept: Any, parts: list[Any], count: int) -> BestEpoch:
    """What all lanes keep, those that have stopped included, on the host."""
    for numbers, (_, new) in parts:
        new = jax.tree.map(np.asarray, new)
        if kept is None:
            kept = jax.tree.map(lambda a: np.zeros((count, *a.shape[1:]), a.dtype), new)
        for whole, some in zip(jax.tree.leaves(kept), jax.tree.leaves(new)):
            whole[numbers] = some
    return kept
