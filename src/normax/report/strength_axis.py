"""The axis that all pictures share: strength on a log scale, strong on the left, weak on the right.

So model complexity grows to the right, as in the textbook's picture of under- and overfitting and in
glmnet's plots against −log λ.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.ticker import FixedLocator, LogLocator, NullLocator

from normax.report.style import COLOURS, PAPER, SIZE, axes_points, columns, families, word, written

__all__ = ["StrengthAxis", "has_choice", "number"]


def has_choice(path: Any) -> bool:
    """Whether there is a validation error to choose by; without folds `path.best` is an error."""
    return len(path.fold_errors) > 0 and bool(np.isfinite(path.cv_mean).any())


def number(value: float | None) -> str:
    """Three significant digits, without an exponent where that reads better.

    Example:
        >>> [number(v) for v in (0.012345, 1234.5, 1.5e-7, 0.0, 2.0)]
        ['0.0123', '1,234', '1.50e-07', '0', '2.00']
    """
    if value is None or not np.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    if 1000 <= abs(value) < 1e7:
        return f"{value:,.0f}"
    return f"{value:#.3g}".removesuffix(".")


class StrengthAxis:
    """Where each strength of a path stands on the axis, and what is written along it.

    `order` lists the entries of the path from strong to weak, `x` their places. Strength 0 has no place
    on a log scale: it stands one step past the weakest and is marked "0".
    """

    def __init__(self, path: Any):
        self.path = path
        strengths = np.asarray(path.strengths, float)
        self.order = np.argsort(-strengths, kind="stable")
        sorted_ = strengths[self.order]
        positive = sorted_[sorted_ > 0]
        self.has_zero = positive.size < sorted_.size
        if positive.size == 0:
            positive = np.array([1.0])
        ratio = max(positive[0] / positive[-1], 10.0)
        self.zero = positive[-1] / ratio**0.08
        self.x = np.where(sorted_ > 0, sorted_, self.zero)
        self._place = dict(zip(self.order.tolist(), self.x.tolist()))
        margin = ratio**0.02 if len(sorted_) > 1 else 3.0
        self.limits = (float(self.x.max() * margin), float(self.x.min() / margin))

    def place(self, index: int) -> float:
        """The place of one entry of the path."""
        return self._place[int(index)]

    def share(self, x: float) -> float:
        """How far along the axis a place is: 0 at the strong end, 1 at the weak one."""
        return float(np.log(self.limits[0] / x) / np.log(self.limits[0] / self.limits[1]))

    def sort(self, values: Any) -> np.ndarray:
        """One value a strength, reordered from strong to weak."""
        return np.asarray(values)[self.order]

    def draw(self, ax: Any, label: bool = True) -> None:
        """Scale, limits, ticks and the label."""
        ax.set_xscale("log")
        ax.set_xlim(*self.limits)
        ax.xaxis.set_major_locator(LogLocator(numticks=int(np.clip(axes_points(ax)[0] / 34, 3, 9))))
        ax.xaxis.set_minor_locator(NullLocator())
        if self.has_zero:
            low, high = self.limits[1], self.limits[0]
            decades = 10.0 ** np.arange(np.ceil(np.log10(low)), np.floor(np.log10(high)) + 1)
            decades = decades[decades > self.zero * 1.5]
            ax.xaxis.set_major_locator(FixedLocator([*decades, self.zero]))
            ax.set_xticks([*decades, self.zero], [*(f"$10^{{{np.log10(d):.0f}}}$" for d in decades), "0"])
        low, high = np.log10(self.limits[1]), np.log10(self.limits[0])
        if np.floor(high) - np.ceil(low) < 1:  # not two powers of ten: the values themselves
            places = self._spots(max(2, int(axes_points(ax)[0] / 60)))
            ax.xaxis.set_major_locator(FixedLocator(self.x[places].tolist()))
            ax.set_xticks(self.x[places], [f"{v:.3g}" for v in self.sort(self.path.strengths)[places]])
        if label:
            name = getattr(self.path, "along", "strength")
            if name == "strength":
                ax.set_xlabel(written("← strong   strength (log scale)   weak →"))
            else:
                ax.set_xlabel(written("← large   {name} (log scale)   small →", name=name))

    def _spots(self, slots: int) -> list[int]:
        """Which of the entries from strong to weak, about `slots`, stand far enough apart to be written at."""
        span = np.log(self.limits[0] / self.limits[1])
        kept: list[int] = []
        for i in np.unique(np.linspace(0, len(self.x) - 1, slots).round().astype(int)):
            if not kept or np.log(self.x[kept[-1]] / self.x[i]) >= 0.75 * span / slots:
                kept.append(int(i))
        return kept

    def counts(
        self, ax: Any, noun: str, counts: np.ndarray, told_as: Callable[[Any], str] | None = None
    ) -> None:
        """Along the top: how many are left at each strength, `(k,)`, where ticks have room; once, where all are alike."""
        kept = self._spots(max(3, min(len(self.x), int(axes_points(ax)[0] / 40))))
        left = self.sort(counts)
        told = [told_as(left[i]) if told_as else compact(int(left[i])) for i in kept]
        if len(kept) > 1 and (left == left[0]).all():
            kept, told = [len(left) // 2], [written("{count} throughout", count=told[0])]
        top = ax.secondary_xaxis("top")
        top.xaxis.set_minor_locator(NullLocator())
        top.set_xticks(self.x[kept], told)
        top.tick_params(labelsize=SIZE - 0.5, colors=COLOURS["muted"], labelcolor=COLOURS["ink"], length=3)
        top.spines["top"].set_visible(False)
        top.set_xlabel(written(noun), fontsize=SIZE, color=COLOURS["ink"], fontfamily=families())
        top.tick_params(labelfontfamily=families())

    def choices(self, ax: Any, label: bool = True) -> None:
        """A line at the minimum and at the 1-SE choice, the one taken drawn firm and named in bold."""
        path = self.path
        if not has_choice(path):
            return
        same = path.minimum.index == path.one_se.index
        marks = [(path.minimum, written("minimum = 1-SE") if same else written("minimum"), "left")]
        if not same:
            marks.append((path.one_se, "1-SE", "right"))
        width = axes_points(ax)[0]
        occupied: list[tuple[float, float]] = []  # from, to in points
        for choice, name, side in marks:
            taken = choice.index == path.best.index
            colour = COLOURS["ink"] if taken else COLOURS["muted"]
            at = self.place(choice.index)
            style = "-" if taken else (0, (4, 3))
            ax.axvline(at, color=colour, linewidth=1.2 if taken else 0.9, linestyle=style, zorder=1.5)
            if not label:
                continue
            text = f"{name}: {number(choice.strength)}" if width > 300 else name
            need, x = columns(text) * SIZE * (0.62 if taken else 0.56) + 4, self.share(at) * width
            side = "left" if x < need else "right" if x > width - need else side
            start = x if side == "left" else x - need
            row = sum(start < b and a < start + need for a, b in occupied)
            occupied.append((start, start + need))
            away = (4 if side == "left" else -4, 3 + 1.25 * SIZE * row)
            look: dict[str, Any] = {
                "ha": side,
                "va": "bottom",
                "fontweight": "bold" if taken else "normal",
                "color": colour,
            }
            look |= {"bbox": PAPER, "zorder": 4}
            word(ax, text, (at, 0), away, xycoords=("data", "axes fraction"), **look)


def compact(count: int) -> str:
    """A count in at most four characters.

    Example:
        >>> [compact(c) for c in (7, 940, 4810, 50890, 2_000_000)]
        ['7', '940', '4.8k', '51k', '2.0M']
    """
    for limit, unit in ((1_000_000, "M"), (1_000, "k")):
        if count >= limit:
            value = count / limit
            return f"{value:.1f}{unit}" if value < 10 else f"{value:.0f}{unit}"
    return str(count)
