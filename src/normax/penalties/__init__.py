"""Penalties: value, prox and strength, on NumPy or JAX arrays alike."""

from normax.penalties.base import Penalty, Sum
from normax.penalties.groups import GroupLasso, SparseGroupLasso
from normax.penalties.separable import L1, L2, ElasticNet

__all__ = ["L1", "L2", "ElasticNet", "GroupLasso", "Penalty", "SparseGroupLasso", "Sum"]
