"""One training step of MLPs of depth 1, 8 and 32 and of a CNN against hand-written JAX and other libraries.

python benchmarks/step.py [ROUNDS]
"""

from __future__ import annotations

import sys

from _harness import record
from _network_peer import Fit
from _network_race import peer_versions, race, table

NAMES = [
    "normax",
    "normax, packed",
    "normax, fit",
    "raw JAX",
    "nnx.jit",
    "nnx.cached_partial",
    "Equinox",
    "Keras",
    "PyTorch",
    "torch.compile",
]


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 31
    results = {case: race(case, NAMES, rounds, 0.05) for case in ("mlp-1", "mlp-8", "mlp-32", "cnn-64")}
    lines = table(results, "raw JAX")
    lines.append(
        f"784-64-…-10 with that many hidden layers, and conv(3→16)-relu-maxpool-linear(3136→128)-linear(10) at "
        f"28×28; AdamW, batch 64. Raw JAX is `jax.jit` on a dict of arrays, donated, channels last. "
        f"`fit` runs {Fit.LONGER} times as many steps a turn, in epochs of {Fit.EPOCH}, its beginning and end included. "
        f"{rounds} rounds in turn, medians, ratios round by round; each library in a process of its own. Peers: {peer_versions()}."
    )
    record("One training step", lines, "jax", "optax")


if __name__ == "__main__":
    main()
