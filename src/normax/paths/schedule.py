"""How the lanes of a path are trained: by what steps, how long, and from where."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from normax.errors import InputError
from normax.training.callbacks import EarlyStopping

__all__ = ["Schedule", "Stopping", "Warm"]


class Warm(NamedTuple):
    """Warm starts in blocks: how many strengths a block holds, and how long later blocks train."""

    strengths: int
    epochs: int

    @staticmethod
    def of(wish: Any, strengths: int, epochs: int, warm_epochs: int | None) -> Warm | None:
        """From what `nx.path` was given: False, True, "weak-to-strong", or strengths a block."""
        if wish is None or wish is False:
            if warm_epochs is not None:
                raise InputError("warm_epochs: for warm starts; ask for them, warm_start=True")
            return None
        if wish == "strong-to-weak":
            raise InputError(
                "warm_start: a layer of zeros passes no gradient on, so that a network which starts from a stronger "
                "penalty never gets its weights back; use warm_start=True, from weak to strong"
            )
        if wish is True or wish == "weak-to-strong":
            wish = max(1, round(strengths**0.5))
        if not isinstance(wish, (int, np.integer)) or wish < 1:
            raise InputError(
                f"warm_start: expected True, or how many strengths a block holds (>= 1), got {wish!r}"
            )
        if warm_epochs is not None and warm_epochs < 1:
            raise InputError(f"warm_epochs: expected at least 1 epoch, got {warm_epochs}")
        return Warm(int(wish), epochs if warm_epochs is None else int(warm_epochs))


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


class Schedule(NamedTuple):
    """How lanes are trained.

    Attributes:
        optimizer, prox_step: the steps, see `nx.train_step`.
        epochs, batch_size: how many of them.
        seeds: starting points.
        warm, stopping: warm starts and early stopping, where asked for.
    """

    optimizer: Any
    prox_step: Any
    epochs: int
    batch_size: int
    seeds: int = 1
    warm: Warm | None = None
    stopping: Stopping | None = None

    @property
    def shortest(self) -> int:
        """Fewest epochs that a lane trains."""
        return self.epochs if self.warm is None else min(self.epochs, self.warm.epochs)

    @property
    def longest(self) -> int:
        """Most epochs that a lane trains."""
        return self.epochs if self.warm is None else max(self.epochs, self.warm.epochs)
