"""Path: every strength of a penalised model, what it costs on held-out rows, and the one to keep."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from normax.errors import InputError
from normax.penalties import Penalty
from normax.rows import Table
from normax.selection import choose, edge_notice, summarise

__all__ = ["Choice", "Path", "Table"]


@dataclass(frozen=True)
class Choice:
    """One strength of a path: its place, its value, and what it achieves there."""

    index: int
    strength: float
    cv_mean: float
    cv_se: float
    nonzero: int


@dataclass(frozen=True, repr=False)
class Path:
    """A regularisation path, cross-validated: one entry a strength, in the order given.

    k strengths, K folds, n rows.

    Attributes:
        strengths: `(k,)`, on the mean-loss scale.
        nonzero: `(k,)` penalised weights that are not exactly zero, in the fit on all rows.
        train_mean: `(k,)` loss on training rows, averaged over folds (all rows without folds).
        cv_mean: `(k,)` loss on held-out rows, averaged over rows; NaN without folds.
        cv_se: `(k,)` its standard error over folds.
        fold_errors: `(K, k)` loss on the held-out rows of each fold.
        fold_train_errors: `(K, k)` loss on the training rows of each fold.
        fold_sizes: `(K,)` weight of the held-out rows of each fold.
        loss: name of the loss.
        penalty: the penalty at strength 1.
        engine: `"linear"`, certified, or `"network"`.
        weights: name -> `(k, ...)`: the fits on all rows.
        penalised: the names among them that are penalised.
        feature_names: names of the columns of X, or None.
        gaps: `(k,)` duality gap over the null deviance of the fits on all rows (linear), or None.
        null_error: cross-validated (mean, SE) of the best constant, or None.
        unpenalised_error: cross-validated (mean, SE, non-zeros) without the penalty, or None.
        select: the rule, `"1se"` or `"min"`.
        seconds: wall-clock seconds by phase.
        notices: what the reader must know, one sentence each.
        held_out_outputs: `(k, n, outputs)` outputs for each row by the fold that held it out, NaN where none.
        transform: the fitted transformer of the fit on all rows, or None.
        target_scale: (centre, scale) of the targets that the network saw, (0, 1) if unscaled.
        curves: `(K + 1, k, epochs)` mean training loss of every lane in every epoch, the fit on all rows last
            (networks), or None.
    """

    strengths: np.ndarray
    fold_errors: np.ndarray
    fold_train_errors: np.ndarray
    fold_sizes: np.ndarray
    weights: dict[str, np.ndarray]
    penalised: tuple[str, ...]
    loss: str
    penalty: Penalty
    engine: str
    select: str
    train_mean: np.ndarray
    feature_names: tuple[str, ...] | None = None
    gaps: np.ndarray | None = None
    null_error: tuple[float, float] | None = None
    unpenalised_error: tuple[float, float, int] | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    held_out_outputs: np.ndarray | None = None
    transform: Any = None
    target_scale: tuple[Any, float] = (0.0, 1.0)
    curves: np.ndarray | None = None
    build: Callable[[int], Any] | None = None
    outputs: Callable[[int, np.ndarray], np.ndarray] | None = None
    members: Callable[[int], tuple[Any, ...]] | None = None

    def __post_init__(self):
        folds = len(self.fold_errors) > 0
        unknown = np.full(len(self.strengths), np.nan)
        mean, se = summarise(self.fold_errors, self.fold_sizes) if folds else (unknown, unknown)
        nonzero = sum(_nonzero(self.weights[name]) for name in self.penalised)
        for name, value in (("cv_mean", mean), ("cv_se", se), ("nonzero", nonzero)):
            object.__setattr__(self, name, value)
        # Whoever asks for a rule that there is not learns it here, before using the result.
        choose(self.strengths, np.zeros(len(unknown)), np.zeros(len(unknown)), self.select)
        notice = (
            edge_notice(self.strengths, self.minimum.index) if folds and np.isfinite(mean).any() else None
        )
        if notice:
            object.__setattr__(self, "notices", (*self.notices, notice))

    cv_mean: np.ndarray = field(init=False)
    cv_se: np.ndarray = field(init=False)
    nonzero: np.ndarray = field(init=False)

    def choice(self, index: int) -> Choice:
        """The strength at an index, with what it achieves."""
        i = range(len(self.strengths))[index]
        strength, mean, se = (float(values[i]) for values in (self.strengths, self.cv_mean, self.cv_se))
        return Choice(i, strength, mean, se, int(self.nonzero[i]))

    @property
    def minimum(self) -> Choice:
        """The strength of the smallest cross-validated error."""
        return self.choice(self._choose("min"))

    @property
    def one_se(self) -> Choice:
        """The largest strength within one standard error of the minimum."""
        return self.choice(self._choose("1se"))

    @property
    def best(self) -> Choice:
        """The strength that the rule `select` chooses."""
        return self.choice(self._choose(self.select))

    def _choose(self, rule: str) -> int:
        if not len(self.fold_errors):
            raise InputError(
                "this path has no folds to choose by: call nx.path with cv=5, or take a strength yourself, "
                "`path.model(index)`"
            )
        return choose(self.strengths, self.cv_mean, self.cv_se, rule)

    def _index(self, index: int | None) -> int:
        return self.best.index if index is None else self.choice(index).index

    def model(self, index: int | None = None) -> Any:
        """The model fitted on all rows at one strength, a Module; the chosen one by default.

        It takes what the network took in training: rows after `transform`, targets after scaling.
        """
        assert self.build is not None
        return self.build(self._index(index))

    def predict(self, X: Any, index: int | None = None) -> np.ndarray:
        """Outputs for new rows of X as given to `nx.path`: in units of y, or logits.

        Returns:
            `(n, outputs)`, or `(n,)` for a single output.
        """
        assert self.outputs is not None
        X = np.asarray(X) if self.transform is None else self.transform.transform(X)
        centre, scale = self.target_scale
        return _squeezed(self.outputs(self._index(index), X) * scale + centre)

    def held_out(self, index: int | None = None) -> np.ndarray:
        """Outputs for each row of the data by the fold that did not see it; NaN where none held it out."""
        if self.held_out_outputs is None:
            raise InputError("this path has no folds, so no row was held out: call nx.path with cv=5")
        return _squeezed(self.held_out_outputs[self._index(index)])

    def ensemble(self, index: int | None = None) -> Any:
        """The networks of the folds at one strength as one predictor, an `Ensemble`; the chosen strength by default.

        Each fold's network saw the other folds' rows only, so that they differ as fits to fresh data would; their
        mean varies less than one of them.

        Raises:
            InputError: without folds, or for the certified solver, which keeps no model a fold.
        """
        if self.members is None or not len(self.fold_errors):
            reason = (
                "has no folds"
                if self.members
                else "comes from the certified solver, which keeps no model a fold"
            )
            raise InputError(f"this path {reason}: `nx.path(net, ..., cv=5)` of a network has an ensemble")
        from normax.paths.ensemble import Ensemble

        return Ensemble(self.members(self._index(index)), self.loss)

    def table(self) -> Table:
        """One row a strength: strength, non-zeros, errors, and the two choices marked."""
        marks: dict[int, list[str]] = {}
        if len(self.fold_errors):
            for choice, mark in ((self.minimum, "min"), (self.one_se, "1se")):
                marks.setdefault(choice.index, []).append(mark)
        return Table(
            {
                "strength": float(self.strengths[i]),
                "nonzero": int(self.nonzero[i]),
                "train": float(self.train_mean[i]),
                "cv": float(self.cv_mean[i]),
                "se": float(self.cv_se[i]),
                "choice": " ".join(marks.get(i, [])),
            }
            for i in range(len(self.strengths))
        )

    def plot(self) -> Any:
        """Error curves with their bars and both choices, and the traces of the weights: a matplotlib Figure."""
        from normax.report import figure

        return figure(self)

    def report(self, folder: str) -> Any:
        """Write `report.html` and its pictures into a folder; returns the path of the page."""
        from normax.report import page

        return page(folder, self, None)

    def __repr__(self) -> str:
        chosen = f", best={self.best}" if len(self.fold_errors) else ""
        return f"Path({len(self.strengths)} strengths, {len(self.fold_errors)} folds, {self.engine}{chosen})"


def _nonzero(stacked: np.ndarray) -> np.ndarray:
    return np.count_nonzero(stacked.reshape(len(stacked), -1), axis=1)


def _squeezed(outputs: np.ndarray) -> np.ndarray:
    return outputs[:, 0] if outputs.ndim == 2 and outputs.shape[1] == 1 else outputs
