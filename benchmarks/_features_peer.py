"""LassoNet in a process and an environment of its own: one path a request, given and answered as a JSON line.

    python _features_peer.py NAME

A request {"data": file, "seed": s, "out": file} is answered with the seconds of the path, without the predictions.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np
from lassonet import LassoNetClassifier


def path(data: dict[str, np.ndarray], seed: int) -> tuple[float, np.ndarray]:
    """Seconds, and one row a strength: features, accuracy on held-out rows, features that are noise."""
    model = LassoNetClassifier(verbose=0, torch_seed=seed, random_state=seed)
    start = time.perf_counter()
    history = model.path(data["X"], data["y"], return_state_dicts=True)
    taken = time.perf_counter() - start
    rows = []
    for point in history:
        model.load(point.state_dict)
        chosen = point.selected.numpy().astype(bool)
        right = (model.predict(data["X_test"]) == data["y_test"]).mean()
        rows.append((chosen.sum(), right, chosen[data["noise"]].sum()))
    return taken, np.array(rows)


def main() -> None:
    answers, sys.stdout = sys.stdout, sys.stderr  # what the library prints is no answer
    for line in sys.stdin:
        request = json.loads(line)
        taken, rows = path(dict(np.load(request["data"])), request["seed"])
        np.save(request["out"], rows)
        print(json.dumps(taken), file=answers, flush=True)


if __name__ == "__main__":
    main()
