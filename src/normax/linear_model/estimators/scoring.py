"""Choices by a scorer: scikit-learn's names and callables, and the metadata that they ask for."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from copy import copy
from typing import Any

import numpy as np
from sklearn import config_context
from sklearn.metrics import check_scoring, get_scorer
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping

from normax.linear_model.estimators.base import LinearEstimator
from normax.linear_model.estimators.routing import Folded
from normax.linear_model.path import LinearPath

__all__ = ["Judged", "knowing", "scores_of"]


class Judged(Folded):
    """An estimator with `scoring` too, to whose scorer metadata are routed as scikit-learn routes them.

    Without routing, weights of rows go to the scorer where there is one, and groups to the splitter.
    """

    scoring: Any
    own_scorer = "r2"  # of its kind of estimator: what is asked for weights where scoring is None
    scorer_serves: tuple[str, ...] = ("fit",)

    def get_metadata_routing(self) -> MetadataRouter:
        """What `fit` and `score` pass on to the scorer and the splitter."""
        mapping = MethodMapping()
        for method in self.scorer_serves:
            mapping.add(caller=method, callee="score")
        return super().get_metadata_routing().add(scorer=self._scorer(), method_mapping=mapping)

    def _scorer(self) -> Any:
        if self.scoring in (None, "warn"):
            return get_scorer(self.own_scorer).set_score_request(sample_weight=True)
        return check_scoring(self, scoring=self.scoring)


def scores_of(
    shell: LinearEstimator, path: LinearPath, X: Any, y: np.ndarray, scorer: Any, metadata: dict[str, Any]
) -> np.ndarray:
    """(k,) scores of the fits of a path, each in turn in a copy of `shell`, an estimator that lacks coefficients alone.

    Args:
        X, y: rows to score; scorer: called with estimator, X and y; metadata: (n,) what it is told of the rows.
    """
    shell, scores = copy(shell), []
    for at in range(len(path.strengths)):
        shell._keep(path, at)
        scores.append(scorer(shell, X, y, **metadata))
    return np.array(scores, dtype=float)


def knowing(scorer: Any, classes: np.ndarray) -> Callable[..., float]:
    """The scorer, told of all classes if its metric asks for `labels`: held-out rows may lack some of them.

    The positive class is the second of two, if the metric asks for it and the scorer does not say.
    """
    takes = inspect.signature(scorer._score_func).parameters if hasattr(scorer, "_score_func") else {}
    if "labels" not in takes:
        return scorer
    known = {"labels": classes}
    if "pos_label" in takes and len(classes) == 2:
        known["pos_label"] = classes[1]
    known = {name: value for name, value in known.items() if name not in getattr(scorer, "_kwargs", {})}

    def told(*rows: Any, **metadata: Any) -> float:
        with config_context(enable_metadata_routing=True):  # else scorers take weights alone
            return scorer(*rows, **metadata, **known)

    return told
