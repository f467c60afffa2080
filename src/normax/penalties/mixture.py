"""What a penalty holds of L1 and of L2."""

from __future__ import annotations

from typing import Any

from normax.penalties.base import Sum
from normax.penalties.separable import L1, L2, ElasticNet

__all__ = ["l1_l2", "mixture_of", "parts_of"]


def parts_of(penalty: Any) -> tuple[Any, ...]:
    """The parts of a sum, or the one."""
    return penalty.parts if isinstance(penalty, Sum) else (penalty,)


def l1_l2(part: Any) -> tuple[float, float] | None:
    """Strengths of the L1 and the L2 part of a penalty that has nothing else; None for any other.

    Example:
        >>> from normax.penalties import GroupLasso
        >>> l1_l2(ElasticNet(2.0, l1_ratio=0.25)), l1_l2(GroupLasso(0.1, [0, 0, 1]))
        ((0.5, 1.5), None)
    """
    if isinstance(part, L1):
        return float(part.strength), 0.0
    if isinstance(part, L2):
        return 0.0, float(part.strength)
    if isinstance(part, ElasticNet):
        return float(part.strength * part.l1_ratio), float(part.strength * (1 - part.l1_ratio))
    return None


def mixture_of(penalty: Any) -> tuple[float, float] | None:
    """(strength, l1_ratio) of a penalty that is some mixture of L1 and L2; None for any other, and under a schedule.

    Example:
        >>> mixture_of(L1(0.5) + ElasticNet(0.5, l1_ratio=0.0)), mixture_of(L2(0.0))
        ((1.0, 0.5), (0.0, 1.0))
    """
    first = second = 0.0
    for part in parts_of(penalty):
        plain = None if callable(getattr(part, "strength", None)) else l1_l2(part)
        if plain is None:
            return None
        first, second = first + plain[0], second + plain[1]
    total = first + second
    return total, first / total if total > 0 else 1.0
