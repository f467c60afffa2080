"""A saved model with scikit-learn's conventions: `nx.load_model(DIR).predict(frame)`."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from normax.cli.model.saved import SavedModel
from normax.errors import InputError

__all__ = ["SavedClassifier", "SavedRegressor", "load_model"]


def load_model(folder: str | Path, trust_code: bool = False) -> SavedRegressor | SavedClassifier:
    """The model of a folder that `normax path` or `normax compare` wrote, as a scikit-learn estimator.

    It reads tables as the command does: cells as they are written, columns in any order, others beside them.
    It is fitted already; to keep it so in a pipeline or an ensemble, wrap it in
    `sklearn.frozen.FrozenEstimator`.

    Args:
        folder: where it is.
        trust_code: run the user's own file that a network's class is in. Nothing else of a folder ever runs.

    Returns:
        `SavedRegressor` or `SavedClassifier`.

    Raises:
        InputError: if it is not such a folder, or with all that is wrong in it.

    Example:
        >>> import normax as nx
        >>> nx.load_model("nowhere")
        Traceback (most recent call last):
            ...
        normax.errors.InputError: nowhere: no such folder; expected one that `normax path` or ...
    """
    saved = SavedModel(folder, trust_code)
    kind: Callable[..., Any] = SavedRegressor if saved.target.task == "regression" else SavedClassifier
    model = kind(folder, trust_code)
    model.saved_ = saved
    return model


class _Saved(BaseEstimator):
    """What both kinds share.

    Args:
        folder, trust_code: as of `load_model`.
    """

    def __init__(self, folder: str | Path, trust_code: bool = False) -> None:
        self.folder = folder
        self.trust_code = trust_code

    @cached_property
    def saved_(self) -> SavedModel:
        """The folder's content, read on first use."""
        return SavedModel(self.folder, self.trust_code)

    @property
    def feature_names_in_(self) -> np.ndarray:
        """The columns of a table that the model uses."""
        return np.array([column.name for column in self.saved_.schema.columns], dtype=object)

    @property
    def n_features_in_(self) -> int:
        """How many those are."""
        return len(self.saved_.schema.columns)

    def fit(self, X: Any, y: Any = None) -> Any:
        """Refused: the model is fitted.

        Raises:
            InputError: always.
        """
        raise InputError(
            f"{self.folder}: a saved model is fitted already; keep it so by sklearn.frozen.FrozenEstimator, or"
            " fit anew by the command"
        )

    def to_onnx(self) -> bytes:
        """The model as an ONNX file's bytes: each column an input of shape (rows, 1), by its name.

        Raises:
            InputError: if onnx is missing, or for what ONNX cannot say (`normax.cli.model.onnx_file`).
        """
        from normax.cli.model.onnx_file import onnx_model

        return onnx_model(self.saved_)

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def _outputs(self, X: Any) -> np.ndarray:
        """Raw outputs for a table, or for an array whose columns are `feature_names_in_`."""
        if isinstance(X, np.ndarray):
            if X.ndim != 2 or X.shape[1] != self.n_features_in_:
                raise InputError(
                    f"expected shape (rows, {self.n_features_in_}), got {X.shape}; or give a data frame"
                )
            X = dict(zip(self.feature_names_in_, X.T))
        return self.saved_.outputs(X)


class SavedRegressor(RegressorMixin, _Saved):
    """A saved model of a number."""

    def predict(self, X: Any) -> np.ndarray:
        """Predictions (rows,) in the target's units.

        Args:
            X: whatever `normax.tables.read_table` takes, or an array (rows, columns) in the order of
                `feature_names_in_`.

        Raises:
            InputError: if columns are absent, or cells cannot be read as their columns' kinds.
        """
        return self.saved_.target.predict(self._outputs(X))


class SavedClassifier(ClassifierMixin, _Saved):
    """A saved model of classes."""

    @property
    def classes_(self) -> np.ndarray:
        """The labels, as they were in the table, in increasing order."""
        return np.array(self.saved_.target.labels)

    def predict(self, X: Any) -> np.ndarray:
        """The likeliest labels (rows,); X as of `SavedRegressor.predict`."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities (rows, classes), in the order of `classes_`."""
        return self.saved_.target.probabilities(self._outputs(X))
