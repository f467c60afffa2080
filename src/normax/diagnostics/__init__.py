"""What an analyst asks of a fitted model: numbers first, which `nx.plot` and the report draw."""

from normax.diagnostics.activations import DropoutEffect, dropout_effect
from normax.diagnostics.assessment import assess, confusion, path_roc
from normax.diagnostics.classification import (
    Calibration,
    PrecisionRecall,
    Roc,
    calibration,
    per_class,
    precision_recall,
    roc,
)
from normax.diagnostics.constraint import Constraint, constraint
from normax.diagnostics.folds import FoldCoefficients, fold_coefficients
from normax.diagnostics.importance import Importance, permutation_importance
from normax.diagnostics.living import Living, living
from normax.diagnostics.residuals import Residuals, residuals
from normax.diagnostics.ridge import ridge_degrees_of_freedom

__all__ = [
    "Calibration",
    "Constraint",
    "DropoutEffect",
    "FoldCoefficients",
    "Importance",
    "Living",
    "PrecisionRecall",
    "Residuals",
    "Roc",
    "assess",
    "calibration",
    "confusion",
    "constraint",
    "dropout_effect",
    "fold_coefficients",
    "living",
    "path_roc",
    "per_class",
    "permutation_importance",
    "precision_recall",
    "residuals",
    "ridge_degrees_of_freedom",
    "roc",
]
