"""What the activation layers share."""

from __future__ import annotations

from normax.nn.module import Module

__all__ = ["Activation", "Inplace"]


class Activation(Module):
    """A function of the input alone; `shown` are the attributes that `repr` prints."""

    shown: tuple[str, ...] = ()

    def extra_repr(self) -> str:
        return ", ".join(f"{name}={getattr(self, name)}" for name in self.shown)


class Inplace(Activation):
    """An activation with PyTorch's `inplace` flag, which is kept and printed; nothing happens in place."""

    def __init__(self, inplace: bool = False):
        super().__init__()
        self.inplace = inplace

    def extra_repr(self) -> str:
        own = super().extra_repr()
        return ", ".join([*([own] if own else []), *(["inplace=True"] if self.inplace else [])])
