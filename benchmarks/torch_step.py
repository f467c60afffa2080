"""What a network written for PyTorch costs: one training step of its ResNet-18 against the same net by `normax.nn`.

python benchmarks/torch_step.py [ROUNDS]
"""

from __future__ import annotations

import statistics
import sys
from pathlib import Path

import jax
import numpy as np
import optax
from _harness import alternate, record

import normax as nx
from normax import nn

FILE = Path(__file__).parent.parent / "tests" / "torch_files" / "models" / "resnet.py"
WIDTH, SIZE, BATCH = 16, 32, 16


class Block(nn.Module):
    """A basic block in normax's own names, on arrays."""

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            shortcut = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm2d(outputs))

    def forward(self, x):
        out = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        return self.relu(out + (x if self.downsample is None else self.downsample(x)))


class Net(nn.Module):
    """ResNet-18 in normax's own names, on arrays."""

    def __init__(self, width: int, classes: int = 10):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        sizes = [
            (width, width, 1),
            (width, 2 * width, 2),
            (2 * width, 4 * width, 2),
            (4 * width, 8 * width, 2),
        ]
        self.layers = nn.Sequential(
            *(nn.Sequential(Block(i, o, stride), Block(o, o, 1)) for i, o, stride in sizes)
        )
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(8 * width, classes)

    def forward(self, x):
        x = self.layers(self.maxpool(self.relu(self.bn1(self.conv1(x)))))
        x = self.avgpool(x)
        return self.fc(x.reshape(x.shape[0], -1))


def loss(net, x, y):
    return nn.functional.cross_entropy(net(x), y)


def program(net, x) -> str:
    """The jaxpr of the forward, as text."""
    state = dict(net.named_parameters()) | dict(net.named_buffers())
    values = {name: cell.value for name, cell in state.items()}
    return str(jax.make_jaxpr(lambda values, x: nx.functional_call(net, values, x))(values, x))


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 41
    random = np.random.default_rng(0)
    x = random.normal(size=(BATCH, 3, SIZE, SIZE)).astype("float32")
    y = random.integers(0, 10, BATCH)
    ours = Net(WIDTH)
    theirs = nx.from_torch(f"{FILE}:ResNet")
    block = nx.from_torch(f"{FILE}:BasicBlock")
    theirs = theirs(block, [2, 2, 2, 2], width=WIDTH)
    theirs.load_state_dict(ours.state_dict())
    same = program(ours.eval(), x) == program(theirs.eval(), x)
    steps = {"normax.nn": nx.train_step(ours.train(), loss, optax.sgd(1e-3))}
    steps["PyTorch's file"] = nx.train_step(theirs.train(), loss, optax.sgd(1e-3))
    losses = {name: [float(step(x, y)) for _ in range(3)] for name, step in steps.items()}
    times = alternate(
        {name: lambda step=step: step(x, y).block_until_ready() for name, step in steps.items()}, rounds
    )
    ratio = statistics.median(a / b for a, b in zip(times["PyTorch's file"], times["normax.nn"]))
    alike = np.abs(np.subtract(*losses.values())).max()
    lines = ["| | ms a step | ratio |", "|---|---|---|"]
    for name, seconds in times.items():
        own = statistics.median(a / b for a, b in zip(seconds, times["normax.nn"]))
        lines.append(f"| {name} | {statistics.median(seconds) * 1e3:.1f} | {own:.3f} |")
    lines += [
        "",
        f"ResNet-18 of width {WIDTH} at {SIZE}×{SIZE}, batch {BATCH}, SGD; the file is `tests/torch_files/models/resnet.py`, "
        f"unchanged, the other the same net on arrays, from the same weights. Jaxprs of the forward: "
        f"{'equal' if same else 'not equal'}; losses of three steps differ by at most {alike:.1e}. {rounds} rounds in turn, "
        f"medians, ratios round by round: {ratio:.3f}.",
    ]
    record("A step of a PyTorch file", lines, "jax", "optax")


if __name__ == "__main__":
    main()
