"""What the penalty does to the weights: coefficient traces of linear models, norms and zeros of networks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.ticker import PercentFormatter

from normax.penalties import Hierarchical
from normax.report.labels import margin_labels
from normax.report.strength_axis import StrengthAxis, has_choice
from normax.report.style import COLOURS, SERIES, dress, set_heights, short, written

__all__ = [
    "coefficients",
    "counted",
    "drops_units",
    "has_zeros",
    "norms",
    "panels",
    "selects_features",
    "units",
    "zeros",
]

LABELLED = 10  # traces that carry a name; the others stay grey
PANELS = 4  # outputs that get a panel each; beyond that, one panel shows norms over all outputs


def panels(path: Any, outputs: Sequence[str] | None = None) -> list[tuple[str, np.ndarray]]:
    """The panels of coefficient traces: (title, values (k, p)) each.

    One for a single output, one an output for up to four, else a single one with `‖w_j‖₂` over the outputs.
    """
    weight = _outputs(path)
    count = weight.shape[1]
    if path.engine != "linear":
        return [(written("norm of a feature’s weights"), np.linalg.norm(weight, axis=1))]
    if count == 1:
        return [(written("coefficient"), weight[:, 0])]
    if count <= PANELS:
        names = outputs or range(count)
        return [
            (written("coefficient for {name}", name=short(str(name), 12)), weight[:, i])
            for i, name in enumerate(names)
        ]
    return [(written("norm over {count} outputs", count=count), np.linalg.norm(weight, axis=1))]


def selects_features(path: Any) -> bool:
    """Whether the path of a network takes whole features in or out, so that its traces are theirs."""
    return path.engine != "linear" and isinstance(path.penalty, Hierarchical)


def counted(path: Any) -> tuple[np.ndarray, int, str, str]:
    """What a penalty takes out: how many are left at each strength, of how many, their name, and what they are."""
    if selects_features(path):
        return path.feature_counts, path.weights[path.penalised[0]].shape[-1], "features", "in"
    total = sum(np.prod(np.shape(path.weights[name])[1:], dtype=int) for name in path.penalised)
    name = "coefficients" if path.engine == "linear" else "penalised weights"
    return np.asarray(path.nonzero), int(total), name, "not zero"


def has_zeros(path: Any) -> bool:
    """Whether some penalised weight is exactly zero at some strength."""
    return any((np.asarray(path.weights[name]) == 0).any() for name in path.penalised)


def _outputs(path: Any) -> np.ndarray:
    """The coefficients of a linear model, or a network's first penalised weight, (strengths, outputs, features)."""
    weight = np.asarray(path.weights[path.penalised[0]], float)
    return weight.reshape(weight.shape[0], -1, weight.shape[-1])


def coefficients(
    path: Any, ax: Any, values: np.ndarray | None = None, title: str = "", *, name_choices: bool = True
) -> None:
    """Draw one trace a feature against the strength: the lasso path, or the ridge trace.

    A trace is drawn only where its coefficient is not exactly zero; a dot on the zero line marks where it
    leaves. The coefficients that matter most carry their names, the others stay grey.

    Args:
        path: a result of `normax.path` for a linear model, or a network whose penalty selects features.
        ax: matplotlib axes, in their final place.
        values: (k, p), one of `panels(path)`; by default the first.
        title: what the height is.
        name_choices: write which line is which choice.
    """
    if values is None:
        title, values = panels(path)[0]
    axis = StrengthAxis(path)
    dress(ax)
    axis.draw(ax)
    values = axis.sort(values)  # (k, p), strong to weak
    names = path.feature_names or [f"x{j}" for j in range(values.shape[1])]
    leading = _leading(path)

    ax.axhline(0, color=COLOURS["muted"], linewidth=0.8, zorder=1)
    alive = values != 0
    shown = alive.copy()  # a segment is drawn if either of its ends is not zero
    shown[:-1] |= alive[1:]
    shown[1:] |= alive[:-1]
    for j in np.flatnonzero(alive.any(0)).tolist():
        rank = leading.index(j) if j in leading else None
        colour = COLOURS["faint"] if rank is None else SERIES[rank % len(SERIES)]
        dashed = rank is not None and rank >= len(SERIES)
        ax.plot(
            axis.x,
            np.where(shown[:, j], values[:, j], np.nan),
            color=colour,
            linewidth=0.8 if rank is None else 1.6,
            linestyle=(0, (4, 1.2)) if dashed else "-",
            zorder=1.2 if rank is None else 2.5,
        )
        edges = shown[:, j] & ~alive[:, j] & (rank is not None)
        ax.plot(axis.x[edges], np.zeros(edges.sum()), "o", color=colour, markersize=3, zorder=2.6)

    drawn = values[np.isfinite(values)]
    set_heights(ax, min(drawn.min(), 0.0), max(drawn.max(), 0.0), below=20 if name_choices else 6)
    ax.set_ylabel(title)
    margin_labels(ax, [(values[-1, j], names[j], SERIES[r % 8]) for r, j in enumerate(leading)])
    axis.choices(ax, name_choices)


