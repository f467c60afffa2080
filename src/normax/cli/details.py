"""What a run has to say: the screen, the page and `model.json` all tell it from here.

What is read from a `model.json` may be of another day: fields with a default may be absent, others may have come since.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, Literal

import numpy as np

from normax.forms import Open

__all__ = [
    "Baseline",
    "Coefficient",
    "ComparisonDetails",
    "Confusion",
    "Contender",
    "Contest",
    "Intercept",
    "Measure",
    "PathDetails",
    "RunDetails",
    "TableDetails",
    "plain",
]


@dataclass(frozen=True, kw_only=True)
class TableDetails(Open):
    """The table: its rows, its columns, and what was left out."""

    rows: int
    features: int
    test_rows: int
    file: str | None = None
    sha256: str | None = None
    rows_without_target: int | None = None
    test_file: str | None = None
    columns: list[dict[str, Any]] = field(default_factory=list)
    left_out: list[dict[str, str]] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Measure(Open):
    """One measure of the chosen model, over the folds and on the test rows."""

    name: str
    cv: float | None
    test: float | None
    text: str | None = None


@dataclass(frozen=True, kw_only=True)
class Confusion(Open):
    """Counts of rows by true class and predicted class."""

    labels: list[str]
    cv: list[list[int]]
    test: list[list[int]] | None


@dataclass(frozen=True, kw_only=True)
class Baseline(Open):
    """The error of one of the models that are told beside each other; `rmse` is in the target's units."""

    model: Literal["null", "chosen", "minimum", "one_se", "unpenalised"]
    strength: float | None
    nonzero: float | None
    cv: float | None
    se: float | None
    test: float | None
    rmse: float | None = None


@dataclass(frozen=True, kw_only=True)
class Intercept:
    """Of one output of a linear model, on the standardised scale and on that of the table."""

    output: str | None
    standardised: float
    original: float


@dataclass(frozen=True, kw_only=True)
class Coefficient(Intercept):
    """Of one feature, by name."""

    feature: str
    column: str


@dataclass(frozen=True, kw_only=True)
class Contender(Open):
    """One of the models that `--model auto` compared: `behind` is its error less the smallest, fold by fold."""

    model: str
    strength: float
    nonzero: int
    cv: float
    se: float
    behind: float
    behind_se: float
    kept: bool
    rmse: float | None
    test: float | None
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Contest(Open):
    """What `--model auto` found: every model, the simplest first, and in a sentence which is kept and why."""

    verdict: str
    models: list[Contender]


@dataclass(frozen=True, kw_only=True)
class RunDetails(Open):
    """What every run tells."""

    title: str
    model_text: str
    loss_text: str
    data: TableDetails
    notices: list[str]
    seconds: list[tuple[str, float]]
    command: str | None = None
    settings: list[dict[str, Any]] = field(default_factory=list)
    versions: dict[str, str] | None = None
    created: str | None = None


@dataclass(frozen=True, kw_only=True)
class PathDetails(RunDetails):
    """A path: what was fitted to what, how well, and against which baselines."""

    task: str
    penalty: str
    select: Literal["1se", "min"]
    metrics: list[Measure]
    confusion: Confusion | None
    baselines: list[Baseline]
    caution: str | None
    target: str | None = None
    log_target: bool | None = None
    family: str | None = None
    labels: list[str] | None = None
    positive: str | None = None
    model: str | None = None
    loss: str | None = None
    cost: str | None = None
    contest: Contest | None = None
    coefficients: list[Coefficient] | None = None
    intercept: list[Intercept] | None = None


@dataclass(frozen=True, kw_only=True)
class ComparisonDetails(RunDetails):
    """A comparison: `tested` is each method's error on the rows that nothing was chosen on."""

    tested: dict[str, float] | None


def plain(value: Any) -> Any:
    """The value with NumPy's scalars and arrays as Python's own and NaN or inf as None: what JSON can say."""
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: plain(getattr(value, f.name)) for f in fields(value)})
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
