"""Draw the picture of docs/networks.md: six cures for overfitting on the same folds.

    python examples/compare_picture.py

120 rows and 30 columns, of which two matter, by their product: a network can learn it, and has rows enough to learn noise by heart.
"""

import sys
from pathlib import Path

import numpy as np
import optax

import normax as nx
from normax import nn
from normax.files import write
from normax.report.style import png


def main(file):
    """Compare, print the table, and draw the picture into a file."""
    random = np.random.default_rng(0)
    X = random.normal(size=(120, 30)).astype("float32")
    y = (2 * X[:, 0] * X[:, 1] + 0.5 * random.normal(size=120)).astype("float32")
    nx.manual_seed(0)
    net = nn.Sequential(nn.Linear(30, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1))
    compared = nx.compare(
        net,
        (X, y),
        loss="squared",
        strengths=10,
        dropout=[0.1, 0.3, 0.5],
        optimizer=optax.adam(1e-2),
        epochs=60,
        batch_size=40,
    )
    print(compared.table())
    write(Path(file), png(compared.plot()))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "docs/images/compare.png")
