"""Choices by a scorer: scikit-learn's names and callables, and the metadata that they and splitters ask for."""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np
from sklearn import get_config
from sklearn.metrics import check_scoring, get_scorer
from sklearn.model_selection import check_cv
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing

from normax.errors import InputError
from normax.linear_model.estimators.base import LinearEstimator
from normax.linear_model.path import LinearPath
from normax.selection import folds

__all__ = ["Judged", "scores_of"]


class Judged(LinearEstimator):
    """An estimator with `scoring` and `cv`, to which metadata are routed as scikit-learn routes them.

    Without routing, weights of rows go to the scorer where there is one, and groups to the splitter.
    """

    scoring: Any
    cv: Any
    own_scorer = "r2"  # of its kind of estimator: what is asked for weights where scoring is None

    def get_metadata_routing(self) -> MetadataRouter:
        """What `fit` and `score` pass on to the scorer and the splitter."""
        mapping = MethodMapping().add(caller="fit", callee="score").add(caller="score", callee="score")
        router = MetadataRouter(owner=self).add_self_request(self)
        router = router.add(scorer=self._scorer(), method_mapping=mapping)
        return router.add(splitter=self.cv, method_mapping=MethodMapping().add(caller="fit", callee="split"))

    def _scorer(self) -> Any:
        if self.scoring is None:
            return get_scorer(self.own_scorer).set_score_request(sample_weight=True)
        return check_scoring(self, scoring=self.scoring)

    def _routed(
        self, method: str, params: dict[str, Any], **known: Any
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """What the splitter and the scorer are told in `fit` or `score`; known metadata are None where not given.

        Raises:
            InputError: for other metadata while routing is off.
        """
        known = {name: value for name, value in known.items() if value is not None}
        if get_config()["enable_metadata_routing"]:
            routed = process_routing(self, method, **known, **params)
            return (routed.splitter.split if method == "fit" else {}), routed.scorer.score
        if params:
            raise InputError(
                f"{method}: expected no {', '.join(params)}, which is only supported if enable_metadata_routing=True; "
                "call sklearn.set_config(enable_metadata_routing=True)"
            )
        weight = {name: value for name, value in known.items() if name == "sample_weight"}
        return {name: value for name, value in known.items() if name == "groups"}, weight

    def _pairs(self, X: Any, y: np.ndarray, classes: bool, routed: dict[str, Any]) -> list:
        """Checked folds."""
        cv = check_cv(self.cv, y, classifier=classes)
        if set(routed) - {"groups"}:  # a splitter of one's own, which asks for more
            return folds(list(cv.split(X, y, **routed)), X.shape[0])
        return folds(cv, X.shape[0], y, routed.get("groups"))


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
