"""How an estimator's parameters become a call of `nx.path` or `nx.fit`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_random_state

from normax.errors import InputError
from normax.estimators.defaults import batch_size_for, epochs_for
from normax.estimators.modules import make
from normax.nn.module import Module
from normax.nn.random import fork
from normax.paths.arguments import unit_penalty
from normax.paths.ensemble import Member
from normax.paths.folded import target_scale
from normax.paths.network import path
from normax.paths.result import Path
from normax.progress import progress_bar
from normax.selection import set_aside
from normax.training.callbacks import EarlyStopping
from normax.training.data import check_counts, check_data
from normax.training.fit import fit
from normax.training.history import History
from normax.training.optimizers import maker
from normax.training.penalize import resolve

__all__ = ["FitSettings", "fit_at", "fit_chosen"]


@dataclass(frozen=True)
class FitSettings:
    """What a fit needs, whether its strength is given or chosen.

    Attributes:
        net: the network, its own.
        X, y, weight: `(n, ...)` rows, targets and weights (or None).
        loss: by name, as the network's outputs ask for.
        optimizer: an optax transformation.
        epochs, batch_size, seed: of the training.
        standardize, scale_target: what is standardised inside each fold.
        patience: epochs without improvement that stop a fit, or None.
        validation: share of the rows held out for that.
        verbose: whether to show a bar.
    """

    net: Module
    X: np.ndarray
    y: np.ndarray
    weight: np.ndarray | None
    loss: str
    optimizer: Any
    epochs: int
    batch_size: int
    seed: int
    standardize: bool
    scale_target: bool
    patience: int | None
    validation: float
    verbose: bool

    @staticmethod
    def of(
        estimator: Any,
        X: np.ndarray,
        y: np.ndarray,
        loss: str,
        outputs: list[int],
        weight: Any,
        scale_target: bool = False,
    ) -> FitSettings:
        """The settings of an estimator for some data; two classes of one output have the binomial loss."""
        X, y, weight = check_data(X, y, weight)
        batch_size, epochs = estimator.batch_size, estimator.epochs
        batch_size = batch_size_for(len(X)) if batch_size is None else batch_size
        check_counts(batch_size=batch_size, n_iter_no_change=estimator.n_iter_no_change)
        batch_size = min(batch_size, len(X))
        epochs = epochs_for(len(X), batch_size) if epochs is None else epochs
        check_counts(epochs=epochs)
        if not 0 < estimator.validation_fraction < 1:
            raise InputError(
                f"validation_fraction: expected a share in (0, 1), got {estimator.validation_fraction!r}"
            )
        seed = int(check_random_state(estimator.random_state).randint(2**31 - 1))
        with fork(seed):
            net, count = make(estimator.module, X, outputs)
        if loss == "cross_entropy" and count == 1:
            loss = "binary_cross_entropy"
        standardize = X.ndim == 2 if estimator.standardize is None else estimator.standardize
        if standardize and X.ndim != 2:
            raise InputError(f"standardize: expected a table of two axes, got X of shape {X.shape}")
        return FitSettings(
            net=net,
            X=X,
            y=y,
            weight=weight,
            loss=loss,
            optimizer=_optimizer(estimator.optimizer, estimator.learning_rate),
            epochs=epochs,
            batch_size=batch_size,
            seed=seed,
            standardize=bool(standardize),
            scale_target=scale_target,
            patience=estimator.n_iter_no_change if estimator.early_stopping else None,
            validation=estimator.validation_fraction,
            verbose=bool(estimator.verbose),
        )

    @property
    def training(self) -> dict[str, Any]:
        """What `nx.path` and `nx.fit` take alike."""
        names = "loss", "optimizer", "epochs", "batch_size", "seed"
        return {name: getattr(self, name) for name in names}


@contextmanager
def _own_words() -> Iterator[None]:
    """What `nx.path` calls validation is the estimator's validation_fraction."""
    try:
        yield
    except InputError as error:
        if not str(error).startswith("validation:"):
            raise
        raise InputError(str(error).replace("validation", "validation_fraction", 1)) from error


@_own_words()
def fit_chosen(settings: FitSettings, estimator: Any, groups: Any) -> tuple[Path, Member]:
    """The whole path and the network at the strength that it chooses."""
    s, names = settings, ("penalty", "strengths", "cv", "select")
    chosen = {name: getattr(estimator, name) for name in names}
    with progress_bar(f"path {type(s.net).__name__}", 1, s.verbose) as report:
        result = path(
            s.net,
            (s.X, s.y),
            **s.training,
            **chosen,
            sample_weight=s.weight,
            groups=groups,
            transform=StandardScaler() if s.standardize else None,
            scale_target=s.scale_target,
            feature_names=getattr(estimator, "feature_names_in_", None),
            early_stopping=s.patience,
            validation=s.validation,
            on_progress=lambda phase, done, total: report(done / total, lambda: phase),
        )
    return result, Member(result.model(), result.transform, *result.target_scale)


@_own_words()
def fit_at(settings: FitSettings, penalty: Any, strength: float, groups: Any) -> tuple[History, Member]:
    """A single fit at a strength, with early stopping on rows set aside where asked for."""
    s, everything = settings, np.arange(len(settings.X))
    _charge(s.net, penalty, strength)
    train, held = everything, everything[:0]
    if s.patience is not None:
        classes = s.y if "cross_entropy" in s.loss else None
        together = None if groups is None else np.asarray(groups)
        if together is not None and together.shape != everything.shape:
            raise InputError(f"groups: expected one for each of {len(s.X)} rows, got shape {together.shape}")
        train, held = set_aside(everything, s.validation, s.seed, classes, together)
    weight = None if s.weight is None else s.weight[train]
    transform = StandardScaler().fit(s.X[train], sample_weight=weight) if s.standardize else None
    X = s.X if transform is None else transform.transform(s.X)
    centre, scale = target_scale(s.y[train], weight) if s.scale_target else (0.0, 1.0)
    y = (s.y - centre) / scale if s.scale_target else s.y
    validation: Any = None
    callbacks = []
    if len(held):
        validation = (X[held], y[held], *([] if s.weight is None else [s.weight[held]]))
        callbacks = [EarlyStopping(patience=s.patience or 1)]
    watched: dict[str, Any] = {"validation": validation, "callbacks": callbacks, "progress": s.verbose}
    history = fit(s.net, (X[train], y[train]), **s.training, sample_weight=weight, **watched)
    return history, Member(s.net.eval(), transform, centre, scale)


def _charge(net: Module, penalty: Any, strength: float) -> None:
    """Put a penalty at a strength on a network, beside what it carries itself."""
    if penalty is None:
        return
    patterns = penalty if isinstance(penalty, Mapping) else {"*": penalty}
    scaled = {name: None if p is None else unit_penalty(p).scaled(strength) for name, p in patterns.items()}
    for cell, new in resolve(net, scaled).items():
        if new is not None:
            cell.penalty = new if cell.penalty is None else cell.penalty + new


def _optimizer(optimizer: Any, learning_rate: Any) -> Any:
    if not isinstance(optimizer, str):
        if not hasattr(optimizer, "update"):
            raise InputError(
                f"optimizer: expected the name of an optax transformation or one such as optax.adam(1e-3), "
                f"got {optimizer!r}"
            )
        return optimizer
    make = maker(optimizer)
    number = isinstance(learning_rate, (int, float, np.number)) and not isinstance(learning_rate, bool)
    if not callable(learning_rate) and not (number and 0 < learning_rate < np.inf):
        raise InputError(f"learning_rate: expected a number > 0 or an optax schedule, got {learning_rate!r}")
    return make(learning_rate)
