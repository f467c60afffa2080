"""Runs normax and its peers in turn on one training step, each in a process of its own."""

from __future__ import annotations

import statistics
import subprocess
import sys
from typing import Any

from _harness import environment
from _process import Process

PACKAGES = [
    "torch==2.13.0",
    "flax==0.12.8",
    "equinox==0.13.8",
    "keras==3.15.1",
    "jax==0.10.2",
    "optax==0.2.8",
]
PEERS = ".venv-networks", PACKAGES
STEPS = 20  # after which losses are compared
SAME = 2e-3  # relative difference from PyTorch's loss that rounding explains


def peer_versions() -> str:
    """Versions in the peers' environment."""
    names = [package.split("==")[0] for package in PACKAGES]
    code = f"import importlib.metadata as m; print(', '.join(f'{{n}} {{m.version(n)}}' for n in {names}))"
    return subprocess.run(
        [environment(*PEERS), "-c", code], check=True, capture_output=True, text=True
    ).stdout.strip()


class Contender(Process):
    """A library in another process."""

    def __init__(self, name: str):
        python = sys.executable if name.startswith("normax") else environment(*PEERS)
        super().__init__("_network_peer.py", name, python)

    def run(self, case: str, count: int, loss: bool = False) -> dict[str, float]:
        """Seconds a step over `count` steps."""
        return self.ask({"case": case, "count": count, "loss": loss})


def race(case: str, names: list[str], rounds: int, budget: float = 0.2) -> dict[str, dict[str, Any]]:
    """Name -> median `seconds` a step, those of all `rounds`, `first` (with compilation) and `loss` after equally many steps.

    Every round takes each in turn for about `budget` seconds; the order turns round by round.
    """
    contenders = [Contender(name) for name in names]
    found: dict[str, dict[str, Any]] = {}
    counts, times = {}, {name: [] for name in names}
    for c in contenders:
        first = c.run(case, 1)["taken"]
        if not case.startswith("resnet"):  # whose forwards change nothing
            c.run(case, STEPS - 2)
        after = c.run(case, 1, loss=True)
        counts[c.name] = max(1, round(budget / after["seconds"]))
        found[c.name] = {"first": first, "loss": after["loss"]}
    for turn in range(rounds):
        for c in contenders[turn % len(contenders) :] + contenders[: turn % len(contenders)]:
            times[c.name].append(c.run(case, counts[c.name])["seconds"])
    for c in contenders:
        c.close()
        found[c.name] |= {"seconds": statistics.median(times[c.name]), "rounds": times[c.name]}
    for row in found.values():
        row["same"] = abs(row["loss"] / found["PyTorch"]["loss"] - 1) < SAME
    if not found["normax"]["same"]:
        raise RuntimeError(f"{case}: not the same arithmetic: { {n: r['loss'] for n, r in found.items()} }")
    print(case, {n: round(1e3 * r["seconds"], 3) for n, r in found.items()}, flush=True)
    return found


def table(results: dict[str, dict[str, dict[str, Any]]], over: str) -> list[str]:
    """One line a contender, one column a case: ms, ratio to `over`, first call in brackets."""
    cases = list(results)
    names = list(dict.fromkeys(name for rows in results.values() for name in rows))
    lines = [f"| ms a step (to {over}; first call) | {' | '.join(cases)} |", "|-" * (len(cases) + 1) + "|"]
    for name in names:
        cells = []
        for rows in results.values():
            row = rows.get(name)
            if row is None:
                cells.append("")
                continue
            # Round by round, so that a busy minute hits both sides of a ratio.
            ratio = statistics.median(a / b for a, b in zip(row["rounds"], rows[over]["rounds"]))
            cells.append(f"{1e3 * row['seconds']:.3g} ({ratio:.2f}; {row['first']:.1f} s)")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    losses = ", ".join(f"{case} {rows['PyTorch']['loss']:.5f}" for case, rows in results.items())
    others = [
        f"{name} on {case} {row['loss']:.5f}"
        for case, rows in results.items()
        for name, row in rows.items()
        if not row["same"]
    ]
    text = f"PyTorch's loss after {STEPS} steps (ResNet: mean size of the output): {losses}; "
    text += f"the others agree to {SAME:g}" + (f", except {', '.join(others)}." if others else ".")
    return [*lines, "", text]
