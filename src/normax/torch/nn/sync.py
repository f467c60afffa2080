"""`nn.SyncBatchNorm`: batch norm over what all devices hold, which to JAX is one array."""

from __future__ import annotations

from typing import Any

from normax.nn.layers.batchnorm import BatchNorm1d
from normax.torch.nn.layers import layer

__all__ = ["SyncBatchNorm"]


class SyncBatchNorm(layer(BatchNorm1d)):  # type: ignore[misc]
    """Batch norm of `(N, C, ...)` with any number of axes; a batch sharded over devices counts as a whole.

    Example:
        >>> from normax import torch
        >>> torch.nn.SyncBatchNorm(3)(torch.ones(2, 3, 4, 4)).shape
        torch.Size([2, 3, 4, 4])

    Source:
        torch.nn.SyncBatchNorm.
    """

    axes = (2, 3, 4, 5)

    @classmethod
    def convert_sync_batchnorm(cls, module: Any, process_group: Any = None) -> Any:
        """The module as it is: its batch norms see all of a batch already."""
        return module
