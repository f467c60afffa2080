"""A made table, 5 of its 20 columns at work, and one run of the command on it."""

import numpy as np
import pandas as pd
import pytest

from normax.cli import main


def made_table(rows=1000, seed=0):
    """17 numbers and 3 texts; y depends on x0..x3 and on the text t0; some cells are missing."""
    random = np.random.default_rng(seed)
    columns = {f"x{j}": random.normal(size=rows) for j in range(17)}
    columns |= {f"t{j}": random.choice(["red", "green", "blue"], size=rows) for j in range(3)}
    frame = pd.DataFrame(columns)
    effect = frame["t0"].map({"red": 2.0, "green": 0.0, "blue": -2.0})
    noise = random.normal(size=rows)
    frame["y"] = 3 * frame["x0"] - 2 * frame["x1"] + 2 * frame["x2"] + 1.5 * frame["x3"] + effect + noise
    for name in ("x0", "x7", "t2"):
        frame.loc[random.choice(rows, 12, replace=False), name] = None
    return frame


@pytest.fixture(scope="session")
def table():
    return made_table()


@pytest.fixture(scope="session")
def fitted(table, tmp_path_factory):
    """The folder of a run, whose table is `made.csv` beside it."""
    folder = tmp_path_factory.mktemp("fitted")
    table.to_csv(folder / "made.csv", index=False)
    out = folder / "out"
    assert main(["path", str(folder / "made.csv"), "--target", "y", "--cv", "5", "--out", str(out)]) == 0
    return out
