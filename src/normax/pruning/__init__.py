"""Pruning: networks without the units that a penalty put to zero."""

from normax.pruning.compact import compact
from normax.pruning.report import Compaction, Resized

__all__ = ["Compaction", "Resized", "compact"]
