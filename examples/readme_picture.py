"""Draw the README's picture: the lasso path of the diabetes data with all squares and products of its columns.

    python examples/readme_picture.py

442 patients, 10 measurements and 54 squares and products (the 64 columns of Efron, Hastie, Johnstone &
Tibshirani, "Least angle regression", Annals of Statistics 2004); the target is the progression of the disease.
"""

from itertools import combinations_with_replacement
from pathlib import Path

import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import StandardScaler

from normax.paths import linear_path
from normax.penalties import L1

NAMES = ["age", "sex", "BMI", "BP", "cholesterol", "LDL", "HDL", "chol./HDL", "triglycerides", "glucose"]


def columns():
    """(442, 64) columns, their names, and the target."""
    data = load_diabetes(scaled=False)
    X = (data.data - data.data.mean(0)) / data.data.std(0)
    pairs = [
        (i, j) for i, j in combinations_with_replacement(range(10), 2) if (i, j) != (1, 1)
    ]  # sex² says nothing
    products = np.column_stack([X[:, i] * X[:, j] for i, j in pairs])
    names = NAMES + [f"{NAMES[i]}²" if i == j else f"{NAMES[i]} × {NAMES[j]}" for i, j in pairs]
    return np.hstack([X, products]), names, data.target


def main(file: Path) -> None:
    X, names, y = columns()
    path = linear_path(X, y, penalty=L1, cv=10, ratio=1e-3, transform=StandardScaler(), feature_names=names)
    print(path.table())
    file.parent.mkdir(parents=True, exist_ok=True)
    path.plot().savefig(file, dpi=200)


if __name__ == "__main__":
    main(Path(__file__).parents[1] / "docs" / "images" / "diabetes.png")
