"""`row_source`: whatever rows come in, as a source of blocks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import issparse

from normax.errors import InputError
from normax.linear_model.sources.arrays import Arrays, Blocks
from normax.linear_model.sources.dask_parts import DaskParts
from normax.linear_model.sources.parquet import Files
from normax.linear_model.sources.source import BLOCK, Source

__all__ = ["beyond_memory", "row_source"]


def row_source(
    X: Any, y: Any = None, *, sample_weight: Any = None, features: Any = None, block_size: int = BLOCK
) -> Source:
    """Rows that need not fit in memory, for `fit_path` and the estimators: read block by block, as often as needed.

    Args:
        X: a NumPy array or memory map (n, p); a SciPy matrix of compressed rows; a Dask array or data frame; a folder of
            Parquet files, a file, several, or a pyarrow dataset; or a function that, at every call, gives the blocks of
            a fresh pass: (X, y) or (X, y, weights) of some rows each, always the same ones.
        y: (n,) or (n, outputs), an array like X (NumPy, memory map, Dask); of Parquet and data frames the name of a
            column, or several; of a function None, since its blocks have it.
        sample_weight: (n,) weights >= 0 likewise, or the name of a column; None counts rows alike.
        features: of Parquet and data frames, the columns of X in their order; None for all but those of y and the
            weights.
        block_size: bytes of X in a block in double precision, 64 MiB by default. A fit holds a few blocks at a time and
            a few matrices of p × p numbers for each fold; Dask and Parquet hold a partition or a row group too.

    Returns:
        A `Source`, whose `passes` counts how often the rows were read.

    Raises:
        InputError: for what cannot be read, and columns that are not numbers.

    Example:
        >>> X = np.arange(6.0).reshape(3, 2)
        >>> rows = row_source(lambda: ((X[i : i + 1], X[i : i + 1, 0]) for i in range(3)))
        >>> sum(block.X.T @ block.y for block in rows.blocks()).tolist(), rows
        ([20.0, 26.0], Blocks(3 rows, 2 columns, 1 passes))
    """
    if isinstance(X, Source):
        if y is not None or sample_weight is not None:
            raise InputError("y, sample_weight: expected None beside a source, which has its own")
        return X
    if block_size < 1:
        raise InputError(f"block_size: expected bytes >= 1, got {block_size!r}")
    if _is_files(X):
        return Files(X, y, sample_weight, features, block_size)
    if _is_dask(X):
        return DaskParts(X, y, sample_weight, features, block_size)
    if features is not None:
        raise InputError("features: expected None beside arrays and blocks; choose columns of X itself")
    if issparse(X) or isinstance(X, np.ndarray):
        return Arrays(X, y, sample_weight, None, block_size)
    if callable(X):
        if y is not None or sample_weight is not None:
            raise InputError(
                "y, sample_weight: expected None beside a function, whose blocks are (X, y, weights)"
            )
        return Blocks(X, None, block_size)
    raise InputError(
        "X: expected an array, a memory map, compressed rows, a Dask collection, Parquet files, a pyarrow dataset or a "
        f"function that gives blocks, got {type(X).__name__}"
    )


def beyond_memory(X: Any) -> bool:
    """Whether X is no table in memory but something that `row_source` reads: Dask, Parquet, a function, a source."""
    if type(X) is np.ndarray:
        return False
    return isinstance(X, Source) or _is_dask(X) or _is_files(X) or (callable(X) and not hasattr(X, "shape"))


def _is_dask(X: Any) -> bool:
    return type(X).__module__.split(".")[0] in ("dask", "dask_expr") and hasattr(X, "dask")


def _is_files(X: Any) -> bool:
    if isinstance(X, (list, tuple)):
        return bool(X) and all(isinstance(one, (str, Path)) for one in X)
    return isinstance(X, (str, Path)) or type(X).__module__.startswith("pyarrow._dataset")
