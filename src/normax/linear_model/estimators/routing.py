"""What scikit-learn's metadata routing asks of an estimator with `cv`: rows' metadata for the splitter and a scorer."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import get_config
from sklearn.model_selection import check_cv
from sklearn.utils.metadata_routing import (
    UNUSED,
    MetadataRouter,
    MethodMapping,
    get_routing_for_object,
    process_routing,
)

from normax.errors import InputError
from normax.linear_model.estimators.base import LinearEstimator
from normax.selection import folds

__all__ = ["Folded"]


def _keeps_groups(cv: Any) -> bool:
    """Whether a splitter has a use for groups: scikit-learn's say so, and any other is handed them."""
    if not hasattr(cv, "split"):
        return False
    if not hasattr(cv, "get_metadata_routing"):
        return True
    return bool(get_routing_for_object(cv).consumes("split", ["groups"]))


class Folded(LinearEstimator):
    """An estimator with `cv`, to whose splitter metadata are routed as scikit-learn routes them.

    Without routing, groups go to the splitter, if it asks for them.
    """

    cv: Any
    __metadata_request__fit = {"groups": UNUSED}  # noqa: RUF012  a splitter asks for them, the fit does not

    def get_metadata_routing(self) -> MetadataRouter:
        """What `fit` passes on to the splitter."""
        router = MetadataRouter(owner=self).add_self_request(self)
        return router.add(splitter=self.cv, method_mapping=MethodMapping().add(caller="fit", callee="split"))

    def _routed(
        self, method: str, params: dict[str, Any], **known: Any
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """What the splitter and the scorer are told in `fit` or `score`; known metadata are None where not given.

        Raises:
            InputError: for other metadata while routing is off, and for groups that the splitter has no use for.
        """
        known = {name: value for name, value in known.items() if value is not None}
        if not known and not params:
            return {}, {}
        if get_config()["enable_metadata_routing"]:
            routed = process_routing(self, method, **known, **params)
            told = routed.scorer.score if "scorer" in routed else {}
            return (routed.splitter.split if method == "fit" else {}), told
        if params:
            raise InputError(
                f"{method}: expected no {', '.join(params)}, which is only supported if enable_metadata_routing=True; "
                "call sklearn.set_config(enable_metadata_routing=True)"
            )
        if "groups" in known and not _keeps_groups(self.cv):
            raise InputError(
                f"groups: expected a splitter that keeps them together, such as cv=GroupKFold(5), got cv={self.cv!r}; handing "
                "them to another is only supported if enable_metadata_routing=True"
            )
        weight = {name: value for name, value in known.items() if name == "sample_weight"}
        return {name: value for name, value in known.items() if name == "groups"}, weight

    def _pairs(self, X: Any, y: np.ndarray, classes: bool, routed: dict[str, Any]) -> list:
        """Checked folds."""
        cv = check_cv(self.cv, y, classifier=classes)
        if set(routed) - {"groups"}:  # a splitter of one's own, which asks for more
            return folds(list(cv.split(X, y, **routed)), X.shape[0])
        return folds(cv, X.shape[0], y, routed.get("groups"))
