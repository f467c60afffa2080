"""What a penalty object tells the solvers, and so which of them serves it.

| Parts | Rules | Solver |
|-|-|-|
| L1, L2, ElasticNet | `Rules` | as without an object |
| one of groups, beside them | `GroupRules` | blocks of coefficients |
| Fused, beside them | `FusedRules` | stretches of equal coefficients |
| any with a `slope`, beside them | `ConcaveRules` | a sequence of lassos |
| groups or SLOPE with `Nonnegative` or lower = 0 | `ProximalRules` of a `OneSided` norm | proximal gradients |
| any other, with `value` and `prox` | `ProximalRules` | proximal gradients, with a duality gap if it has a `polar` |
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from normax.errors import InputError
from normax.linear_model.problem.chain_terms import FusedRules
from normax.linear_model.problem.concave_groups import ConcaveGroupRules
from normax.linear_model.problem.concave_terms import ConcaveRules
from normax.linear_model.problem.group_terms import GroupRules, group_rules
from normax.linear_model.problem.one_sided import OneSided
from normax.linear_model.problem.proximal_rules import ProximalRules
from normax.linear_model.problem.terms import Rules
from normax.penalties import L1, L2, SLOPE, Fused, GroupLasso, Nonnegative, Penalty, SparseGroupLasso
from normax.penalties.base import Sum
from normax.penalties.concave_groups import ConcaveGroups
from normax.penalties.mixture import l1_l2, parts_of

__all__ = ["AnyRules", "rules_of"]

AnyRules = Rules | GroupRules | ConcaveRules | ConcaveGroupRules | FusedRules | ProximalRules


def rules_of(penalty: Any, l1_ratio: float, m: int, single: Rules) -> tuple[float, AnyRules]:
    """What multiplies the strengths, and the rules of m outputs, from a penalty or from l1_ratio alone."""
    if penalty is None:
        if not isinstance(l1_ratio, (int, float, np.number)) or not 0 <= l1_ratio <= 1:
            raise InputError(f"l1_ratio: expected a number in [0, 1], got {l1_ratio!r}")
        return 1.0, replace(single, l1_ratio=l1_ratio)
    if isinstance(penalty, type) and issubclass(penalty, Penalty):
        penalty = penalty()
    l1, l2, fused, groups, concave, curved, others = _sorted_parts(penalty)
    alone = len(groups) + len(curved) == 1 and not (concave or others or fused)
    others += [] if alone else curved  # in a sum with others no more is known than their proxes
    if not (groups or concave or others or fused or curved):
        total = l1 + l2
        return total, replace(single, l1_ratio=l1 / total if total else 1.0)
    if concave and not (groups or others or fused):
        return 1.0, ConcaveRules(tuple(concave), l1, l2, single)
    others += [Nonnegative()] if single.nonnegative else []
    if single.bounded and not (single.nonnegative and not (concave or curved)):
        raise InputError(
            f"lower, upper: {'a penalty of groups' if groups or curved else repr(penalty)} takes no bounds"
            f"{'' if concave or curved else ' but lower=0 for all features'}; use L1, L2, ElasticNet, MCP or SCAD with them"
        )
    if fused and not all(isinstance(part, Nonnegative) for part in groups + concave + others):
        raise InputError(
            "penalty: Fused adds to L1, L2, ElasticNet and Nonnegative, since no prox of its sums with "
            f"others is known, got {penalty!r}"
        )
    if concave or others or fused:
        if (single.factor != 1).any():
            raise InputError(
                f"penalty_factor: {penalty!r} does not act on each coefficient by itself and takes none; "
                "multiply columns instead"
            )
        if fused:
            lower = np.zeros_like(single.lower) if others else single.lower
            left = Rules(single.factor, lower, single.upper)
            return 1.0, FusedRules(fused, l1, l2, bool(others), left)
        return 1.0, _proximal(penalty, l1, l2, groups, concave, others, (m, len(single.factor)))
    if len(groups) > 1:
        raise InputError(f"penalty: expected at most one part with groups, got {len(groups)}: {penalty!r}")
    shape = (m, len(single.factor), l1, l2)
    if curved:
        return 1.0, ConcaveGroupRules(curved[0], group_rules(*shape, (1.0, curved[0].groups), single.factor))
    return 1.0, group_rules(*shape, groups[0], single.factor)


def _proximal(
    penalty: Any, l1: float, l2: float, groups: list, concave: list, others: list, shape: tuple[int, int]
) -> ProximalRules:
    """The rules of a penalty by its prox, with all that is known of it where it is one norm, non-negative or not."""
    norms = [part for part in others if not isinstance(part, Nonnegative)]
    if len(norms) == len(others):
        alone = len(others) == 1 and not (groups or concave or l1)
        return ProximalRules(penalty, *((others[0], l2) if alone else (penalty,)))
    if groups or concave or l1 or len(norms) != 1 or type(norms[0]) is not SLOPE:
        if len(groups) != 1 or norms or concave or (shape[0] == 1 and isinstance(groups[0][1], (str, int))):
            whole = penalty if Nonnegative() in parts_of(penalty) else penalty + Nonnegative()
            return ProximalRules(whole, whole)
        norms = [*([L1(l1)] if l1 else []), GroupLasso(*groups[0])]
        own = group_rules(*shape, l1, 0.0, groups[0], np.ones(shape[1]))
        norm = OneSided(Sum(tuple(norms)), lambda u: own.largest(u.reshape(shape)))
    else:
        norm = OneSided(norms[0], norms[0].polar)
    return ProximalRules(Sum((*norms, *([L2(l2)] if l2 else []), Nonnegative())), norm, l2)


def _sorted_parts(penalty: Any) -> tuple[float, float, float, list, list, list, list]:
    """Strengths of L1, L2 and Fused, and the parts that are groups, concave, concave in groups, and anything else."""
    l1, l2, fused = 0.0, 0.0, 0.0
    groups: list[Any] = []
    concave: list[Any] = []
    curved: list[Any] = []
    others: list[Any] = []
    for part in parts_of(penalty):
        if not isinstance(part, Penalty):
            raise InputError(
                f"penalty: expected a penalty such as L1, ElasticNet, GroupLasso or MCP, or a sum of them, got {part!r}"
            )
        if callable(getattr(part, "strength", None)):
            raise InputError(f"penalty: expected a strength that is a number, got a schedule: {part!r}")
        plain = l1_l2(part)
        if plain is not None:
            l1, l2 = l1 + plain[0], l2 + plain[1]
        elif isinstance(part, SparseGroupLasso):
            l1 += part.strength * part.l1_ratio
            groups.append((part.strength * (1 - part.l1_ratio), part.groups))
        elif isinstance(part, GroupLasso):
            groups.append((part.strength, part.groups))
        elif isinstance(part, ConcaveGroups):
            curved.append(part)
        elif type(part) is Fused:
            fused += part.strength
        elif type(part).slope is not Penalty.slope:
            concave.append(part)
        else:
            others.append(part)
    return l1, l2, fused, groups, concave, curved, others
