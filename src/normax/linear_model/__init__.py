"""Penalised linear models with certified solutions: paths, estimators, cross-validation."""

from normax.linear_model.cv_logistic import LogisticRegressionCV
from normax.linear_model.cv_regressors import ElasticNetCV, LassoCV, RidgeCV
from normax.linear_model.logistic import LogisticRegression
from normax.linear_model.path import LinearPath, fit_path, max_strength
from normax.linear_model.path_functions import enet_path, lasso_path, ridge_path
from normax.linear_model.poisson import PoissonRegressor
from normax.linear_model.regressors import ElasticNet, Lasso, Ridge

__all__ = [
    "ElasticNet",
    "ElasticNetCV",
    "Lasso",
    "LassoCV",
    "LinearPath",
    "LogisticRegression",
    "LogisticRegressionCV",
    "PoissonRegressor",
    "Ridge",
    "RidgeCV",
    "enet_path",
    "fit_path",
    "lasso_path",
    "max_strength",
    "ridge_path",
]
