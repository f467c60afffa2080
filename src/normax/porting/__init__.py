"""PyTorch's files and modules as they are: run, taken over with their weights, or moved for good."""

from normax.porting.taking import from_torch

__all__ = ["from_torch"]
