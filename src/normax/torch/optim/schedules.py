"""A schedule on an optimiser: what takes the place of `scheduler.step()`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from normax.errors import InputError
from normax.torch.optim.optimizer import Optimizer

__all__ = ["LRScheduler", "Rate"]

Rate = Callable[[Any, Any], Any]


class LRScheduler:
    """A schedule on an optimiser: group i has the rate `rates[i](k, base)` after k of the scheduler's own steps.

    Args:
        optimizer: of `torch.optim`; it changes from now on.
        rates: one function for all groups, or one a group.
        every: optimiser steps between two of the scheduler's: `every=len(loader)` for what steps once an epoch,
            `every=1` for what steps after each batch.
        momentum: the momentum (or β₁) after k steps, where the schedule changes it.
        alone: whether it sets rates, so that no other scheduler may be on the optimiser.

    Raises:
        InputError: for what is no such optimiser, and for a second schedule where one sets the rates.
    """

    def __init__(
        self,
        optimizer: Any,
        rates: Rate | Sequence[Rate],
        every: int | None,
        last_epoch: int = -1,
        momentum: Callable[[Any], Any] | None = None,
        alone: bool = False,
    ):
        name = type(self).__name__
        if not isinstance(optimizer, Optimizer):
            raise InputError(f"{name}: expected an optimiser of torch.optim, got {type(optimizer).__name__}")
        if last_epoch != -1:
            raise InputError(
                f"{name}: last_epoch: a schedule begins with its training; resume by nx.fit(checkpoint=)"
            )
        if every is not None and (not isinstance(every, int) or isinstance(every, bool) or every < 1):
            raise InputError(f"{name}: every: expected a whole number >= 1 of optimiser steps, got {every!r}")
        if optimizer.schedulers and (alone or any(other.alone for other in optimizer.schedulers)):
            raise InputError(
                f"{name}: {type(optimizer.schedulers[0]).__name__} sets the rate of this optimiser already; "
                "write SequentialLR(optimizer, [first, second], milestones=[...])"
            )
        self.optimizer, self.every, self.alone, self._momentum = optimizer, every, alone, momentum
        self._rates = [rates] * len(optimizer.param_groups) if callable(rates) else list(rates)
        optimizer.schedulers.append(self)

    def applied(self, group: int, settings: dict[str, Any]) -> dict[str, Any]:
        """A group's settings with this schedule over them."""
        if self.every is None:
            raise InputError(
                f"{type(self).__name__}: nothing calls scheduler.step() in compiled training; say how many "
                f"optimiser steps lie between two of its own: {type(self).__name__}(optimizer, ..., "
                "every=len(loader)) for once an epoch, every=1 for each batch"
            )
        changed = settings | {"lr": _scheduled(self._rates[group], self.every, settings["lr"])}
        if self._momentum is not None:
            momentum = _every(self._momentum, self.every)
            if "momentum" in settings:
                changed["momentum"] = momentum
            else:
                changed["betas"] = momentum, settings["betas"][1]
        return changed

    def lr(self, k: int) -> list[float]:
        """The rate of each group after k of the scheduler's own steps."""
        bases = [group["lr"] for group in self.optimizer.param_groups]
        return [float(rate(k, base)) for rate, base in zip(self._rates, bases)]

    def step(self, *args: Any) -> Any:
        """Refused: the compiled step counts."""
        from normax.torch.loops import refuse

        raise refuse("scheduler.step()")

    def get_last_lr(self) -> Any:
        """Refused: the step that counts is compiled."""
        raise InputError(
            f"{type(self).__name__}: the compiled training step counts its steps; write scheduler.lr(epoch), the "
            "rates after so many of the scheduler's own steps"
        )


def _every(function: Callable[[Any], Any], every: int) -> Callable[[Any], Any]:
    return lambda count: function(count // every)


def _scheduled(rate: Rate, every: int, base: Any) -> Callable[[Any], Any]:
    return lambda count: rate(count // every, base(count) if callable(base) else base)
