"""Draws docs/images/figures.png: six figures of the diabetes data on one sheet.

python examples/figures_picture.py
"""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_diabetes

import normax as nx

NAMES = ["age", "sex", "BMI", "BP", "cholesterol", "LDL", "HDL", "chol./HDL", "triglycerides", "glucose"]


def main(file):
    data = load_diabetes(scaled=False)
    X, y = (data.data - data.data.mean(0)) / data.data.std(0), data.target
    lasso, ridge = (
        nx.paths.linear_path(X, y, penalty=name, cv=10, feature_names=NAMES) for name in ("l1", "l2")
    )
    df = nx.diagnostics.ridge_degrees_of_freedom(X, ridge.strengths)
    spread = nx.diagnostics.fold_coefficients(X, y, strength=lasso.best.strength, cv=10, feature_names=NAMES)
    figure = Figure(figsize=(12.5, 7.2))
    axes = figure.subplots(
        2,
        3,
        gridspec_kw={"wspace": 0.28, "hspace": 0.6, "left": 0.06, "right": 0.99, "top": 0.9, "bottom": 0.08},
    )
    nx.plot.lasso_path(lasso, axes[0, 0])
    nx.plot.ridge_trace(ridge, axes[0, 1], df=df)
    nx.plot.compare([lasso, ridge], axes[0, 2])
    nx.plot.forest(spread, axes[1, 0], title="coefficient, least and largest of ten folds")
    for ax, ratio in ((axes[1, 1], 1.0), (axes[1, 2], 0.0)):
        found = nx.diagnostics.constraint(X, y, ("BMI", "cholesterol"), l1_ratio=ratio, feature_names=NAMES)
        nx.plot.constraint(found, ax, index=int(np.argmin(abs(np.linalg.norm(found.coef, axis=1) - 22))))
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=110)


if __name__ == "__main__":
    main(Path(__file__).parents[1] / "docs" / "images" / "figures.png")
