"""Rows drawn with replacement, and folds in which all copies of a row stay together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.model_selection import GroupKFold, check_cv

from normax.errors import InputError
from normax.linear_model.estimators.cox import CoxModel
from normax.linear_model.families.cox import survival_columns
from normax.selection import folds, is_count

__all__ = ["FoldsOfRows", "draws"]

MOST = 1000  # draws in search of one that holds every class


def draws(
    n: int, repeats: int, seed: int, groups: Any, labels: np.ndarray | None
) -> tuple[list[np.ndarray], int]:
    """Sorted row numbers of each resample, and how many were drawn again because a label was missing.

    Args:
        groups: (n,) which are drawn whole, or None; labels: (n,) of which every one must be there, or None.

    Example:
        >>> [rows.tolist() for rows in draws(4, 2, 5, ["a", "a", "b", "b"], None)[0]]
        [[0, 0, 1, 1], [0, 1, 2, 3]]
    """
    if groups is None:
        blocks = [np.array([i]) for i in range(n)]
    elif np.shape(groups) != (n,):
        raise InputError(f"groups: expected one for each of the {n} rows, got shape {np.shape(groups)}")
    else:
        number = np.unique(np.asarray(groups), return_inverse=True)[1]
        blocks = [np.flatnonzero(number == g) for g in range(number.max() + 1)]
        if len(blocks) < 2:
            raise InputError("groups: expected at least 2 different ones to draw among, got 1")
    kinds = 0 if labels is None else len(np.unique(labels))
    found, again = [], 0
    for stream in np.random.default_rng(seed).spawn(repeats):
        for _ in range(MOST):
            picked = stream.integers(len(blocks), size=len(blocks))
            rows = np.sort(np.concatenate([blocks[g] for g in picked]))
            if labels is None or len(np.unique(labels[rows])) == kinds:
                break
            again += 1
        else:
            raise InputError(f"y: some label is in none of {MOST} resamples; there are too few rows of it")
        found.append(rows)
    return found, again


@dataclass(frozen=True)
class FoldsOfRows:
    """What a model needs to choose its strength on resampled rows.

    Attributes:
        model: unfitted; name: of its parameter `cv`, or None; pairs: of rows in the data.
        told: facts for the result.
    """

    model: Any
    name: str | None
    pairs: list[tuple[np.ndarray, np.ndarray]]
    told: dict[str, str]

    @classmethod
    def of(cls, model: Any, X: Any, y: Any, n: int, groups: Any) -> FoldsOfRows:
        """Find where a model says how it cross-validates, and split the rows of the data so.

        Raises:
            InputError: for more than one such place, of which the inner would know nothing of copies.
        """
        if not hasattr(model, "get_params"):
            raise InputError(f"model: expected an estimator such as LassoCV(), got {type(model).__name__}")
        model = clone(model)
        params = model.get_params(deep=True)
        places = [name for name in params if name == "cv" or name.endswith("__cv")]
        owners = {name: params[name[:-4]] if name != "cv" else model for name in places}
        places = [name for name in places if _chooses(owners[name])]
        if len(places) > 1:
            raise InputError(
                f"model: expected one cross-validation, got {', '.join(places)}: the inner would part the copies of a "
                "row; give the inner model a fixed strength"
            )
        if not places:
            return cls(model, None, [], {})
        name, owner, cv = places[0], owners[places[0]], params[places[0]]
        told = {}
        if cv is None and type(owner).__name__ in ("RidgeCV", "RidgeClassifierCV"):
            cv = min(10, n)
            told["folds"] = f"{cv} folds instead of leave-one-out, which would leave copies of the row in"
        labels: Any = cls(model, name, [], told).events(y)
        classes = is_classifier(owner) or labels is not None
        splitter: Any = check_cv(cv, y if labels is None else labels, classifier=classes)
        if groups is not None and (cv is None or is_count(cv)):
            splitter = GroupKFold(splitter.get_n_splits())
        pairs = folds(splitter, n, np.asarray(y) if labels is None else labels, groups)
        return cls(model, name, pairs, told)

    def events(self, y: Any) -> np.ndarray | None:
        """(n,) whether each row ends with an event where the model is one of survival, else None."""
        last = self.model
        while hasattr(last, "steps"):
            last = last.steps[-1][1]
        return survival_columns(y, len(y))[:, 2].astype(int) if isinstance(last, CoxModel) else None

    def model_for(self, rows: np.ndarray) -> Any:
        """The model for resampled rows, whose copies keep the fold of the row that they are of."""
        model = clone(self.model)
        if self.name is None:
            return model
        places = [np.flatnonzero(np.isin(rows, side)) for pair in self.pairs for side in pair]
        pairs = [pair for pair in zip(places[::2], places[1::2]) if len(pair[0]) and len(pair[1])]
        return model.set_params(**{self.name: pairs})


def _chooses(owner: Any) -> bool:
    """Whether an estimator with a parameter `cv` uses it: of normax's `Penalised` only where no strength is given."""
    strength = getattr(owner, "strength", "cv")
    if strength is None:
        return isinstance(owner.penalty, (str, type))
    return isinstance(strength, str)
