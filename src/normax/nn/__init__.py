"""PyTorch's `nn` on JAX: modules, layers, functional forms and initialisation."""

from normax.nn import functional, init, layers
from normax.nn.cells import Buffer, Parameter
from normax.nn.layers import *  # noqa: F403
from normax.nn.module import Module

__all__ = ["Buffer", "Module", "Parameter", "functional", "init"]
__all__ += layers.__all__
