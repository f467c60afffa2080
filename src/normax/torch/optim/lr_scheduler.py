"""PyTorch's schedules of learning rates, as functions of the step that the compiled update evaluates.

A scheduler changes the optimiser that it is made for, as in PyTorch. What takes the place of `scheduler.step()` is
`every`: how many optimiser steps lie between two of its own.
"""

from __future__ import annotations

from typing import Any

from normax.errors import InputError
from normax.torch.optim.cycles import CyclicLR, OneCycleLR
from normax.torch.optim.decays import (
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiStepLR,
    PolynomialLR,
    StepLR,
)
from normax.torch.optim.joined import ChainedScheduler, SequentialLR
from normax.torch.optim.schedules import LRScheduler

__all__ = [
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
]


class ReduceLROnPlateau:
    """Refused: it follows a validation loss, and a compiled step has none."""

    def __init__(self, optimizer: Any, *args: Any, **kwargs: Any):
        raise InputError(
            "ReduceLROnPlateau: follows a validation loss, which a compiled training step does not see; write "
            "CosineAnnealingLR(optimizer, T_max=epochs, every=len(loader)), and stop by nx.fit(..., "
            "callbacks=[nx.EarlyStopping()])"
        )
