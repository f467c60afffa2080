"""PyTorch's optimisers, by its names and with its numbers, as optax transformations.

`nx.train_step(net, loss_fn, torch.optim.Adam(net.parameters(), lr=1e-3))`: see `Optimizer`. optax's own differ from
PyTorch's for RMSprop, Adagrad, NAdam and AdamW.
"""

from __future__ import annotations

from typing import Any

from normax.errors import suggest
from normax.torch.absent import reason
from normax.torch.optim import lr_scheduler
from normax.torch.optim.adaptive import Adam, Adamax, AdamW, NAdam, RAdam
from normax.torch.optim.gradients import ASGD, SGD, Adadelta, Adagrad, RMSprop, Rprop
from normax.torch.optim.optimizer import Optimizer

__all__ = [
    "ASGD",
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "Rprop",
    "lr_scheduler",
]


def __getattr__(name: str) -> Any:
    said = reason(f"optim.{name}")
    said = f": {said}" if said else suggest(name, __all__)
    raise AttributeError(f"module 'torch.optim' has no attribute {name!r}{said}", name=name)
