"""PyTorch's `torch.utils`, as far as networks and their data need it."""

from normax.torch.utils import checkpoint, data

__all__ = ["checkpoint", "data"]
