"""Figures, one a function: each draws into matplotlib axes and returns them.

Without `ax` a figure of its own is made, which knows nothing of pyplot, changes no global setting, and shows itself in
a notebook. With `ax`, the names in the margin are given room inside the place that these axes had. Whatever is written
on the axes later (`ax.set_title("岭迹图")`) is in fonts that know Chinese, Japanese and Korean, where one is installed.
"""

from normax.plot.constraint import constraint
from normax.plot.intervals import forest
from normax.plot.networks import dropout, living, module_tree, training
from normax.plot.paths import compare, cross_validation, lasso_path, ridge_trace
from normax.plot.predictions import calibration, precision_recall, predicted, residuals, roc
from normax.plot.sparsity import sparsity_map
from normax.plot.surface import surface

__all__ = [
    "calibration",
    "compare",
    "constraint",
    "cross_validation",
    "dropout",
    "forest",
    "lasso_path",
    "living",
    "module_tree",
    "precision_recall",
    "predicted",
    "residuals",
    "ridge_trace",
    "roc",
    "sparsity_map",
    "surface",
    "training",
]
