"""A training step of a small CNN, and a ResNet-18 forward, against PyTorch, Flax NNX, Equinox and Keras.

python benchmarks/modules.py [ROUNDS]
"""

from __future__ import annotations

import sys

from _harness import record
from _network_race import peer_versions, race, table

TRAIN = ["normax", "PyTorch", "torch.compile", "nnx.jit", "nnx.cached_partial", "Equinox", "Keras"]
FORWARD = ["normax", "PyTorch", "torch.compile", "nnx.jit", "Keras"]


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    results = {case: race(case, TRAIN, rounds, budget=0.6) for case in ("cnn-64", "cnn-256")}
    results["resnet-18"] = race("resnet-18", FORWARD, rounds, budget=0.8)
    lines = table(results, "PyTorch")
    lines.append(
        f"CNN: conv(3→16)-relu-maxpool-linear(3136→128)-linear(10) at 28×28, AdamW, forward, backward and update; "
        f"ResNet-18: forward in evaluation mode, 8 images of 224×224. {rounds} rounds in turn, medians; each "
        f"library in a process of its own. Peers: {peer_versions()}."
    )
    record("A CNN's training step and a ResNet-18's forward on a CPU", lines, "jax", "optax")


if __name__ == "__main__":
    main()
