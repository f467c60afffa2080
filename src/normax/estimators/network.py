"""`NetworkRegressor` and `NetworkClassifier`: any module, any penalty, the strength given or chosen."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from normax.balance import class_weighted
from normax.errors import InputError, suggest
from normax.estimators.training import FitSettings, fit_at, fit_chosen
from normax.forms import check_unmasked, refuse_missing
from normax.nn.module import Module
from normax.paths.ensemble import Member
from normax.penalties import Penalty
from normax.training.data import not_numbers, ragged

__all__ = ["NetworkClassifier", "NetworkRegressor"]

DISTANCES = ("squared", "mse", "absolute")


class NetworkEstimator(BaseEstimator):
    """Checked input, and the fit that both have in common."""

    penalty: Any
    strength: Any
    standardize: bool | None
    net_: Module
    _member: Member

    def _check_table(self, X: Any, y: Any = "no_validation", reset: bool = True, **options: Any) -> Any:
        """X, and any y, checked; whole numbers stay whole where nothing is standardised, for embeddings."""
        check_unmasked("X", X)
        check_unmasked("y", y)
        try:
            checked = validate_data(self, X, y, reset=reset, allow_nd=True, **options)
            table, *rest = checked if isinstance(checked, tuple) else (checked,)
            if table.ndim == 2 and (self.standardize is None or self.standardize):
                table = table.astype(np.float64)
        except ValueError as error:
            if "could not convert" in str(error) and hasattr(X, "columns"):
                raise InputError(not_numbers("X", X)) from None
            if "inhomogeneous" in str(error) and isinstance(X, (list, tuple)):
                raise InputError(ragged("X", X)) from None
            raise
        return (table, *rest) if rest else table

    def _fit(
        self,
        X: np.ndarray,
        y: np.ndarray,
        loss: str,
        outputs: list[int],
        weight: Any,
        groups: Any,
        **target: bool,
    ) -> str:
        """Make the network and train it; returns the loss that it was trained with."""
        settings = FitSettings.of(self, X, y, loss, outputs, weight, **target)
        strength = chosen = _strength(self.strength, self.penalty)
        for name in {"path_", "history_"} & set(vars(self)):
            delattr(self, name)
        if chosen == "cv":
            self.path_, self._member = fit_chosen(settings, self, groups)
            best, epochs = self.path_.best, self.path_.epochs
            strength = best.strength
            self.n_iter_ = settings.epochs if epochs is None else int(epochs[-1, best.index])
        else:
            self.history_, self._member = fit_at(settings, self.penalty, strength, groups)
            self.n_iter_ = len(self.history_.loss)
        self.strength_ = strength
        self.net_ = self._member.model
        return settings.loss

    def _outputs(self, X: Any) -> np.ndarray:
        """`(n, outputs)` of the network, in units of y or as logits."""
        check_is_fitted(self)
        outputs = self._member.outputs(self._check_table(X, reset=False))
        return outputs.reshape(len(outputs), -1)


def _strength(strength: Any, penalty: Any) -> Any:
    """A number that multiplies the penalty's own strengths, or "cv"."""
    if strength is None:
        parts = penalty.values() if isinstance(penalty, dict) else [penalty]
        return (
            1.0 if penalty is None or all(isinstance(part, (Penalty, type(None))) for part in parts) else "cv"
        )
    if isinstance(strength, str) and strength == "cv":
        if penalty is None:
            raise InputError(
                "strength: 'cv' needs a penalty whose strength there is to choose, and penalty is None"
            )
        return strength
    number = isinstance(strength, (int, float, np.number)) and not isinstance(strength, bool)
    if not number or not 0 <= strength < np.inf:
        raise InputError(f"strength: expected a number >= 0, 'cv' or None, got {strength!r}")
    return float(strength)


