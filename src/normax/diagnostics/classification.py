"""Curves and tables of a classifier: ROC, precision against recall, calibration, each class by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import confusion_matrix, precision_recall_curve, roc_curve

from normax.diagnostics.columns import numbers, truths
from normax.errors import InputError
from normax.rows import PrintedTable

__all__ = ["Calibration", "PrecisionRecall", "Roc", "calibration", "per_class", "precision_recall", "roc"]

Z = 1.959963984540054  # of 95 % intervals


@dataclass(frozen=True, repr=False)
class Roc:
    """The receiver operating characteristic: at each threshold, what is called positive of both classes.

    Attributes:
        false_positive, true_positive: `(t,)` shares of the negative and of the positive rows with score >= threshold.
        threshold: `(t,)`, falling; the first is infinite.

    Made by `roc`.
    """

    false_positive: np.ndarray
    true_positive: np.ndarray
    threshold: np.ndarray

    @property
    def auc(self) -> float:
        """Area under the curve: how often a positive row scores above a negative one, ties counted half."""
        return float(np.trapezoid(self.true_positive, self.false_positive))

    def __repr__(self) -> str:
        return f"Roc({len(self.threshold)} thresholds, auc={self.auc:.4g})"


@dataclass(frozen=True, repr=False)
class PrecisionRecall:
    """Precision against recall, threshold by threshold.

    Attributes:
        precision, recall: `(t + 1,)`; the last point, (1, 0), has no threshold.
        threshold: `(t,)`, rising.
        base_rate: share of positive rows, the precision of a score that knows nothing.

    Made by `precision_recall`.
    """

    precision: np.ndarray
    recall: np.ndarray
    threshold: np.ndarray
    base_rate: float

    @property
    def average_precision(self) -> float:
        """Σ (recall_i − recall_{i+1}) · precision_i: the area as a sum of steps."""
        return float(-(np.diff(self.recall) * self.precision[:-1]).sum())

    def __repr__(self) -> str:
        return f"PrecisionRecall({len(self.threshold)} thresholds, ap={self.average_precision:.4g})"


@dataclass(frozen=True, repr=False)
class Calibration:
    """Rows binned by their predicted probability: what was predicted, and what happened.

    Attributes:
        predicted: `(b,)` mean probability in each bin.
        observed: `(b,)` share of positive rows in it.
        low, high: `(b,)` its 95 % interval (Wilson).
        count: `(b,)` rows.
        brier: mean squared distance of probability and truth over all rows.

    Made by `calibration`.
    """

    predicted: np.ndarray
    observed: np.ndarray
    low: np.ndarray
    high: np.ndarray
    count: np.ndarray
    brier: float

    @property
    def error(self) -> float:
        """Expected calibration error, Σ_b n_b |observed_b − predicted_b| / n."""
        return float(np.average(np.abs(self.observed - self.predicted), weights=self.count))

    def table(self) -> PrintedTable:
        """One row a bin."""
        names = ("predicted", "observed", "low", "high")
        return PrintedTable(
            {"rows": int(n)} | {name: float(getattr(self, name)[i]) for name in names}
            for i, n in enumerate(self.count)
        )

    def __repr__(self) -> str:
        return f"Calibration({len(self.count)} bins, error={self.error:.4g}, brier={self.brier:.4g})"

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


def roc(y: Any, score: Any, positive: Any = None) -> Roc:
    """The ROC curve of a score.

    Args:
        y: `(n,)` classes.
        score: `(n,)` numbers, the larger the likelier positive: probabilities or logits.
        positive: the class that counts as positive, against all others; of two classes the one that sorts last.

    Returns:
        A `Roc`; `nx.plot.roc` draws it.

    Raises:
        InputError: for one class alone, more than two without `positive`, scores that are not finite.

    Example:
        >>> roc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]).auc
        0.75

    Source:
        Fawcett, "An introduction to ROC analysis", Pattern Recognition Letters 2006.
    """
    true, (score,) = truths(y, positive), numbers(score=score)
    _equal(true, score)
    return Roc(*roc_curve(true, score))


def precision_recall(y: Any, score: Any, positive: Any = None) -> PrecisionRecall:
    """Precision (share of those called positive that are) against recall (share of the positive that are called so).

    Args:
        y, score, positive: as of `roc`.

    Returns:
        A `PrecisionRecall`; `nx.plot.precision_recall` draws it.

    Raises:
        InputError: as `roc`.

    Example:
        >>> precision_recall([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]).average_precision
        0.8333333333333333

    Source:
        Davis & Goadrich, "The relationship between precision-recall and ROC curves", ICML 2006.
    """
    true, (score,) = truths(y, positive), numbers(score=score)
    _equal(true, score)
    precision, recall, threshold = precision_recall_curve(true, score)
    return PrecisionRecall(precision, recall, threshold, float(true.mean()))


def calibration(y: Any, probability: Any, positive: Any = None, bins: int = 10) -> Calibration:
    """Predicted probabilities beside observed shares, in bins of about equally many rows.

    Args:
        y, positive: as of `roc`.
        probability: `(n,)` of the positive class, in [0, 1].
        bins: at most so many; rows of one probability stay together.

    Returns:
        A `Calibration`; `nx.plot.calibration` draws it.

    Raises:
        InputError: for numbers that are no probabilities, and as `roc`.

    Example:
        >>> found = calibration([0, 0, 1, 1], [0.1, 0.3, 0.7, 0.9], bins=2)
        >>> found.predicted.tolist(), found.observed.tolist()
        ([0.2, 0.8], [0.0, 1.0])

    Source:
        Wilson, "Probable inference", JASA 1927, for the intervals; Niculescu-Mizil & Caruana, "Predicting good
        probabilities with supervised learning", ICML 2005.
    """
    true, (p,) = truths(y, positive), numbers(probability=probability)
    _equal(true, p)
    if p.min() < 0 or p.max() > 1:
        raise InputError(
            f"probability: expected numbers in [0, 1], got {p.min():.4g} to {p.max():.4g}; "
            "of logits it is scipy.special.expit(logits)"
        )
    if isinstance(bins, bool) or not isinstance(bins, int) or bins < 1:
        raise InputError(f"bins: expected a whole number >= 1, got {bins!r}")
    edges = np.unique(np.quantile(p, np.linspace(0, 1, bins + 1)[1:-1], method="inverted_cdf"))
    place = np.unique(np.searchsorted(edges, p), return_inverse=True)[1]
    count = np.bincount(place)
    observed = np.bincount(place, true) / count
    middle = (observed + Z**2 / (2 * count)) / (1 + Z**2 / count)
    half = Z / (1 + Z**2 / count) * np.sqrt(observed * (1 - observed) / count + (Z / (2 * count)) ** 2)
    brier = float(np.mean((p - true) ** 2))
    mean = np.bincount(place, p) / count
    return Calibration(
        mean, observed, np.clip(middle - half, 0, observed), np.clip(middle + half, observed, 1), count, brier
    )


def per_class(y: Any, predicted: Any) -> PrintedTable:
    """Each class by itself: rows, how many were called so, precision, recall and F₁ = 2PR/(P + R).

    Args:
        y: `(n,)` true classes.
        predicted: `(n,)` predicted ones.

    Returns:
        One row a class, in sorted order. A share of nothing (the precision of a class that was never predicted)
        is NaN, and no zero.

    Raises:
        InputError: for columns of unequal length.

    Example:
        >>> per_class(["a", "a", "b"], ["a", "b", "b"])
        class  rows  predicted  precision  recall      f1
            a     2          1          1     0.5  0.6667
            b     1          2        0.5       1  0.6667
    """
    y, predicted = np.asarray(y), np.asarray(predicted)
    _equal(y, predicted)
    labels = np.unique(np.concatenate([y, predicted]))
    counts = confusion_matrix(y, predicted, labels=labels)
    hits, rows, called = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)

    def share(part: int, whole: int) -> float:
        return float(part / whole) if whole else float("nan")

    return PrintedTable(
        {
            "class": label,
            "rows": int(rows[i]),
            "predicted": int(called[i]),
            "precision": share(hits[i], called[i]),
            "recall": share(hits[i], rows[i]),
            "f1": share(2 * hits[i], rows[i] + called[i]),
        }
        for i, label in enumerate(labels.tolist())
    )


def _equal(a: np.ndarray, b: np.ndarray) -> None:
    if len(a) != len(b):
        raise InputError(f"expected as many rows in each, got {len(a)} and {len(b)}")
