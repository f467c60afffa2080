"""The weights of a network along the path."""

from __future__ import annotations

from typing import Any

from normax.report.strength_axis import StrengthAxis

__all__ = ["network"]


def network(path: Any, axis: StrengthAxis) -> dict[str, Any]:
    """Sparsity maps."""
    return {}
