"""Penalised linear models with certified solutions: paths, estimators, cross-validation."""

from normax.linear_model.path import LinearPath, fit_path, max_strength

__all__ = ["LinearPath", "fit_path", "max_strength"]
