"""`torch.nn.functional`: normax's functions, which take and give tensors."""

from __future__ import annotations

from typing import Any

from normax.nn import functional as F
from normax.nn.functional import activations
from normax.torch.nn.border import crossing
from normax.torch.ops import keeping

__all__ = list(F.__all__)

# Of the activations these are not of each element by itself, or lie one element after the other all the same.
_TOGETHER = {"glu", "gumbel_softmax", "log_softmax", "logsigmoid", "rrelu", "softmax", "softmin"}

for _name in F.__all__:
    _call = crossing(getattr(F, _name))
    _apart = _name in activations.__all__ and _name not in _TOGETHER
    globals()[_name] = keeping(_call) if _apart or "dropout" in _name else _call


def _in_place(name: str) -> None:
    compute = globals()[name]

    def call(input: Any, *args: Any, **kwargs: Any) -> Any:
        return compute(input, *args, **kwargs, inplace=True)

    call.__name__, call.__doc__ = f"{name}_", f"`{name}`, in place."
    globals()[call.__name__] = call
    __all__.append(call.__name__)


for _name in ("relu", "leaky_relu", "elu", "selu", "celu", "rrelu", "hardtanh", "threshold"):
    _in_place(_name)


def _with_indices(name: str) -> None:
    compute = globals()[name]

    def call(input: Any, *args: Any, **kwargs: Any) -> Any:
        return compute(input, *args, **{**kwargs, "return_indices": True})

    call.__name__, call.__doc__ = f"{name}_with_indices", f"`{name}`, and where each largest is."
    globals()[call.__name__] = call
    __all__.append(call.__name__)


for _name in ("max_pool", "adaptive_max_pool", "fractional_max_pool"):
    for _n in (1, 2, 3):
        if f"{_name}{_n}d" in globals():
            _with_indices(f"{_name}{_n}d")
