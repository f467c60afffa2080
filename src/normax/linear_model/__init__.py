"""Penalised linear models with certified solutions: paths, estimators, cross-validation."""

import importlib
from typing import TYPE_CHECKING, Any

from normax.linear_model.analysis.adaptive import adaptive_factors
from normax.linear_model.analysis.collinearity import ridge_trace, variance_inflation
from normax.linear_model.analysis.concordance import concordance
from normax.linear_model.analysis.criteria import degrees_of_freedom, information_criteria
from normax.linear_model.analysis.cv_path import cv_path
from normax.linear_model.analysis.cv_result import CvPath
from normax.linear_model.analysis.relaxed import relaxed_path
from normax.linear_model.analysis.stability import stability_selection
from normax.linear_model.estimators.cox import CoxRegressor
from normax.linear_model.estimators.cv_cox import CoxRegressorCV
from normax.linear_model.estimators.cv_huber import HuberRegressorCV
from normax.linear_model.estimators.cv_lars import LarsCV, LassoLarsCV
from normax.linear_model.estimators.cv_logistic import LogisticRegressionCV
from normax.linear_model.estimators.cv_named import (
    GammaRegressorCV,
    PoissonRegressorCV,
    QuantileRegressorCV,
    TweedieRegressorCV,
)
from normax.linear_model.estimators.cv_ordinal import OrdinalClassifierCV
from normax.linear_model.estimators.cv_regressors import ElasticNetCV, LassoCV
from normax.linear_model.estimators.cv_ridge import RidgeCV
from normax.linear_model.estimators.glm import GammaRegressor, PoissonRegressor, TweedieRegressor
from normax.linear_model.estimators.huber import HuberRegressor
from normax.linear_model.estimators.lars import Lars, LassoLars, LassoLarsIC, lars_path
from normax.linear_model.estimators.logistic import LogisticRegression
from normax.linear_model.estimators.multitask import (
    MultiTaskElasticNet,
    MultiTaskElasticNetCV,
    MultiTaskLasso,
    MultiTaskLassoCV,
)
from normax.linear_model.estimators.negative_binomial import (
    NegativeBinomialRegressor,
    NegativeBinomialRegressorCV,
)
from normax.linear_model.estimators.ordinal import OrdinalClassifier
from normax.linear_model.estimators.path_functions import enet_path, lasso_path, ridge_path
from normax.linear_model.estimators.penalised import PenalisedClassifier, PenalisedRegressor
from normax.linear_model.estimators.quantile import QuantileRegressor
from normax.linear_model.estimators.regressors import ElasticNet, Lasso
from normax.linear_model.estimators.ridge import Ridge
from normax.linear_model.estimators.ridge_classifiers import RidgeClassifier, RidgeClassifierCV
from normax.linear_model.grid import max_strength
from normax.linear_model.path import LinearPath, fit_path
from normax.linear_model.sources.make import row_source

if TYPE_CHECKING:
    from normax.linear_model.inference.bootstrap import bootstrap
    from normax.linear_model.inference.debiased import debiased_lasso
    from normax.linear_model.inference.knockoffs import Knockoffs as Knockoffs
    from normax.linear_model.inference.knockoffs import knockoffs as knockoffs
    from normax.linear_model.inference.post_selection import post_selection
    from normax.linear_model.inference.result import Inference

__all__ = [
    "CoxRegressor",
    "CoxRegressorCV",
    "CvPath",
    "ElasticNet",
    "ElasticNetCV",
    "GammaRegressor",
    "GammaRegressorCV",
    "HuberRegressor",
    "HuberRegressorCV",
    "Inference",
    "Knockoffs",
    "Lars",
    "LarsCV",
    "Lasso",
    "LassoCV",
    "LassoLars",
    "LassoLarsCV",
    "LassoLarsIC",
    "LinearPath",
    "LogisticRegression",
    "LogisticRegressionCV",
    "MultiTaskElasticNet",
    "MultiTaskElasticNetCV",
    "MultiTaskLasso",
    "MultiTaskLassoCV",
    "NegativeBinomialRegressor",
    "NegativeBinomialRegressorCV",
    "OrdinalClassifier",
    "OrdinalClassifierCV",
    "PoissonRegressor",
    "QuantileRegressor",
    "QuantileRegressorCV",
    "Ridge",
    "RidgeCV",
    "RidgeClassifier",
    "RidgeClassifierCV",
    "TweedieRegressor",
    "TweedieRegressorCV",
    "adaptive_factors",
    "bootstrap",
    "concordance",
    "cv_path",
    "debiased_lasso",
    "enet_path",
    "fit_path",
    "knockoffs",
    "lars_path",
    "lasso_path",
    "max_strength",
    "post_selection",
    "ridge_path",
    "degrees_of_freedom",
    "information_criteria",
    "relaxed_path",
    "ridge_trace",
    "row_source",
    "stability_selection",
    "variance_inflation",
    "PenalisedClassifier",
    "PenalisedRegressor",
    "PoissonRegressorCV",
]

# Inference loads on first use, since who fits a lasso need not wait for what it imports.
_LATER = {
    "Inference": "result",
    "Knockoffs": "knockoffs",
    "bootstrap": "bootstrap",
    "debiased_lasso": "debiased",
    "knockoffs": "knockoffs",
    "post_selection": "post_selection",
}

if not TYPE_CHECKING:  # who checks types knows the names

    def __getattr__(name: str) -> Any:
        if name not in _LATER:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f"{__name__}.inference.{_LATER[name]}"), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
