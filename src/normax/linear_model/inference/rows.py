"""The rows that inference counts: checked, with weights that are counts, and columns of unit size."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.sparse import diags_array, issparse

from normax.errors import InputError, suggest
from normax.linear_model.design.validation import check_design, check_offset, column_names, plain_weights
from normax.linear_model.families import Family, family_of
from normax.linear_model.inference.result import names_of

__all__ = ["Counted"]


@dataclass(frozen=True)
class Counted:
    """Rows with a weight.

    Attributes:
        X: (n, p) with columns of standard deviation 1 (length √N without an intercept); y: as given.
        family: the loss; Y: (n, 1) the response as it takes it.
        weights: (n,) > 0, as how many rows each counts; offset: (n, 1) or None.
        scale: (p,) what the columns were divided by; names: (p,).
    """

    X: Any
    y: Any
    family: Family
    Y: np.ndarray
    weights: np.ndarray
    offset: np.ndarray | None
    scale: np.ndarray
    names: np.ndarray
    intercept: bool

    @classmethod
    def of(
        cls,
        X: Any,
        y: Any,
        family: Any,
        sample_weight: Any,
        offset: Any,
        intercept: bool,
        serves: tuple[str, ...],
    ) -> Counted:
        """From what a user gives.

        Raises:
            InputError: for data or arguments that cannot be used, other families, several outputs, and columns that
                do not vary.
        """
        if not isinstance(intercept, (bool, np.bool_)):
            raise InputError(f"fit_intercept: expected True or False, got {intercept!r}")
        loss = family_of(family)
        if loss.name not in serves:
            raise InputError(
                f"family: expected one of {', '.join(serves)}, got {loss.name!r}{suggest(loss.name, serves)}; "
                "bootstrap(model, X, y) takes any model"
            )
        names, X = column_names(X), check_design(X)
        n, p = X.shape
        weights, Y = plain_weights(sample_weight, n), loss.response(y, n)
        if Y.shape[1] > 1:
            raise InputError(f"y: expected one output, got {Y.shape[1]}; take them one by one")
        offset = check_offset(offset, Y.shape)
        y = np.asarray(y)
        kept = np.flatnonzero(weights)
        if len(kept) < n:
            X, y, Y, weights = X[kept], y[kept], Y[kept], weights[kept]
            offset = None if offset is None else offset[kept]
        share = weights / weights.sum()
        means = np.asarray(share @ X).ravel() if intercept else np.zeros(p)
        squares = np.asarray(share @ (X.multiply(X) if issparse(X) else (X - means) ** 2)).ravel()
        scale = np.sqrt(np.maximum(squares - (means**2 if issparse(X) else 0), 0))
        labels = names_of(names, p)
        flat = np.flatnonzero(scale <= 1e-7 * np.sqrt(squares + means**2))
        if len(flat):
            told = ", ".join(map(str, labels[flat[:5]])) + (
                f" and {len(flat) - 5} more" if len(flat) > 5 else ""
            )
            raise InputError(f"X: expected columns that vary, got constant ones: {told}; leave them out")
        X = X @ diags_array(1 / scale, format="csc") if issparse(X) else X / scale
        if loss.rows_apart and intercept:
            loss.refuse_edge(Y)
        return cls(X, y, loss, Y, weights, offset, scale, labels, bool(intercept))

    @property
    def total(self) -> float:
        """N, as how many rows all of them count."""
        return float(self.weights.sum())

    def with_columns(self, X: np.ndarray) -> Counted:
        """The same rows with other columns, of unit size as they are."""
        return replace(self, X=X, scale=np.ones(X.shape[1]))

    def numbers(self, columns: Any) -> np.ndarray:
        """Numbers of columns that are named, numbered or None for all.

        Raises:
            InputError: for columns that are not there.
        """
        p, known = self.X.shape[1], [str(name) for name in self.names]
        if columns is None:
            return np.arange(p)
        wanted = [columns] if isinstance(columns, (str, int, np.integer)) else list(columns)
        numbers = [known.index(c) if isinstance(c, str) and c in known else c for c in wanted]
        bad = [
            c
            for c in numbers
            if isinstance(c, (str, bool)) or not isinstance(c, (int, np.integer)) or not -p <= c < p
        ]
        if bad or not wanted:
            hint = suggest(bad[0], known) if bad and isinstance(bad[0], str) else ""
            raise InputError(
                f"columns: expected names of columns or numbers below {p}, got {bad[0] if bad else 'none'!r}{hint}"
            )
        return np.array([c % p for c in numbers], dtype=np.intp)
