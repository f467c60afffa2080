"""PyTorch's address of `Parameter` and `Buffer`."""

from normax.nn.cells import Buffer, Parameter
from normax.nn.lazy import UninitializedBuffer, UninitializedParameter

__all__ = ["Buffer", "Parameter", "UninitializedBuffer", "UninitializedParameter"]
