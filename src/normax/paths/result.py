"""Path: every strength of a penalised model, what it costs on held-out rows, and the one to keep."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from normax.errors import InputError, suggest
from normax.language import LANGUAGES, speaking
from normax.paths.around import Around
from normax.penalties import Penalty
from normax.rows import PrintedTable
from normax.selection import choose, edge_notice, levels_off, spent, summarise, verdict
from normax.text import folded, markup

__all__ = ["Choice", "Path", "PrintedTable"]


@dataclass(frozen=True)
class Choice:
    """One entry of a path: its place, its strength, and what it achieves there.

    Made by `path.best` of `nx.path`.
    """

    index: int
    strength: float
    cv_mean: float
    cv_se: float
    nonzero: int
    settings: dict[str, float] = field(default_factory=dict)  # the other axes, where there are any


@dataclass(frozen=True, repr=False)
class Path:
    """A regularisation path, cross-validated: one entry a strength, in the order given.

    k strengths, K folds, n rows. With further axes (`nx.path(over=)`) there is an entry for each combination, the last
    axis fastest; `surface` lays entries out by axis, and `at` is the path over strengths at one place of the others.

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
        gamma: share of the penalised fit in the coefficients; below 1 the rest is the fit without a penalty on its
            columns.
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
        epochs: `(K + 1, k)` epochs behind the weights of every lane, the fit on all rows last, with early stopping, or
            None.
        axes: name -> values, strength first; empty for a path over strengths alone.
        simpler: the order of simplicity among axes, for `"1se"`.
        targets: `(n,)` the targets of the rows, as the loss takes them, or None; with `held_out_outputs` they say how each
            row was predicted.
        row_weight: `(n,)` how much each row counts, or None for all alike.
        around: what the loss is about each fit when two coefficients move (linear paths of one output), or None.
        along: what `strengths` holds: the strength, or the axis of `at(along=)`.

    Made by `nx.path`.
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
    gamma: float = 1.0
    gaps: np.ndarray | None = None
    null_error: tuple[float, float] | None = None
    unpenalised_error: tuple[float, float, int] | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    held_out_outputs: np.ndarray | None = None
    transform: Any = None
    target_scale: tuple[Any, float] = (0.0, 1.0)
    curves: np.ndarray | None = None
    epochs: np.ndarray | None = None
    axes: dict[str, np.ndarray] = field(default_factory=dict)
    simpler: tuple[str, ...] = ()
    along: str = "strength"
    targets: np.ndarray | None = None
    row_weight: np.ndarray | None = None
    around: Around | None = None
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
        check_selection(self.select, self.simpler, list(self.axes))
        if folds and np.isfinite(mean).any():
            at = self.minimum.index
            level = not self.axes and self._level(at)
            notices = [edge_notice(values, at, name, level) for name, values in self.settings.items()]
            object.__setattr__(self, "notices", (*self.notices, *filter(None, notices)))

    cv_mean: np.ndarray = field(init=False)
    cv_se: np.ndarray = field(init=False)
    nonzero: np.ndarray = field(init=False)

    def _level(self, at: int) -> bool:
        """Whether at this edge of the grid the model is already the one without a penalty, or without a weight."""
        order = np.argsort(-self.strengths, kind="stable")
        empty = self.nonzero[at] == 0 and self.strengths[at] == self.strengths.max()
        weakest = self.engine == "linear" and order[-1] == at and len(order) > 1 and self.strengths[at] > 0
        done = weakest and spent(self.strengths[order], self.train_mean[order]) is not None
        return (
            empty
            or done
            or levels_off(self.strengths[order], self.cv_mean[order], int(np.argmax(order == at)))
        )

    @property
    def verdict(self) -> str | None:
        """One sentence where the chosen entry is measurably worse than the best constant or no penalty, else None."""
        if not len(self.fold_errors) or np.isnan(self.cv_mean).all():
            return None
        free = self.unpenalised_error
        null = self.null_error if self.best.nonzero else None  # without a feature it is the null model
        return verdict(self.best.cv_mean, null, None if free is None else free[:2])

    @property
    def settings(self) -> dict[str, np.ndarray]:
        """Name -> `(k,)` of each axis: what every entry was fitted with."""
        if not self.axes:
            return {self.along: self.strengths}
        grid = np.meshgrid(*self.axes.values(), indexing="ij")
        return {name: values.ravel() for name, values in zip(self.axes, grid)}

    def surface(self, values: str | np.ndarray = "cv_mean") -> np.ndarray:
        """Entries laid out by axis: `(values of the first axis, of the second, ...)`.

        Args:
            values: a field with one entry a strength, by name, or `(k, ...)` numbers.
        """
        entries = np.asarray(getattr(self, values) if isinstance(values, str) else values)
        lengths = [len(axis) for axis in self.axes.values()] or [len(self.strengths)]
        return entries.reshape(*lengths, *entries.shape[1:])

    def at(self, settings: dict[str, float] | None = None, *, along: str = "strength") -> Path:
        """The path along one axis alone, the others held where they are told, or else at the chosen entry.

        Args:
            settings: name -> value, of those that `axes` has.
            along: the axis that is left, the strength by default; of another one, the result's `strengths` are its
                values, and `unpenalised_error` is None.

        Raises:
            InputError: for an axis or a value that this path does not have.
        """
        axes = self.axes or {"strength": self.strengths}
        wanted, faults = dict(settings or {}), []
        if along not in axes:
            faults.append(f"along: no axis {along!r}{suggest(along, axes)} among {', '.join(axes)}")
        others = [name for name in axes if name != along]
        for name, value in wanted.items():
            if name not in others:
                faults.append(
                    f"no axis {name!r}{suggest(name, others)} among {', '.join(others) or 'none'} to hold"
                )
            elif value not in axes[name]:
                faults.append(f"{name}: {value!r} is none of {axes[name].tolist()}")
        if faults:
            raise InputError(f"at: {'; '.join(faults)}")
        if not self.axes:
            return self
        rest = [name for name in others if name not in wanted]
        wanted |= {name: float(self.settings[name][self.best.index]) for name in rest}
        held = [self.settings[name] == value for name, value in wanted.items()]
        kept = np.flatnonzero(np.logical_and.reduce(held))
        changed: dict[str, Any] = {
            name: None
            if getattr(self, name) is None
            else getattr(self, name)[(slice(None),) * axis + (kept,)]
            for axis, names in enumerate(_PER_ENTRY)
            for name in names
        }
        if along != "strength":
            changed |= {"strengths": self.settings[along][kept], "along": along, "unpenalised_error": None}
        return replace(
            self,
            **changed,
            weights={name: stacked[kept] for name, stacked in self.weights.items()},
            build=_Some(self.build, kept),
            outputs=_Some(self.outputs, kept),
            members=_Some(self.members, kept),
            axes={},
            simpler=(),
            notices=(),
        )

    def choice(self, index: int) -> Choice:
        """The strength at an index, with what it achieves."""
        if not -len(self.strengths) <= index < len(self.strengths):
            raise InputError(
                f"expected an index of one of {len(self.strengths)} strengths, from 0, got {index!r}"
            )
        i = range(len(self.strengths))[index]
        strength, mean, se = (float(values[i]) for values in (self.strengths, self.cv_mean, self.cv_se))
        others = {
            name: float(values[i])
            for name, values in self.settings.items()
            if name not in ("strength", self.along)
        }
        return Choice(i, strength, mean, se, int(self.nonzero[i]), others)

    @property
    def minimum(self) -> Choice:
        """The strength of the smallest cross-validated error."""
        return self.choice(self._choose("min"))

    @property
    def one_se(self) -> Choice:
        """The largest strength within one standard error of the minimum; with several axes, the simplest entry."""
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
        if np.isnan(self.cv_mean).all():
            raise InputError(
                "no strength can be chosen: training diverged at every one of them; lower the learning rate, or clip "
                "gradients, `optax.chain(optax.clip_by_global_norm(1.0), optimizer)`"
            )
        if rule == "1se":
            check_selection(rule, self.simpler, list(self.axes))
        return choose(self._simplicity(), self.cv_mean, self.cv_se, rule)

    def _simplicity(self) -> np.ndarray:
        """`(k,)` numbers that are larger the simpler an entry is; of entries alike, the better one is simpler."""
        if not self.axes:
            return self.strengths
        keys = [-np.nan_to_num(self.cv_mean, nan=np.inf)]
        for name in reversed(self.simpler):
            sign, name = (-1, name[1:]) if name.startswith("-") else (1, name)
            keys.append(sign * (self.nonzero if name == "nonzero" else self.settings[name]))
        rank = np.empty(len(self.strengths))
        rank[np.lexsort(keys)] = np.arange(len(rank))
        return rank

    def _index(self, index: int | None) -> int:
        return self.best.index if index is None else self.choice(index).index

    def behind(self, index: int | None = None) -> tuple[float, float]:
        """How much larger the held-out error is than at the minimum, at the chosen strength by default.

        Returns:
            The mean over folds of the differences, fold by fold, and its standard error: both met the same folds, so
            that what makes a fold hard cancels.
        """
        errors = self.fold_errors[:, self._index(index)] - self.fold_errors[:, self.minimum.index]
        mean, se = summarise(errors[:, None], self.fold_sizes)
        return float(mean[0]), float(se[0])

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

    @property
    def feature_counts(self) -> np.ndarray:
        """`(k,)` features with some weight that is not exactly zero, see `features`."""
        return self._live().sum(axis=1)

    def features(self, index: int | None = None) -> tuple[Any, ...]:
        """The features that are in at one strength, by name or, without names, by number; at the chosen one by default.

        A feature is in where the first penalised weight, whose last axis are the features, has a number in its
        column: the coefficients of a linear model, the first layer of a network, both at once in a `nx.LassoNet`.

        Raises:
            InputError: if the names are not as many as the columns of that weight: it reads no features.
        """
        live = self._live()[self._index(index)]
        names = range(len(live)) if self.feature_names is None else self.feature_names
        return tuple(name for name, is_in in zip(names, live) if is_in)

    def _live(self) -> np.ndarray:
        """`(k, p)` whether a feature is in."""
        stacked = self.weights[self.penalised[0]]
        p = stacked.shape[-1]
        if self.feature_names is not None and len(self.feature_names) != p:
            raise InputError(
                f"features: {self.penalised[0]} has {p} columns and there are {len(self.feature_names)} feature names; "
                "penalise the layer that reads the features"
            )
        return (stacked.reshape(len(stacked), -1, p) != 0).any(axis=1)

    def table(self) -> PrintedTable:
        """One row a strength: strength, non-zeros, errors, and the two choices marked; before them any `verdict`."""
        marks: dict[int, list[str]] = {}
        if len(self.fold_errors):
            pairs = [(self.minimum, "min")]
            if not self.axes or self.simpler:
                pairs.append((self.one_se, "1se"))
            for choice, mark in pairs:
                marks.setdefault(choice.index, []).append(mark)
        rows = [
            {
                **{name: float(values[i]) for name, values in self.settings.items()},
                "nonzero": int(self.nonzero[i]),
                "train": float(self.train_mean[i]),
                "cv": float(self.cv_mean[i]),
                "se": float(self.cv_se[i]),
                "choice": " ".join(marks.get(i, [])),
            }
            for i in range(len(self.strengths))
        ]
        return PrintedTable(rows, self.verdict)

    def frame(self) -> Any:
        """The rows of `table()` as a pandas data frame."""
        return self.table().frame()

    def plot(self) -> Any:
        """Error curves with their bars and both choices, and the traces of the weights: a matplotlib Figure.

        With several axes, the heat map of the error; `path.at().plot()` draws the curves at the chosen place.
        """
        from normax.report import figure, surface_figure

        return surface_figure(self) if self.axes else figure(self)

    def report(
        self,
        folder: str,
        *,
        title: str | None = None,
        target: str | None = None,
        labels: Any = None,
        language: str | None = None,
    ) -> Any:
        """Write `report.html`, which moves along the path, and its pictures into a folder.

        Args:
            folder: where to write; made if missing.
            title: of the page.
            target: what is predicted, with its unit, as axes name it: `"price (USD)"`.
            labels: names of the classes, in their order.
            language: `"en"` or `"zh"`; None is the one that is spoken, English where nothing else was said.

        Returns:
            The path of the page.

        Raises:
            InputError: if the folder cannot be written, or for a language that there is not.
        """
        from normax.report import page

        if language not in (None, *LANGUAGES):
            raise InputError(f"language: expected one of {', '.join(LANGUAGES)}, got {language!r}")
        names = None if labels is None else [str(name) for name in labels]
        told = {"title": title, "target": target, "labels": names}
        with speaking(language):
            return page(folder, self, {name: value for name, value in told.items() if value is not None})

    def __repr__(self) -> str:
        chosen = f", best={self.best}" if len(self.fold_errors) else ""
        return f"Path({len(self.strengths)} strengths, {len(self.fold_errors)} folds, {self.engine}{chosen})"

    def _repr_html_(self) -> str:
        verdict = f"<p>{markup(self.verdict)}</p>" if self.verdict else ""
        return verdict + folded(markup(repr(self)), self.table().html())


