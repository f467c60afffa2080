"""Training: penalties on networks, the step, and fit."""

from normax.training.fit import History, fit
from normax.training.penalize import penalize, penalty
from normax.training.step import train_step

__all__ = ["History", "fit", "penalize", "penalty", "train_step"]
