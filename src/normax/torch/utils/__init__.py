"""PyTorch's `torch.utils`, as far as networks and their data need it."""

from normax.torch.utils import data

__all__ = ["data"]