def _leading(path: Any) -> list[int]:
    """Features to name, the same in every panel: those that grow largest anywhere, then those that count most at the
    chosen strength, then at the weak end; in order of their size there."""
    size = np.linalg.norm(_outputs(path), axis=1)
    end = int(np.argmin(path.strengths))
    at_choice, at_end = size[path.best.index if has_choice(path) else end], size[end]
    rank = np.lexsort((-at_end, -at_choice))
    rank = rank[(at_choice[rank] > 0) | (at_end[rank] > 0)]
    largest = np.argsort(-size.max(axis=0), kind="stable")[: LABELLED // 3]
    kept = [*largest, *rank[~np.isin(rank, largest)]][:LABELLED]
    return [int(j) for j in rank if j in kept]


def norms(path: Any, ax: Any, *, name_choices: bool = True) -> None:
    """Draw `‖W‖₂` of each penalised tensor of a network against the strength."""
    values = [np.sqrt((_flat(path, name) ** 2).sum(1)) for name in path.penalised]
    _tensors(path, ax, values, written("norm ‖W‖₂"), name_choices)


def zeros(path: Any, ax: Any, *, name_choices: bool = True) -> None:
    """Draw the share of each penalised tensor's weights that are not exactly zero."""
    values = [(_flat(path, name) != 0).mean(1) for name in path.penalised]
    _tensors(path, ax, values, written("weights ≠ 0"), name_choices)
    _shares(ax, name_choices)


def units(path: Any, ax: Any, *, name_choices: bool = True) -> None:
    """Draw the share of units that are still connected: features (inputs of the first penalised tensor) and, by the
    tensor that makes them, neurons or channels with a weight that is not exactly zero."""
    alive = _units_in_use(path)
    _tensors(path, ax, list(alive.values()), written("units in use"), name_choices, list(alive))
    _shares(ax, name_choices)


def _shares(ax: Any, name_choices: bool) -> None:
    """An axis from 0 to 100 %, which ends there; what is written below it is off the scale."""
    set_heights(ax, 0, 1, below=32 if name_choices else 6)
    ax.set_yticks([0, 0.5, 1])
    ax.spines["left"].set_bounds(0, 1)
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))


def drops_units(path: Any) -> bool:
    """Whether some unit is out of use at some strength."""
    return any((share < 1).any() for share in _units_in_use(path).values())


def _units_in_use(path: Any) -> dict[str, np.ndarray]:
    """Name -> `(k,)` share of units with a weight ≠ 0: "features", and each penalised matrix for what it makes."""
    result: dict[str, np.ndarray] = {}
    features: dict[str, np.ndarray] = {}
    for name in path.penalised:
        weight: Any = np.asarray(path.weights[name])
        if weight.ndim > 2:
            used = weight.reshape(*weight.shape[:3], -1).any(axis=-1)  # (k, out, in)
            features = features or {written("features"): used.any(axis=1).mean(axis=1)}
            result[name] = used.any(axis=2).mean(axis=1)
    return result | features


def _flat(path: Any, name: str) -> np.ndarray:
    weight = np.asarray(path.weights[name], float)
    return weight.reshape(weight.shape[0], -1)


def _tensors(
    path: Any,
    ax: Any,
    values: list[np.ndarray],
    title: str,
    name_choices: bool,
    names: Sequence[str] | None = None,
) -> None:
    """One line a tensor, named in the margin; a dot where a tensor is exactly zero throughout."""
    axis = StrengthAxis(path)
    dress(ax)
    axis.draw(ax)
    labels = []
    top = max(float(np.nanmax(v)) for v in values) or 1.0
    set_heights(ax, 0, top, below=20 if name_choices else 6)
    for i, (name, value) in enumerate(zip(names or path.penalised, values)):
        value = axis.sort(value)
        colour = SERIES[i % len(SERIES)]
        style = "-" if i < len(SERIES) else (0, (4, 1.2))
        ax.plot(axis.x, value, color=colour, linewidth=1.6, linestyle=style, zorder=2.5)
        dead = value == 0
        ax.plot(axis.x[dead], value[dead], "o", color=colour, markersize=3, zorder=2.6)
        labels.append((float(value[-1]), name, colour))
    ax.set_ylabel(title)
    ax.axhline(0, color=COLOURS["muted"], linewidth=0.8, zorder=1)
    margin_labels(ax, labels)
    axis.choices(ax, name_choices)
