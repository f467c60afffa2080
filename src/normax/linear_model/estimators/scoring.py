"""Choices by a scorer: scikit-learn's names and callables, and the metadata that they ask for."""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np
from sklearn.metrics import check_scoring, get_scorer
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping

from normax.linear_model.estimators.base import LinearEstimator
from normax.linear_model.estimators.routing import Folded
from normax.linear_model.path import LinearPath

__all__ = ["Judged", "scores_of"]


class Judged(Folded):
    """An estimator with `scoring` too, to whose scorer metadata are routed as scikit-learn routes them.

    Without routing, weights of rows go to the scorer where there is one, and groups to the splitter.
    """

    scoring: Any
    own_scorer = "r2"  # of its kind of estimator: what is asked for weights where scoring is None

    def get_metadata_routing(self) -> MetadataRouter:
        """What `fit` and `score` pass on to the scorer and the splitter."""
        mapping = MethodMapping().add(caller="fit", callee="score").add(caller="score", callee="score")
        return super().get_metadata_routing().add(scorer=self._scorer(), method_mapping=mapping)

    def _scorer(self) -> Any:
        if self.scoring is None:
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
