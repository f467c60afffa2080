"""How much to penalise: grids of strengths, folds of rows, and the rule that chooses."""

from normax.selection.folds import folds
from normax.selection.grid import asked, is_count, strength_grid
from normax.selection.inner import set_aside
from normax.selection.rule import choose, edge_notice, summarise, verdict
from normax.selection.widen import levels_off, spent, tell_edge, widened

__all__ = [
    "asked",
    "choose",
    "edge_notice",
    "folds",
    "is_count",
    "levels_off",
    "set_aside",
    "spent",
    "strength_grid",
    "summarise",
    "tell_edge",
    "verdict",
    "widened",
]
