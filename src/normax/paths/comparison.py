"""nx.compare: several cures for overfitting on the same folds, in one table and one picture."""

from __future__ import annotations

import inspect
import time as clock
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from normax.distributed import is_main
from normax.errors import InputError, Notice, suggest
from normax.instead import penalty_name
from normax.nn.module import Module
from normax.paths.arguments import PENALTIES
from normax.paths.folded import FoldedData
from normax.paths.network import path
from normax.paths.result import Path
from normax.paths.variants import with_batch_norm, with_dropout
from normax.penalties import L2, Penalty
from normax.rows import PrintedTable
from normax.selection import summarise

__all__ = ["METHODS", "Comparison", "compare"]

METHODS = ("none", "l1", "l2", "elastic-net", "dropout", "batch-norm")
DROPOUT = (0.8, 0.65, 0.5, 0.35, 0.2, 0.1, 0.05)


@dataclass(frozen=True, repr=False)
class Comparison:
    """Methods against overfitting, each at the strength that its own path chose, on the same folds.

    Attributes:
        paths: method -> its `Path`; the strengths of "dropout" are its p.
        seconds: method -> wall-clock seconds, compilation included.
        without_strength: the methods that have none to choose.
        notices: what the reader must know, one sentence each.
    """

    paths: dict[str, Path]
    seconds: dict[str, float]
    without_strength: tuple[str, ...]
    notices: tuple[str, ...] = ()

    def fold_errors(self) -> dict[str, np.ndarray]:
        """Method -> `(K,)` held-out loss of each fold at the chosen strength."""
        return {name: each.fold_errors[:, each.best.index] for name, each in self.paths.items()}

    @property
    def best(self) -> str:
        """The method of the smallest cross-validated error."""
        means = {name: each.best.cv_mean for name, each in self.paths.items()}
        return min(means, key=lambda name: means[name])

    def strength(self, method: str) -> float:
        """The chosen strength of a method, p for dropout."""
        return self.paths[method].best.strength

    def difference(self, method: str, reference: str | None = None) -> tuple[float, float]:
        """Mean and standard error over the folds of `error of method − error of reference`, fold by fold.

        Both met the same folds, so that what makes a fold hard cancels: the error of a difference is often much smaller
        than the errors of the two.

        Args:
            method: a key of `paths`.
            reference: another; None is `best`.

        Raises:
            InputError: for a method that was not compared.
        """
        errors, reference = self.fold_errors(), reference or self.best
        for name in (method, reference):
            if name not in errors:
                raise InputError(f"no method {name!r}{suggest(name, errors)}; there are {', '.join(errors)}")
        sizes = self.paths[method].fold_sizes
        mean, se = summarise((errors[method] - errors[reference])[:, None], sizes)
        return float(mean[0]), float(se[0])

    def table(self) -> PrintedTable:
        """One row a method: strength (p for dropout), errors, non-zeros, the paired difference to the best, time."""
        rows = []
        for name, each in self.paths.items():
            chosen, (difference, se) = each.best, self.difference(name)
            rows.append(
                {
                    "method": name,
                    "strength": "-" if name in self.without_strength else self.strength(name),
                    "cv": chosen.cv_mean,
                    "se": chosen.cv_se,
                    "train": float(each.train_mean[chosen.index]),
                    "nonzero": chosen.nonzero,
                    "difference": difference,
                    "difference_se": se,
                    "seconds": round(self.seconds[name], 1),
                    "choice": "best" if name == self.best else "",
                }
            )
        return PrintedTable(rows, self.paths[self.best].verdict)

    def plot(self) -> Any:
        """Errors of all methods, and their paired differences to the best one: a matplotlib Figure."""
        from normax.report import comparison_figure

        return comparison_figure(self)

    def report(self, folder: str) -> Any:
        """Write `report.html` and its picture into a folder; returns the path of the page."""
        from normax.report import comparison_page

        return comparison_page(folder, self, None)

    def __repr__(self) -> str:
        folds = len(next(iter(self.paths.values())).fold_errors)
        return f"Comparison({', '.join(self.paths)}; {folds} folds; best={self.best!r})"

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


