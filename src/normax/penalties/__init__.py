"""Penalties: value, prox and strength, on NumPy or JAX arrays alike."""

from normax.penalties.anchored import L2SP
from normax.penalties.base import Penalty, Sum
from normax.penalties.concave import MCP, SCAD
from normax.penalties.concave_groups import GroupMCP, GroupSCAD
from normax.penalties.constraints import MaxNorm, Nonnegative
from normax.penalties.decay import WeightDecay
from normax.penalties.fused import Fused
from normax.penalties.groups import Blocks, GroupLasso, SparseGroupLasso
from normax.penalties.hierarchical import Hierarchical
from normax.penalties.ordered import SLOPE
from normax.penalties.separable import L1, L2, ElasticNet

__all__ = [
    "L1",
    "L2",
    "L2SP",
    "MCP",
    "SCAD",
    "SLOPE",
    "Blocks",
    "ElasticNet",
    "Fused",
    "GroupLasso",
    "GroupMCP",
    "GroupSCAD",
    "Hierarchical",
    "MaxNorm",
    "Nonnegative",
    "Penalty",
    "SparseGroupLasso",
    "Sum",
    "WeightDecay",
]
