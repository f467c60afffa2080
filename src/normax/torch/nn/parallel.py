"""`torch.nn.parallel`: wrappers for several devices, which XLA needs none of; keys of their states begin with
`module.`."""

from __future__ import annotations

from typing import Any

from normax.torch.nn.module import Module

__all__ = ["DataParallel", "DistributedDataParallel"]


class DataParallel(Module):
    """A module around another that calls it: arrays that are laid over devices are computed on them all.

    Args:
        module: what is called.
        options: PyTorch's own, which are not needed.

    Example:
        >>> from normax import torch
        >>> net = torch.nn.DataParallel(torch.nn.Linear(3, 2))
        >>> list(net.state_dict()), net(torch.ones(4, 3)).shape
        (['module.weight', 'module.bias'], torch.Size([4, 2]))
    """

    def __init__(self, module: Any, *options: Any, **named: Any):
        super().__init__()
        self.module = module

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.module(*args, **kwargs)


class DistributedDataParallel(DataParallel):
    """The same for several processes."""

    def no_sync(self) -> Any:
        """A context that changes nothing."""
        import contextlib

        return contextlib.nullcontext()