def compare(
    net: Module,
    data: tuple[Any, Any],
    *,
    loss: Any,
    methods: Iterable[str] | Mapping[str, Any] = METHODS,
    strengths: Any = 20,
    dropout: Iterable[float] = DROPOUT,
    cv: Any = 5,
    on_progress: Any = None,
    **options: Any,
) -> Comparison:
    """Fit a network with each of several methods against overfitting, on the same folds and from the same weights.

    Each method runs its whole path (`nx.path`) and is judged at the strength that its own rule chose.

    Args:
        net: the module; it is left as it is, and its own dropout and norms stay in every method.
        data: `(X, y)` of n rows each.
        loss: a name or a function, see `nx.fit`.
        methods: names among "none", "l1", "l2", "elastic-net" (half L1, half L2), "dropout" (before every weight layer
            but the first) and "batch-norm" (after every one but the last; neither has a penalty); or a dict from a
            name of yours to one of these or to a penalty of `nx.path`. By default all; where the network has no
            hidden layer, those that need none.
        strengths: of the penalties, how many or the values; see `nx.path`.
        dropout: the probabilities to try, side by side as lanes of one path; the 1-SE rule prefers the larger.
        cv: a count of folds (default 5), a splitter, or pairs: made once, for all.
        on_progress: called as `(phase, done, total)`.
        options: everything else that `nx.path` takes (optimizer, epochs, batch_size, transform, seeds, select, ...).

    Returns:
        A `Comparison`, with `table()`, `plot()` and `report(folder)`.

    Raises:
        InputError: for unknown methods and options, all at once, and for whatever `nx.path` refuses.

    Example:
        >>> import numpy as np
        >>> import normax as nx
        >>> random = np.random.default_rng(0)
        >>> X = random.normal(size=(60, 5))
        >>> y = 3 * X[:, 0] + X[:, 1] + random.normal(size=60)
        >>> compared = nx.compare(nx.nn.Linear(5, 1), (X, y), loss="squared", methods=["none", "l1"])
        >>> compared.best, [row["nonzero"] for row in compared.table()]
        ('none', [5, 2])

    Source:
        Paired differences over folds: Nadeau & Bengio, "Inference for the generalization error", 2003, who also say
        that the folds share training rows, so that their standard errors are somewhat too small.
    """
    asked, (X, y) = _asked(methods, options), data
    y, weight = np.asarray(y), options.get("sample_weight")
    folded = FoldedData.of(
        np.asarray(X),
        y,
        cv,
        weight=None if weight is None else np.asarray(weight, float),
        groups=options.pop("groups", None),
        time=options.pop("time", None),
        seed=options.get("seed", 0),
        stratify=loss in ("cross_entropy", "binary_cross_entropy") and y.ndim == 1,
        transform=options.get("transform"),
    )
    if len(folded.folds) < 2:
        raise InputError(f"cv: methods are compared over folds, two at least, got cv={cv!r}")
    notices: list[str] = []
    plans: dict[str, _Plan] = {}
    for name, method in asked.items():
        try:
            plans[name] = _plan(method, net, folded.all_rows().X, strengths, dropout)
        except _NoPlace as error:
            if methods is not METHODS:
                raise
            notices.append(f"{name} is left out: {error}")
    paths: dict[str, Path] = {}
    seconds: dict[str, float] = {}
    for number, (name, plan) in enumerate(plans.items()):
        began, report = clock.perf_counter(), _Progress(on_progress, name, number, len(plans))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", Notice)
            whole = path(
                plan.net, (X, y), loss=loss, cv=folded.folds, on_progress=report, **plan.options, **options
            )
        paths[name] = whole.at(along=plan.along)
        seconds[name] = clock.perf_counter() - began
        for w in caught:
            if not issubclass(w.category, Notice):
                warnings.warn_explicit(w.message, w.category, w.filename, w.lineno)
        told = dict.fromkeys(
            [*(str(w.message) for w in caught if issubclass(w.category, Notice)), *whole.notices]
        )
        # What is not penalised evades nothing.
        notices += [f"{name}: {said}" for said in told if plan.penalised or "diverged" in said]
    for notice in notices if is_main() else ():
        warnings.warn(notice, Notice, stacklevel=2)
    fixed = tuple(name for name, plan in plans.items() if plan.fixed)
    return Comparison(paths, seconds, fixed, tuple(notices))