class NetworkRegressor(RegressorMixin, NetworkEstimator):
    """A network for one or several numbers, trained under a penalty whose strength is given or chosen:

        Σ_i ω_i loss_i / Σ_i ω_i  +  strength · Ω(w)

    Columns of X and y are standardised inside each fold, so that one strength means the same on every table;
    predictions are in the units of y.

    Args:
        module: what makes the network: a class or function called with (in_features, out_features), or with nothing if
            its layers are lazy; an `nn.Module`, which is copied, so that every fit starts from its weights; None for
            two hidden ReLU layers, 16 to 256 wide for about four weights a row.
        penalty: "l1" (default), "l2", "elastic-net"; a class or instance of `normax.penalties`; a dict from pattern to
            one of them, as in `nx.penalize`; None for none.
        strength: a number, which multiplies an instance's own; "cv" chooses one by cross-validation over the whole
            path. None (default) takes instances as they are, and "cv" for what only names a kind.
        strengths: for "cv": how many (default 30), or the values; see `nx.path`.
        cv: for "cv": a count of shuffled folds (default 5), a splitter, or pairs of indices.
        select: "1se" (default), the largest strength within one standard error of the minimum, or "min".
        loss: "squared" (default), "mse", "absolute", or "poisson" for counts, whose network gives the log of the rate.
        optimizer: the name of an optax transformation, called with learning_rate (default "adam"), or a
            transformation, which then has its own rate and may keep the estimator from being pickled.
        learning_rate: of a named optimiser; the default 0.003 does for standardised tables.
        epochs: passes over the rows, the most with early stopping; None (default) for as many as make 2000 steps.
        batch_size: rows a step; None (default) for about a sixteenth of the rows, from 16 to 256.
        early_stopping: stop when rows set aside from the training rows no longer improve, and keep the best weights.
            With "cv" each fit of each fold stops so, and the fits on all rows run the median of the folds' epochs.
        validation_fraction: for early stopping: share of the training rows held out, default 0.1.
        n_iter_no_change: for early stopping: epochs without improvement, default 10.
        standardize: whether to standardise columns of X; None (default) for tables, not for images and other
            rows of several axes.
        random_state: of initial weights, folds, shuffling and dropout.
        verbose: whether to show a progress bar.

    Attributes:
        net_: the fitted `nn.Module` in evaluation mode; it takes standardised rows.
        strength_: that was given or chosen.
        path_: the `Path`, with `table()` and `plot()`, where the strength was chosen by "cv".
        history_: the `History` of the fit, where the strength was given.
        n_iter_: epochs trained.
        n_features_in_, feature_names_in_: as in every scikit-learn estimator.

    Raises:
        InputError: for data or arguments that cannot be used, and a module that does not fit the data.

    Example:
        >>> from normax.penalties import L1
        >>> random = np.random.default_rng(0)
        >>> X = random.normal(size=(80, 3))
        >>> model = NetworkRegressor(penalty=L1(0.01), epochs=100, random_state=0).fit(X, X[:, 0] * X[:, 1])
        >>> model.predict(X[:2]).shape, model.score(X, X[:, 0] * X[:, 1]) > 0.8
        ((2,), True)
    """

    def __init__(
        self,
        module: Any = None,
        penalty: Any = "l1",
        *,
        strength: Any = None,
        strengths: Any = 30,
        cv: Any = 5,
        select: str = "1se",
        loss: str = "squared",
        optimizer: Any = "adam",
        learning_rate: float = 0.003,
        epochs: int | None = None,
        batch_size: int | None = None,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        standardize: bool | None = None,
        random_state: Any = None,
        verbose: bool = False,
    ):
        self.module = module
        self.penalty = penalty
        self.strength = strength
        self.strengths = strengths
        self.cv = cv
        self.select = select
        self.loss = loss
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.standardize = standardize
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> NetworkRegressor:
        """Train the network, and choose the strength if asked to.

        Args:
            X: (n, p) table, or (n, ...) rows of any shape the module takes; y: (n,) or (n, outputs) responses.
            sample_weight: (n,) weights >= 0, in the fits and in the errors.
            groups: (n,) groups, kept together by the folds and by what early stopping sets aside.
        """
        known = (*DISTANCES, "poisson")
        if self.loss not in known:
            raise InputError(
                f"loss: expected one of {', '.join(known)}, got {self.loss!r}{suggest(str(self.loss), known)}"
            )
        X, y = self._check_table(X, y, multi_output=True, y_numeric=True, ensure_min_samples=2)
        if y.dtype.kind in "US":
            raise InputError(not_numbers("y", y))
        self._single = y.ndim == 1
        outputs = [1 if self._single else y.shape[1]]
        y = np.asarray(y, float)
        self._fit(X, y, self.loss, outputs, sample_weight, groups, scale_target=self.loss in DISTANCES)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Expected responses, (n,) or (n, outputs).

        Args:
            X: rows with the columns of the fit.
        """
        outputs = self._outputs(X)
        outputs = np.exp(outputs) if self.loss == "poisson" else outputs
        return outputs[:, 0] if self._single else outputs

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.positive_only = self.loss == "poisson"
        return tags


class NetworkClassifier(ClassifierMixin, NetworkEstimator):
    """A network for classes, trained under a penalty whose strength is given or chosen:

        Σ_i ω_i loss_i / Σ_i ω_i  +  strength · Ω(w)

    loss_i is the negative log-likelihood of the row: binomial where the network has one output (of two classes, the
    logit of the second), softmax where it has one for each class.

    Args:
        module: as of `NetworkRegressor`; a factory is asked for one output for two classes and for one a class
            otherwise; a network with two outputs for two classes will do as well.
        class_weight: None, "balanced", or a dict from class to weight (1 where a class is not named), which multiplies
            the rows' own.
        penalty, strength, strengths, cv, select, optimizer, learning_rate, epochs, batch_size, early_stopping,
            validation_fraction, n_iter_no_change, standardize, random_state, verbose: as of `NetworkRegressor`; folds
            are stratified.

    Attributes:
        classes_: (classes,) labels, sorted.
        net_, strength_, path_, history_, n_iter_, n_features_in_, feature_names_in_: as of `NetworkRegressor`.

    Raises:
        InputError: for data or arguments that cannot be used, a single class, and a module that does not fit the data.

    Example:
        >>> from normax.penalties import L2
        >>> random = np.random.default_rng(0)
        >>> X = random.normal(size=(80, 2))
        >>> y = np.where(X[:, 0] * X[:, 1] > 0, "same", "other")
        >>> model = NetworkClassifier(penalty=L2(0.001), epochs=100, random_state=0).fit(X, y)
        >>> model.predict([[2.0, 2.0], [2.0, -2.0]]).tolist()
        ['same', 'other']
    """

    classes_: np.ndarray

    def __init__(
        self,
        module: Any = None,
        penalty: Any = "l1",
        *,
        strength: Any = None,
        strengths: Any = 30,
        cv: Any = 5,
        select: str = "1se",
        class_weight: Any = None,
        optimizer: Any = "adam",
        learning_rate: float = 0.003,
        epochs: int | None = None,
        batch_size: int | None = None,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        standardize: bool | None = None,
        random_state: Any = None,
        verbose: bool = False,
    ):
        self.module = module
        self.penalty = penalty
        self.strength = strength
        self.strengths = strengths
        self.cv = cv
        self.select = select
        self.class_weight = class_weight
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.standardize = standardize
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> NetworkClassifier:
        """Train the network, and choose the strength if asked to.

        Args:
            X: (n, p) table, or (n, ...) rows of any shape the module takes; y: (n,) labels of any sortable kind.
            sample_weight: (n,) weights >= 0, in the fits and in the errors.
            groups: (n,) groups, kept together by the folds and by what early stopping sets aside.
        """
        X, y = self._check_table(X, y, ensure_min_samples=2)
        refuse_missing("y", y)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        count = len(self.classes_)
        if count < 2:
            raise InputError(
                f"y: expected at least two classes, got 1 class: every row is {self.classes_.tolist()[0]!r}"
            )
        if self.class_weight is not None:
            rows = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, float)
            sample_weight = class_weighted(rows, y, self.class_weight)
        self._fit(X, codes, "cross_entropy", [1, 2] if count == 2 else [count], sample_weight, groups)
        return self

    def decision_function(self, X: Any) -> np.ndarray:
        """Logits: (n,) of the second class against the first for two classes, (n, classes) for more.

        Args:
            X: rows with the columns of the fit.
        """
        outputs = self._outputs(X)
        if len(self.classes_) > 2:
            return outputs
        return outputs[:, 0] if outputs.shape[1] == 1 else outputs[:, 1] - outputs[:, 0]

    def predict(self, X: Any) -> np.ndarray:
        """The class of the largest probability, (n,).

        Args:
            X: rows with the columns of the fit.
        """
        logits = self.decision_function(X)
        return self.classes_[(logits > 0).astype(int) if logits.ndim == 1 else logits.argmax(axis=1)]

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Logarithms of the probabilities, (n, classes), without underflow.

        Args:
            X: rows with the columns of the fit.
        """
        logits = self.decision_function(X)
        if logits.ndim == 1:
            return np.stack([-np.logaddexp(0, logits), -np.logaddexp(0, -logits)], axis=1)
        return np.asarray(jax.nn.log_softmax(logits, axis=1))

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities, (n, classes).

        Args:
            X: rows with the columns of the fit.
        """
        return np.exp(self.predict_log_proba(X))
