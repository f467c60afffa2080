"""PyTorch's optimisers, by its names and with its numbers, as optax transformations.

`nx.train_step(net, loss_fn, torch.optim.Adam(net.parameters(), lr=1e-3))`: see `Optimizer`. optax's own differ from
PyTorch's for RMSprop, Adagrad, NAdam and AdamW.
"""

from __future__ import annotations

from typing import Any

from normax.errors import suggest
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

_INSTEAD = {
    "LBFGS": (
        "it evaluates the loss again within a step; write torch.optim.Adam(net.parameters(), lr=1e-2), or minimise "
        "nx.functional_call with optax.lbfgs"
    ),
    "SparseAdam": "gradients are dense here; write torch.optim.Adam(net.parameters())",
    "Adafactor": "write optax.adafactor(1e-3)",
    "Muon": "write optax.contrib.muon(1e-3)",
    "swa_utils": "a running average of the weights is nx.fit(..., ema=0.999)",
}


def __getattr__(name: str) -> Any:
    said = f"module 'torch.optim' has no attribute {name!r}"
    if name in _INSTEAD:
        raise AttributeError(f"{said}: {_INSTEAD[name]}", name=name)
    raise AttributeError(said + suggest(name, __all__), name=name)
