"""What is taken where nothing is said: a multilayer perceptron and its training, by the size of the table."""

from __future__ import annotations

import math
from typing import Any

__all__ = ["LEARNING_RATE", "batch_size_for", "epochs_for", "mlp", "width_for"]

LEARNING_RATE = 0.003
STEPS = 2000


def width_for(rows: int, features: int) -> int:
    """As many weights as four times the rows, `h² + p·h = 4n`, rounded to a power of two from 16 to 256.

    Example:
        >>> width_for(1797, 64)
        64
    """
    h = (math.sqrt(features**2 + 16 * rows) - features) / 2
    return 2 ** round(math.log2(min(max(h, 16), 256)))


def batch_size_for(rows: int) -> int:
    """About a sixteenth of the rows, a power of two from 16 to 256; never more than there are.

    Example:
        >>> batch_size_for(1797), batch_size_for(10)
        (128, 10)
    """
    return min(rows, 256, max(16, 2 ** round(math.log2(max(rows / 16, 1)))))


def epochs_for(rows: int, batch_size: int) -> int:
    """As many as make 2000 steps.

    Example:
        >>> epochs_for(1797, 128)
        143
    """
    return math.ceil(STEPS * batch_size / rows)


def mlp(in_features: int, out_features: int, width: int) -> Any:
    """Two hidden ReLU layers."""
    from normax import nn

    h = width
    return nn.Sequential(
        nn.Linear(in_features, h), nn.ReLU(), nn.Linear(h, h), nn.ReLU(), nn.Linear(h, out_features)
    )