class _NoPlace(InputError):
    """A network without a place for what a method puts in."""


@dataclass(frozen=True)
class _Progress:
    """What a path reports, as a share of all methods."""

    tell: Any
    name: str
    before: int
    methods: int

    def __call__(self, phase: str, done: int, total: int) -> None:
        if self.tell is not None:
            share = self.before + done / total
            self.tell(f"{self.name}: {phase}", round(1000 * share), 1000 * self.methods)


@dataclass(frozen=True)
class _Plan:
    """A method as a network, what `nx.path` is told, and the axis on which it is chosen."""

    net: Module
    options: dict[str, Any]
    along: str = "strength"

    @property
    def penalised(self) -> bool:
        return self.options["penalty"] is not _FREE

    @property
    def fixed(self) -> bool:
        """Whether there is nothing to choose."""
        return not self.penalised and self.along == "strength"


_FREE = L2()


def _plan(method: Any, net: Module, X: np.ndarray, strengths: Any, dropout: Iterable[float]) -> _Plan:
    unpenalised = {"penalty": _FREE, "strengths": [0.0]}
    if isinstance(method, str) and method == "none":
        return _Plan(net, unpenalised)
    if isinstance(method, str) and method in ("batch-norm", "dropout"):
        p = _probabilities(dropout)
        try:
            if method == "batch-norm":
                return _Plan(with_batch_norm(net, X), unpenalised)
            dropped, layer = with_dropout(net, X)
        except InputError as error:
            raise _NoPlace(str(error)) from None
        axis = f"{layer}.p"
        return _Plan(dropped, {**unpenalised, "over": {axis: p}, "simpler": axis}, axis)
    penalty = PENALTIES[method] if isinstance(method, str) else method
    return _Plan(net, {"penalty": penalty, "strengths": strengths})


def _asked(methods: Any, options: dict[str, Any]) -> dict[str, Any]:
    """Name -> method, once all names are known to be good."""
    if isinstance(methods, str):
        methods = [methods]
    asked = dict(methods) if isinstance(methods, Mapping) else {name: name for name in methods}
    asked = {name: penalty_name(m) if isinstance(m, str) else m for name, m in asked.items()}
    faults = [
        f"methods: unknown {method!r}{suggest(method, METHODS)}; one of {', '.join(METHODS)}, or a penalty in a dict"
        for method in asked.values()
        if isinstance(method, str) and method not in METHODS
    ]
    faults += [
        f"methods: expected a name or a penalty for {name!r}, got {method!r}"
        for name, method in asked.items()
        if not isinstance(method, (str, Penalty, Mapping))
        and not (isinstance(method, type) and issubclass(method, Penalty))
    ]
    ours = {"penalty", "loss", "cv", "strengths", "over", "simpler", "checkpoint", "on_progress"}
    known = [name for name in list(inspect.signature(path).parameters)[2:] if name not in ours]
    faults += [
        f"no argument {name!r}{suggest(name, known)}; of nx.path: {', '.join(known)}"
        for name in options
        if name not in known
    ]
    if not asked:
        faults.append(f"methods: expected one at least of {', '.join(METHODS)}")
    if faults:
        raise InputError("; ".join(faults))
    return asked


def _probabilities(dropout: Iterable[float]) -> tuple[float, ...]:
    values = np.atleast_1d(np.asarray(dropout, float))
    wrong = values[~((values >= 0) & (values < 1))]
    if values.ndim != 1 or not len(values) or len(wrong) or len(set(values.tolist())) < len(values):
        raise InputError(f"dropout: expected different probabilities in [0, 1), got {values.tolist()}")
    return tuple(np.sort(values)[::-1].tolist())
