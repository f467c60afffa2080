"""Training: penalties on networks, the step, and fit."""

from normax.training.penalize import penalize, penalty
from normax.training.step import train_step

__all__ = ["penalize", "penalty", "train_step"]