@dataclass(frozen=True)
class _Some:
    """A function of an entry's index, for some of the entries; an object, so that it can be pickled."""

    function: Any
    entries: np.ndarray

    def __call__(self, index: int, *args: Any) -> Any:
        return self.function(self.entries[index], *args)


_PER_ENTRY = (
    ("strengths", "train_mean", "gaps", "held_out_outputs"),
    ("fold_errors", "fold_train_errors", "curves", "epochs"),
)
"""The fields with one entry a strength, by the axis that has them."""


def check_selection(select: str, simpler: Any, axes: list[str]) -> tuple[str, ...]:
    """The order of simplicity as a tuple of names.

    Raises:
        InputError: for a rule that there is not, an order that names no axis, and for "1se" among several axes
            without an order.
    """
    choose(np.zeros(1), np.zeros(1), np.zeros(1), select)
    names = () if simpler is None else (simpler,) if isinstance(simpler, str) else tuple(simpler)
    known = [*axes, "nonzero"]
    wrong = [name for name in names if name.removeprefix("-") not in known]
    if names and not axes:
        raise InputError("simpler: a path over strengths alone has one order; leave it out")
    if wrong:
        raise InputError(
            f"simpler: no {wrong[0]!r}{suggest(wrong[0], known)}; an order of {', '.join(known)}"
        )
    if select == "1se" and axes and not names:
        raise InputError(
            f"select: '1se' takes the simplest of the good, and between {' and '.join(axes)} nothing says "
            f"what is simpler; name the order, simpler={axes}, with '-' where a smaller value is simpler, "
            "or select='min'"
        )
    return names


def _nonzero(stacked: np.ndarray) -> np.ndarray:
    return np.count_nonzero(stacked.reshape(len(stacked), -1), axis=1)


def _squeezed(outputs: np.ndarray) -> np.ndarray:
    return outputs[:, 0] if outputs.ndim == 2 and outputs.shape[1] == 1 else outputs
