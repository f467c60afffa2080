"""One function and one table between the scales on which libraries state a strength.

Every scale is reduced to two numbers beside the *mean* loss, `a‖w‖₁ + b/2 ‖w‖₂²`, and built again from them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from normax.errors import InputError, suggest

__all__ = ["SCALES", "Scale", "convert_strength", "scale_table"]

Pair = tuple[float, float]


@dataclass(frozen=True)
class Scale:
    """How one library states its strength.

    Attributes:
        objective: what the library minimises, in its own strength.
        normax: the strength of normax for the library's, in words of a formula.
        l1_ratio: 1 or 0 where the scale is that of one penalty, None where it serves several.
        parts: (value, l1_ratio, n, y_sd) -> (a, b).
        build: (a, b, n, y_sd) -> (value, l1_ratio).

    See `convert_strength`.
    """

    objective: str
    normax: str
    l1_ratio: float | None
    parts: Callable[[float, float, float, float], Pair]
    build: Callable[[float, float, float, float], Pair]


def _mix(first: float, second: float) -> Pair:
    """Total and share of the first; the share of nothing is told by NaN."""
    total = first + second
    return total, (first / total if total > 0 else math.nan)


SCALES: dict[str, Scale] = {
    "normax": Scale(
        "mean loss + s·(r‖w‖₁ + (1−r)/2 ‖w‖₂²)",
        "s",
        None,
        lambda s, r, n, sd: (s * r, s * (1 - r)),
        lambda a, b, n, sd: _mix(a, b),
    ),
    "textbook": Scale(
        "mean loss + λ·(r‖w‖₁ + (1−r)‖w‖₂²)",
        "λ for L1, 2λ for L2",
        None,
        lambda v, r, n, sd: (v * r, 2 * v * (1 - r)),
        lambda a, b, n, sd: _mix(a, b / 2),
    ),
    "sklearn-lasso": Scale(
        "‖y−Xw‖²/(2n) + α·(r‖w‖₁ + (1−r)/2 ‖w‖₂²)",
        "α",
        1.0,
        lambda v, r, n, sd: (v * r, v * (1 - r)),
        lambda a, b, n, sd: _mix(a, b),
    ),
    "sklearn-ridge": Scale(
        "‖y−Xw‖² + α‖w‖₂²",
        "α/n",
        0.0,
        lambda v, r, n, sd: (0.0, v / n),
        lambda a, b, n, sd: (b * n, 0.0),
    ),
    "sklearn-logistic": Scale(
        "C·Σ loss + r‖w‖₁ + (1−r)/2 ‖w‖₂²",
        "1/(C·n)",
        None,
        lambda v, r, n, sd: (r / (v * n), (1 - r) / (v * n)),
        lambda a, b, n, sd: (1 / (n * (a + b)) if a + b > 0 else math.inf, _mix(a, b)[1]),
    ),
    "glmnet-lasso": Scale(
        "‖y−Xw‖²/(2n) + λ·(r‖w‖₁ + (1−r)/2 ‖w‖₂²/sd(y))",
        "λ",
        1.0,
        lambda v, r, n, sd: (v * r, v * (1 - r) / sd if r < 1 else 0.0),
        lambda a, b, n, sd: _mix(a, b * sd if b else 0.0),
    ),
    "glmnet-ridge": Scale(
        "‖y−Xw‖²/(2n) + λ·(r‖w‖₁ + (1−r)/2 ‖w‖₂²/sd(y))",
        "λ/sd(y)",
        0.0,
        lambda v, r, n, sd: (v * r, v * (1 - r) / sd if r < 1 else 0.0),
        lambda a, b, n, sd: _mix(a, b * sd if b else 0.0),
    ),
    "keras-l2": Scale(
        "mean loss + λ‖w‖₂²",
        "2λ",
        0.0,
        lambda v, r, n, sd: (0.0, 2 * v),
        lambda a, b, n, sd: (b / 2, 0.0),
    ),
    "torch-weight-decay": Scale(
        "w ← w − η·(∇ mean loss + λw)",
        "λ",
        0.0,
        lambda v, r, n, sd: (0.0, v),
        lambda a, b, n, sd: (b, 0.0),
    ),
}

# Scales that state a mixture by an l1_ratio of their own.
MIXED = ("normax", "textbook", "sklearn-lasso", "sklearn-logistic", "glmnet-lasso", "glmnet-ridge")
NEEDS_N = ("sklearn-ridge", "sklearn-logistic")


def convert_strength(
    value: float,
    *,
    source: str,
    target: str,
    n: float | None = None,
    y_sd: float | None = None,
    l1_ratio: float | None = None,
) -> float | tuple[float, float]:
    """The same penalty, stated on another library's scale.

    Both sides penalise the same loss; `squared` (half the squared error) is meant where a scale writes
    `‖y−Xw‖²`. PyTorch's and Keras's `mse` is twice that for one output: a strength beside `mse` is half
    as large beside `squared`.

    Args:
        value: strength (or C) on the source's scale.
        source, target: one of `SCALES`: normax, textbook, sklearn-lasso (also ElasticNet), sklearn-ridge,
            sklearn-logistic, glmnet-lasso, glmnet-ridge, keras-l2, torch-weight-decay.
        n: number of rows, or the sum of their weights; for sklearn-ridge and sklearn-logistic.
        y_sd: standard deviation of y with 1/n; for the L2 part of glmnet's gaussian family, which
            divides y by it. 1 for glmnet's other families.
        l1_ratio: the source's mixture r. Needed where neither scale tells L1 from L2; a number strictly between
            0 and 1 is an elastic net.

    Returns:
        The strength on the target's scale; for an elastic net (strength, l1_ratio), because the ratio
        changes between scales too.

    Raises:
        InputError: for an unknown scale, a missing n, y_sd or l1_ratio, a penalty that the target cannot
            state, or a value outside its range.

    Example:
        >>> convert_strength(10.0, source="sklearn-ridge", target="normax", n=50)
        0.2
        >>> convert_strength(0.5, source="sklearn-logistic", target="normax", n=100, l1_ratio=1)
        0.02
        >>> convert_strength(1.0, source="glmnet-lasso", target="normax", y_sd=2.0, l1_ratio=0.5)
        (0.75, 0.6666666666666666)
    """
    for name, scale in (("source", source), ("target", target)):
        if scale not in SCALES:
            raise InputError(
                f"{name}: expected one of {', '.join(SCALES)}, got {scale!r}{suggest(scale, SCALES)}"
            )
    low_ok = value > 0 if source == "sklearn-logistic" else value >= 0
    if not low_ok or (math.isinf(value) and source != "sklearn-logistic") or math.isnan(value):
        raise InputError(f"value: expected a finite strength >= 0 (a C > 0), got {value!r}")
    r = _ratio(source, target, l1_ratio)
    if n is None and (source in NEEDS_N or target in NEEDS_N):
        raise InputError(f"n: the number of rows is needed between {source} and {target}")
    if y_sd is None and r < 1 and any(s.startswith("glmnet") for s in (source, target)):
        raise InputError("y_sd: glmnet's L2 part needs the standard deviation of y (1 for other families)")
    for name, given in (("n", n), ("y_sd", y_sd)):
        if given is not None and not (math.isfinite(given) and given > 0):
            raise InputError(f"{name}: expected a finite number > 0, got {given!r}")
    rows, sd = 1.0 if n is None else float(n), 1.0 if y_sd is None else float(y_sd)
    a, b = SCALES[source].parts(float(value), r, rows, sd)
    strength, ratio = SCALES[target].build(a, b, rows, sd)
    if 0 < r < 1:
        return strength, (r if math.isnan(ratio) else ratio)
    return strength


def _ratio(source: str, target: str, l1_ratio: float | None) -> float:
    """The mixture, from the argument or from the scale that knows only one."""
    told = [SCALES[s].l1_ratio for s in (source, target) if SCALES[s].l1_ratio is not None]
    if l1_ratio is None:
        if not told:
            raise InputError(f"l1_ratio: {source} and {target} serve both L1 and L2; write l1_ratio=1 or 0")
        if len(set(told)) > 1:
            raise InputError(
                f"target: {source} and {target} state different penalties; one is L1, the other L2"
            )
        return float(told[0])  # type: ignore[arg-type]
    if not 0 <= l1_ratio <= 1:
        raise InputError(f"l1_ratio: expected a number in [0, 1], got {l1_ratio!r}")
    for scale in (source, target):
        if scale not in MIXED and l1_ratio != SCALES[scale].l1_ratio:
            raise InputError(
                f"l1_ratio: {scale} knows L2 alone, so l1_ratio={l1_ratio:g} cannot be stated there"
            )
    return float(l1_ratio)


def scale_table() -> list[dict[str, str]]:
    """The table of scales, one row each, as the documentation prints it.

    Returns:
        Rows with the keys "scale", "objective" (what its library minimises) and "normax" (the strength
        here for the strength there).

    Example:
        >>> scale_table()[3]
        {'scale': 'sklearn-ridge', 'objective': '‖y−Xw‖² + α‖w‖₂²', 'normax': 'α/n'}
    """
    return [
        {"scale": name, "objective": scale.objective, "normax": scale.normax}
        for name, scale in SCALES.items()
    ]
