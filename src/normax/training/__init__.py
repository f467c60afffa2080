"""Training: penalties on networks, the step, and fit."""

from normax.training.callbacks import Callback, CSVLog, EarlyStopping
from normax.training.checkpoint import Checkpoint
from normax.training.fit import History, fit
from normax.training.groups import decay, select
from normax.training.penalize import penalize, penalty
from normax.training.sources import parquet
from normax.training.step import train_step

__all__ = [
    "CSVLog",
    "Callback",
    "Checkpoint",
    "EarlyStopping",
    "History",
    "decay",
    "fit",
    "parquet",
    "penalize",
    "penalty",
    "select",
    "train_step",
]
