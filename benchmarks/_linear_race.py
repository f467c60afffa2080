"""Runs normax and its peers in turn at an equal certified gap; peers live in environments of their own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
from _harness import medians, seconds
from _linear_problems import SHAPES, TARGET, folds, largest_gap, make

HERE = Path(__file__).parent
# adelie needs numpy < 2, hence an environment of its own.
ENVIRONMENTS = {
    ".venv-peers": (
        ["scikit-learn==1.9.1", "celer==0.7.4", "skglm==0.5"],
        ["scikit-learn", "celer", "skglm"],
    ),
    ".venv-adelie": (["adelie==1.1.52"], ["adelie"]),
}
LADDER = [1e-4, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-11, 1e-12, 1e-13, 1e-14]
PATIENCE = 40.0  # seconds: a peer that takes longer for one path is not tightened further
LONGEST = 5.0  # seconds: a peer that takes longer for one path is not asked for ten folds of it


def environment(name: str) -> Path:
    """The interpreter of a peers' environment, made on first use."""
    python = HERE / name / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", HERE / name], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *ENVIRONMENTS[name][0]], check=True)
    return python


class Peer:
    """A contender in another process."""

    def __init__(self, name: str, python: Path, folder: Path):
        self.name, self.out = name, folder / f"out-{name}.npy"
        command = [str(python), str(HERE / "_linear_peer.py"), name, str(folder)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.tol: dict[str, float] = {}
        self.gap: dict[str, float] = {}
        self.taken: dict[str, float] = {}

    def run(self, problem: str, with_folds: bool, tol: float | None = None) -> float:
        tol = self.tol[problem] if tol is None else tol
        request = {"problem": problem, "tol": tol, "folds": with_folds, "out": str(self.out)}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self.name} stopped on {problem} at tol {tol}")
        return json.loads(answer)

    def tighten(self, problem: str, X, y, strengths) -> None:
        """The first tolerance of the ladder whose measured gap meets the target."""
        for tol in LADDER:
            taken = self.run(problem, False, tol)
            self.tol[problem], self.taken[problem] = tol, taken
            self.gap[problem] = largest_gap(X, y, strengths, np.load(self.out))
            if self.gap[problem] <= TARGET or taken > PATIENCE:
                break

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def race(
    ours, with_folds: bool, rounds: int
) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, float]]]:
    """Median seconds and gaps, problem -> contender. `ours(X, y, strengths, pairs)` returns (k, p) or errors."""
    times, gaps = {}, {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        peers = [
            Peer(name, environment(home), folder)
            for home, (_, names) in ENVIRONMENTS.items()
            for name in names
        ]
        for problem in SHAPES:
            X, y, strengths = make(problem)
            pairs, fold = folds(len(y)), np.empty(len(y), dtype=int)
            for k, (_, test) in enumerate(pairs):
                fold[test] = k
            for part, value in (("X", X), ("y", y), ("s", strengths), ("fold", fold)):
                np.save(folder / f"{problem}-{part}.npy", value)
            for peer in peers:
                peer.tighten(problem, X, y, strengths)
            results: dict[str, list[float]] = {"normax": [], **{peer.name: [] for peer in peers}}
            for _ in range(rounds):
                results["normax"].append(seconds(partial(ours, X, y, strengths, pairs)))
                for peer in peers:
                    out = with_folds and peer.taken[problem] > LONGEST
                    results[peer.name].append(np.inf if out else peer.run(problem, with_folds))
            gaps[problem] = {peer.name: peer.gap[problem] for peer in peers}
            times[problem] = medians(results)
            print(problem, times[problem], gaps[problem], flush=True)
        for peer in peers:
            peer.close()
    return times, gaps


def table(times, gaps) -> list[str]:
    """Rows of seconds, each peer's gap behind it, the ratio to the fastest peer, and the geometric mean."""
    peers = [name for name in next(iter(times.values())) if name != "normax"]
    lines = [f"| | normax | {' | '.join(peers)} | fastest peer over normax |", "|-" * (len(peers) + 3) + "|"]
    ratios = []
    for problem, row in times.items():
        cells = [
            f"{row[name]:.2f} s ({gaps[problem][name]:.0e})" if np.isfinite(row[name]) else "too long"
            for name in peers
        ]
        ratios.append(min(row[name] for name in peers) / row["normax"])
        own = f"{row['normax']:.3f} s ({gaps[problem]['normax']:.0e})"
        lines.append(f"| {problem} {SHAPES[problem]} | {own} | {' | '.join(cells)} | {ratios[-1]:.1f} × |")
    lines += ["", f"Geometric mean of the last column: {np.exp(np.mean(np.log(ratios))):.1f} ×."]
    return lines
