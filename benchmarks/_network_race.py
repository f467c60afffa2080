"""Runs normax and its peers in turn on one training step, each in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
PACKAGES = [
    "torch==2.13.0",
    "flax==0.12.8",
    "equinox==0.13.8",
    "keras==3.15.1",
    "jax==0.10.2",
    "optax==0.2.8",
]
STEPS = 20  # after which losses are compared
SAME = 2e-3  # relative difference from PyTorch's loss that rounding explains


def environment() -> Path:
    """The interpreter of the peers' environment, made on first use."""
    home = HERE / ".venv-networks"
    python = home / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
    return python


def peer_versions() -> str:
    """Versions in the peers' environment."""
    names = [package.split("==")[0] for package in PACKAGES]
    code = f"import importlib.metadata as m; print(', '.join(f'{{n}} {{m.version(n)}}' for n in {names}))"
    return subprocess.run(
        [environment(), "-c", code], check=True, capture_output=True, text=True
    ).stdout.strip()


class Contender:
    """A library in another process, which is stopped while it waits: idle thread pools spin on the cores."""

    def __init__(self, name: str):
        self.name = name
        python = sys.executable if name.startswith("normax") else environment()
        self.process = subprocess.Popen(
            [str(python), str(HERE / "_network_peer.py"), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if "NORMAX_BENCH_DEBUG" in os.environ else subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    def run(self, case: str, count: int, loss: bool = False) -> dict[str, float]:
        """Seconds a step over `count` steps."""
        os.killpg(self.process.pid, signal.SIGCONT)
        self.process.stdin.write(json.dumps({"case": case, "count": count, "loss": loss}) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self.name} stopped on {case}; run it with NORMAX_BENCH_DEBUG=1")
        os.killpg(self.process.pid, signal.SIGSTOP)
        return json.loads(answer)

    def close(self) -> None:
        os.killpg(self.process.pid, signal.SIGCONT)
        self.process.stdin.close()
        self.process.wait()


def race(case: str, names: list[str], rounds: int, budget: float = 0.2) -> dict[str, dict[str, float]]:
    """Name -> median `seconds` a step, `first` (with compilation) and `loss` after equally many steps.

    Every round takes each in turn for about `budget` seconds; the order turns round by round.
    """
    contenders = [Contender(name) for name in names]
    found: dict[str, dict[str, float]] = {}
    counts, times = {}, {name: [] for name in names}
    for c in contenders:
        first = c.run(case, 1)["seconds"]
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
        found[c.name]["seconds"] = statistics.median(times[c.name])
    for row in found.values():
        row["same"] = abs(row["loss"] / found["PyTorch"]["loss"] - 1) < SAME
    if not found["normax"]["same"]:
        raise RuntimeError(f"{case}: not the same arithmetic: { {n: r['loss'] for n, r in found.items()} }")
    print(case, {n: round(1e3 * r["seconds"], 3) for n, r in found.items()}, flush=True)
    return found


def table(results: dict[str, dict[str, dict[str, float]]], over: str) -> list[str]:
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
            ratio = row["seconds"] / rows[over]["seconds"]
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
