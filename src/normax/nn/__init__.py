"""PyTorch's `nn` on JAX: modules, layers, functional forms and initialisation."""

from normax.nn.cells import Buffer, Parameter
from normax.nn.module import Module

__all__ = ["Buffer", "Module", "Parameter"]
