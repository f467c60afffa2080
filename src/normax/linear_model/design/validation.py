"""Checks of data before any work starts; every fault names its row and column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import diags_array, issparse

from normax.errors import InputError, suggest
from normax.forms import check_unmasked
from normax.linear_model.design.products import COPIED

__all__ = [
    "Sound",
    "as_floats",
    "check_alphas",
    "check_design",
    "check_offset",
    "check_strengths",
    "check_weights",
    "column_names",
    "plain_weights",
    "refuse_not_finite",
    "refuse_other_kinds",
    "with_exclude",
    "without_excluded",
]

# Products of so many powers of such sizes as the solvers form stay within double precision.
LARGEST = 1e30


@dataclass(frozen=True)
class Sound:
    """An X that `check_design` has passed, which whatever takes one looks at no further."""

    X: Any


def check_design(X: Any, names: Sequence[str] | None = None) -> Any:
    """X as an (n, p) matrix of finite numbers that solvers read as it is.

    Single precision stays single; other kinds of numbers become float64. Compressed columns (CSC) stay as they
    are, and so do compressed rows (CSR) too large for a copy; else they are turned to columns, which are faster to
    pick. A dense X keeps its order.
    """
    if isinstance(X, Sound):
        return X.X
    check_unmasked("X", X)
    if issparse(X):
        if X.format != "csr" or X.nnz <= COPIED:
            X = X.tocsc()
        if (
            not X.has_canonical_format
        ):  # entries that share a cell are added up, but not in the caller's matrix
            X = X.copy()
            X.sum_duplicates()
    else:
        X = np.asarray(X)
    if X.dtype.kind not in "fiub":
        raise InputError(f"X: expected numbers, got dtype {X.dtype}; encode text columns first")
    if X.ndim != 2 or X.shape[0] < 1:
        raise InputError(f"X: expected a table of shape (n, p) with n >= 1, got shape {X.shape}")
    if X.shape[1] == 0:
        raise InputError("X: no columns are left; at least one feature is needed")
    if X.dtype not in (np.float64, np.float32):
        X = X.astype(np.float64)
    refuse_not_finite("X", X, names)
    return X


def column_names(X: Any) -> tuple[str, ...] | None:
    """Names of the columns of a data frame of any make, or None."""
    names = getattr(X, "columns", None)
    return None if names is None else tuple(str(name) for name in names)


def refuse_other_kinds(X: Any) -> None:
    """Name the columns of a table that are dates, times or text, which count as numbers for nobody."""
    if isinstance(X, np.ndarray) or issparse(X):
        odd = [f"dtype {X.dtype}"] if X.dtype.kind in "mM" else []
    else:
        import narwhals as nw

        table = nw.from_native(X, eager_only=True, pass_through=True)
        schema = table.schema if isinstance(table, nw.DataFrame) else {}
        kinds = {nw.String, nw.Date, nw.Datetime, nw.Duration, nw.Time, nw.List, nw.Struct}
        odd = [f"{name!r} ({kind})" for name, kind in schema.items() if kind.base_type() in kinds]
    if odd:
        raise InputError(
            f"X: expected numbers, got {_some(odd)}; make numbers of them first, by "
            "sklearn.preprocessing's OneHotEncoder, say, or let `normax path` read the table"
        )


def refuse_not_finite(what: str, a: Any, names: Sequence[str] | None = None, first: int = 0) -> None:
    """Name the first rows and all columns that hold NaN or infinity, and columns far out in size; `first` is the number
    of the first row."""
    if a.dtype.kind != "f" or not a.shape[0]:
        return
    with np.errstate(invalid="ignore", over="ignore"):
        # One fast pass tells whether there is anything to look for, in a's own precision, since another takes a copy.
        # Weights that differ keep numbers of both signs from cancelling.
        sums = np.atleast_1d(np.linspace(1, 2, a.shape[0], dtype=a.dtype) @ a)
    values = a.data if issparse(a) else a
    if not (np.isfinite(sums).all() or np.isfinite(values).all()):
        bad = ~np.isfinite(values)
        if issparse(a):
            cells = a.tocoo()
            at = np.column_stack([cells.row, cells.col])[bad]
        else:
            at = np.argwhere(bad)
        at = at + np.array([first, 0])[: at.shape[1]]
        _tell_not_finite(what, values[bad], at, names)
    odd = _extreme(np.abs(sums))
    if odd.any():
        columns = abs((a if a.ndim == 2 else a[:, None])[:, np.flatnonzero(odd)])
        sizes = np.zeros(len(odd))
        sizes[odd] = columns.max(axis=0).toarray().ravel() if issparse(a) else columns.max(axis=0)
        _refuse_extreme(what, sizes, names)


def _refuse_extreme(what: str, sizes: np.ndarray, names: Sequence[str] | None) -> None:
    """An InputError for columns whose largest number, (k,), has powers that leave the range of double precision."""
    bad = np.flatnonzero(_extreme(sizes))
    if len(bad):
        where = f" in columns {_some([repr(str(names[int(j)])) for j in bad] if names is not None else bad)}"
        raise InputError(
            f"{what}: expected numbers between {1 / LARGEST:g} and {LARGEST:g} in size, or 0, whose "
            f"products stay within double precision, got {sizes[bad[0]]:.3g}"
            f"{where if len(sizes) > 1 else ''}; change the unit"
        )


def _extreme(sizes: np.ndarray) -> np.ndarray:
    """Which sizes, (k,) >= 0, are far out; 0 is not."""
    sizes = sizes.astype(float)  # single precision has no numbers so large
    return (sizes > LARGEST) | ((sizes > 0) & (sizes < 1 / LARGEST))


def _tell_not_finite(what: str, values: np.ndarray, cells: np.ndarray, names: Sequence[str] | None) -> None:
    """Raise for cells (c, 1 or 2) that hold the values (c,), none of them finite."""
    kind = "NaN" if np.isnan(values).any() else "infinity"
    both = "NaN and infinity" if kind == "NaN" and np.isinf(values).any() else kind
    if cells.shape[1] == 1:
        where = f"at rows {_some(cells[:, 0])}"
    else:
        columns = np.unique(cells[:, 1])
        label = _some([repr(str(names[j])) for j in columns] if names is not None else columns)
        where = f"in columns {label}, first at row {cells[0, 0]}"
    raise InputError(
        f"{what}: expected finite numbers, got {both} {where}; fill or drop these cells. Input {what} contains {kind}."
    )


def plain_weights(sample_weight: Any, n: int) -> np.ndarray:
    """Row weights as they were given, (n,); ones for None."""
    if sample_weight is None:
        return np.ones(n)
    check_unmasked("sample_weight", sample_weight)
    w = np.asarray(sample_weight, dtype=float)
    if w.ndim == 0:
        w = np.full(n, float(w))
    if w.shape != (n,):
        raise InputError(
            f"sample_weight: expected one weight for each of the {n} rows, got shape {w.shape}. Sample weights must be "
            "1D array or scalar"
        )
    refuse_not_finite("sample_weight", w)
    if (w < 0).any():
        raise InputError(
            f"sample_weight: expected weights >= 0, got negative ones at rows {_some(np.flatnonzero(w < 0))}"
        )
    if not w.any():
        raise InputError("sample_weight: all weights are zero; at least one row must count")
    return w


def check_weights(sample_weight: Any, n: int) -> np.ndarray:
    """Row weights that sum to 1, (n,)."""
    w = plain_weights(sample_weight, n)
    w = w / w.max()  # whose sum is finite
    return w / w.sum()


def check_offset(offset: Any, shape: tuple[int, int]) -> np.ndarray | None:
    """An offset as (n, m) finite floats, or None."""
    if offset is None:
        return None
    check_unmasked("offset", offset)
    a = np.asarray(offset)
    n, m = shape
    if a.dtype.kind not in "fiub" or a.shape not in ((n,), (n, m)) or (a.ndim == 1 and m > 1):
        wanted = (
            f"one number for each of the {n} rows"
            if m == 1
            else f"numbers of shape {shape}, a column an output"
        )
        raise InputError(f"offset: expected {wanted}, got dtype {a.dtype} of shape {a.shape}")
    refuse_not_finite("offset", a)
    return a.astype(float).reshape(n, m)


def as_floats(name: str, value: Any) -> np.ndarray:
    """An option of numbers as an array of any shape."""
    try:
        return np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise InputError(f"{name}: expected a number or one for each feature, got {value!r}") from None


def with_exclude(X: Any, penalty_factor: Any, exclude: Any) -> Any:
    """The factors, infinite for the features that `exclude` names.

    Args:
        X: the table whose columns may be named; exclude: positions, (p,) booleans, or names; None for none.
    """
    if exclude is None:
        return penalty_factor
    names, p = (
        column_names(X),
        (X.X if isinstance(X, Sound) else X if hasattr(X, "shape") else np.asarray(X)).shape[1],
    )
    chosen = np.atleast_1d(np.asarray(exclude))
    if chosen.dtype.kind in "UO" and names is not None:
        strange = [name for name in chosen.tolist() if name not in names]
        if strange:
            raise InputError(
                f"exclude: no column of X is {_some(map(repr, strange))}{suggest(str(strange[0]), names)}"
            )
        chosen = np.array([names.index(name) for name in chosen.tolist()])
    right = chosen.shape == (p,) if chosen.dtype == bool else chosen.dtype.kind in "iu" or not chosen.size
    if (
        not right
        or chosen.ndim != 1
        or (chosen.dtype != bool and chosen.size and not (-p <= chosen.min() and chosen.max() < p))
    ):
        raise InputError(
            f"exclude: expected positions from 0 to {p - 1}, {p} booleans, or names of a data frame's columns, "
            f"got {exclude!r}"
        )
    factor = (
        np.ones(p)
        if penalty_factor is None
        else np.array(np.broadcast_to(as_floats("penalty_factor", penalty_factor), p))
    )
    factor[chosen if chosen.size else []] = np.inf
    return factor


def without_excluded(X: Any, penalty_factor: Any) -> tuple[Any, Any]:
    """X and the factors, where columns of an infinite factor are zeros, which no model takes in, with a factor of 1."""
    if penalty_factor is None:
        return X, None
    factor = as_floats("penalty_factor", penalty_factor)
    out = np.isposinf(factor)
    if not out.any():
        return X, penalty_factor
    X = check_design(X)
    out = np.broadcast_to(out, X.shape[1]) if out.ndim == 0 else out
    if out.shape != (X.shape[1],):
        raise InputError(
            f"penalty_factor: expected a number or one for each of {X.shape[1]} features, got shape {out.shape}"
        )
    kept = ~out
    X = (
        (X * kept.astype(X.dtype))
        if not issparse(X)
        else X @ diags_array(kept.astype(X.dtype), format=X.format)
    )
    return X, np.where(out, 1.0, factor)


def check_strengths(strengths: Any) -> np.ndarray:
    """Strengths as a (k,) array of finite numbers >= 0, k >= 1."""
    s = np.atleast_1d(np.asarray(strengths, dtype=float))
    if s.ndim != 1 or not len(s):
        raise InputError(f"strengths: expected one or more numbers, got shape {s.shape}")
    bad = np.flatnonzero(~(np.isfinite(s) & (s >= 0)))
    if len(bad):
        told = ", ".join(f"{s[i]} at position {i}" for i in bad[:5])
        raise InputError(f"strengths: expected finite numbers >= 0, got {told}")
    return s


def check_alphas(alphas: Any) -> np.ndarray:
    """The same of strengths that are called `alphas`, with scikit-learn's words for what is wrong.

    Raises:
        TypeError: for anything but numbers, text of numbers among them.
    """
    if np.asarray(alphas).dtype.kind not in "fiu":
        given = np.ravel(np.asarray(alphas, dtype=object))
        i, alpha = next((i, a) for i, a in enumerate(given) if not isinstance(a, (int, float)) or a is True)
        raise TypeError(f"alphas[{i}] must be an instance of float, not {type(alpha).__name__}")
    s = np.atleast_1d(np.asarray(alphas, dtype=float))
    if s.ndim != 1 or not len(s):
        raise InputError(f"alphas: expected a count or one or more numbers, got shape {s.shape}")
    bad = np.flatnonzero(~(np.isfinite(s) & (s >= 0)))
    if len(bad):
        told = "; ".join(f"alphas[{i}] == {s[i]:g}, must be >= 0.0 and finite" for i in bad[:5])
        raise InputError(told)
    return s


def _some(items: Any, most: int = 5) -> str:
    items = list(items)
    more = f" and {len(items) - most} more" if len(items) > most else ""
    return ", ".join(str(i) for i in items[:most]) + more
