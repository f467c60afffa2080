"""Early stopping lane by lane: each keeps its best epoch, and lanes that have stopped give way to the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from normax.errors import InputError
from normax.paths.axes import Settings
from normax.paths.lanes import Kept, Lanes, Trained, Watch, on_device
from normax.training.callbacks import EarlyStopping
from normax.training.loop import Data, RowSet, TrainState

__all__ = ["Stopping", "watched_training"]

PARTS = 4
"""Parts in which a chunk of lanes is trained here. Stopped lanes are dropped by whole parts, so that one compiled
program serves however many are left."""


class Stopping(NamedTuple):
    """How long a lane may go without improvement, and the share of its training rows that tells."""

    patience: int
    margin: float
    share: float

    @staticmethod
    def of(wish: Any, share: float) -> Stopping | None:
        """From what `nx.path` was given: None, epochs of patience, or an `nx.EarlyStopping`."""
        if wish is None or wish is False:
            return None
        if isinstance(wish, (int, np.integer)) and not isinstance(wish, bool):
            wish = EarlyStopping(patience=int(wish))
        if not isinstance(wish, EarlyStopping):
            raise InputError(
                f"early_stopping: expected epochs of patience or nx.EarlyStopping(patience=10), got {wish!r}"
            )
        if wish.monitor != "validation_loss":
            raise InputError(f"early_stopping: lanes watch 'validation_loss', got monitor={wish.monitor!r}")
        if wish.patience < 1:
            raise InputError(f"early_stopping: expected a patience >= 1 epoch, got {wish.patience}")
        if not 0 < share < 1:
            raise InputError(f"validation: expected a share of the rows between 0 and 1, got {share!r}")
        return Stopping(wish.patience, wish.min_delta, share)


def watched_training(
    lanes: Lanes, settings: Settings, start: TrainState, data: Data, rows: RowSet, key: Any, epochs: int,
    watch: Watch, limits: np.ndarray | None,
) -> Callable[[Callable[[int], None]], Trained]:  # fmt: skip
    """`Lanes.training` that gives each lane at its best epoch, or at its limit where that is given.

    What a lane keeps does not depend on which others are still under way.
    """
    settings, rows, watch = on_device((settings, rows, watch))
    count = len(settings["strength"])
    size = lanes.whole(-(-count // PARTS))
    limits = np.zeros(count, np.int32) if limits is None else np.asarray(limits, np.int32)
    # How often lanes are regrouped must not depend on the clock, or two runs would differ in their last bits.
    patience = int(watch.patience)
    stride = epochs if watch.data is None else max(1, patience // 2)
    if watch.data is None:
        stride = max(1, -(-epochs // 8))
    blank = jnp.full(count, jnp.inf), jnp.zeros(count, jnp.int32)
    best = jax.tree.map(lambda a: jnp.array(a, copy=True), (start.weights, start.buffers))
    carry = start, Kept(best[0], best[1], *blank)
    some = np.resize(np.arange(count), size)
    example, chosen = jax.tree.map(lambda leaf: leaf[some], (carry, settings))
    first, fixed = np.int32(0), (data, rows, key, watch)
    program = lanes.compiled(
        "train", example, first, first, chosen, *fixed, jnp.asarray(limits[some]), constants_at=4
    )

    def train(after: Callable[[int], None]) -> Trained:
        curves = np.full((count, lanes.epochs), np.nan)
        kept: Any = None
        active, done, parts = np.arange(count), 0, [(np.arange(count), carry)]
        while len(active) and done < epochs:
            stop = min(done + stride, epochs)
            parts = _regrouped(parts, active, size)
            following = []
            for numbers, part in parts:
                chosen = jax.tree.map(lambda leaf, some=numbers: leaf[some], settings)
                part, new = program(
                    part, np.int32(done), np.int32(stop), chosen, *fixed, jnp.asarray(limits[numbers])
                )
                curves[numbers, done:stop] = np.asarray(new)[:, done:stop]
                following.append((numbers, part))
            parts, done = following, stop
            kept = _gathered(kept, parts, count)
            live = done < limits if watch.data is None else done - kept.epoch < patience
            active = active[live[active]]
            after(done if len(active) else epochs)
        # What a lane went through after it stopped is nobody's business.
        last = kept.epoch if watch.data is None else np.minimum(kept.epoch + patience, epochs)
        curves[np.arange(lanes.epochs) >= last[:, None]] = np.nan
        return Trained(kept.weights, kept.buffers, kept.epoch, curves)

    return train


def _regrouped(parts: list[Any], active: np.ndarray, size: int) -> list[Any]:
    """The lanes still under way in parts of one size, the last filled up with copies; as they were if that drops none."""
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


def _gathered(kept: Any, parts: list[Any], count: int) -> Kept:
    """What all lanes keep, those that have stopped included, on the host."""
    for numbers, (_, new) in parts:
        new = jax.tree.map(np.asarray, new)
        if kept is None:
            kept = jax.tree.map(lambda a: np.zeros((count, *a.shape[1:]), a.dtype), new)
        for whole, some in zip(jax.tree.leaves(kept), jax.tree.leaves(new)):
            whole[numbers] = some
    return kept
