"""Runs normax and its peers in turn at an equal certified gap; peers live in environments of their own."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from _harness import environment, medians, seconds
from _linear_problems import NAMES, TARGET, Problem, folds, largest_gap, make

HERE = Path(__file__).parent
# adelie needs numpy < 2, hence an environment of its own.
ENVIRONMENTS = {
    ".venv-peers": (
        ["scikit-learn==1.9.1", "celer==0.7.4", "skglm==0.5", "glum==3.4.1"],
        ["scikit-learn", "celer", "skglm", "glum"],
    ),
    ".venv-adelie": (["adelie==1.1.52"], ["adelie"]),
}
LADDER = [1e-4, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-11, 1e-12, 1e-13, 1e-14]
PATIENCE = 40.0  # seconds: a peer that takes longer for one path is not tightened further
LONGEST = 5.0  # seconds: a peer that takes longer for one path is not asked for ten folds of it
GIVEN_UP = 90.0  # seconds: a peer that has not answered is stopped and left out


class Peer:
    """A contender in another process."""

    def __init__(self, name: str, python: Path, folder: Path):
        self.name, self.out = name, folder / f"out-{name}.npy"
        self.command = [str(python), str(HERE / "_linear_peer.py"), name, str(folder)]
        self.tol: float = np.nan
        self.gap: float = np.nan
        self.taken: float = np.inf
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def run(self, problem: str, with_folds: bool, tol: float | None = None) -> float:
        """Seconds; nan for a problem that the peer has no form of, infinite for one it has not solved in time."""
        tol = self.tol if tol is None else tol
        request = {"problem": problem, "tol": tol, "folds": with_folds, "out": str(self.out)}
        alarm = threading.Timer(GIVEN_UP, self.process.kill)
        alarm.start()
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        alarm.cancel()
        if not answer:
            print(f"{self.name} stopped on {problem} at tol {tol}", flush=True)
            self.start()
            return np.inf
        seconds = json.loads(answer)
        return np.nan if seconds is None else seconds

    def tighten(self, problem: Problem) -> None:
        """The first tolerance of the ladder whose measured gap meets the target."""
        self.gap, self.taken = np.nan, np.inf
        for tol in LADDER:
            taken = self.run(problem.name, False, tol)
            self.tol, self.taken = tol, taken
            if not np.isfinite(taken):
                break
            self.gap = largest_gap(problem, np.load(self.out))
            if self.gap <= TARGET or taken > PATIENCE:
                break

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


Table = dict[str, dict[str, float]]


def race(ours: Callable, names: list[str], with_folds: bool, rounds: int) -> tuple[Table, Table]:
    """Median seconds and gaps, problem -> contender. `ours(problem, pairs)` returns (t, k, m, p), or errors."""
    times, gaps = {}, {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        peers = [
            Peer(name, environment(home, ENVIRONMENTS[home][0]), folder)
            for home, (_, members) in ENVIRONMENTS.items()
            for name in members
        ]
        for name in names:
            problem = make(name)
            if problem is None:
                continue
            pairs, fold = folds(problem), np.empty(problem.X.shape[0], dtype=int)
            for k, (_, test) in enumerate(pairs):
                fold[test] = k
            content = {part: getattr(problem, part) for part in ("X", "y", "strengths", "family")} | {
                "fold": fold
            }
            (folder / "problem.pickle").write_bytes(pickle.dumps(content))
            for peer in peers:
                peer.tighten(problem)
                print(
                    f"{name}: {peer.name} {peer.taken:.2f} s at tol {peer.tol:g}, gap {peer.gap:.1g}",
                    flush=True,
                )
            results: dict[str, list[float]] = {"normax": [], **{peer.name: [] for peer in peers}}
            for _ in range(rounds):
                results["normax"].append(seconds(partial(ours, problem, pairs)))
                for peer in peers:
                    if with_folds and peer.taken > LONGEST:
                        peer.taken = np.inf
                    known = np.isfinite(peer.taken)
                    results[peer.name].append(peer.run(name, with_folds) if known else peer.taken)
            gaps[name] = {peer.name: peer.gap for peer in peers}
            times[name] = medians(results)
            print(name, times[name], gaps[name], flush=True)
        for peer in peers:
            peer.close()
    return times, gaps


def table(times: Table, gaps: Table) -> list[str]:
    """Rows of seconds, each peer's gap behind it, the ratio to the fastest peer, and the geometric mean."""
    peers = [name for name in next(iter(times.values())) if name != "normax"]
    lines = [f"| | normax | {' | '.join(peers)} | fastest peer over normax |", "|-" * (len(peers) + 3) + "|"]
    ratios = []
    for problem, row in times.items():
        cells = [
            f"{row[name]:.2f} s ({gaps[problem][name]:.0e})"
            if np.isfinite(row[name])
            else ("–" if np.isnan(row[name]) else "too long")
            for name in peers
        ]
        best = np.nanmin([row[name] for name in peers])
        ratios.append(best / row["normax"])
        told = f"{ratios[-1]:.1f} ×" if np.isfinite(best) else "all too long"
        own = f"{row['normax']:.3f} s ({gaps[problem]['normax']:.0e})"
        lines.append(f"| {problem} | {own} | {' | '.join(cells)} | {told} |")
    known = [r for r in ratios if np.isfinite(r)]
    lines.append("")
    if known:
        lines.append(f"Geometric mean of the last column: {np.exp(np.mean(np.log(known))):.1f} ×.")
    return lines


def arguments(rounds: int, known: Sequence[str] = NAMES) -> tuple[int, list[str]]:
    """`[ROUNDS] [PROBLEM ...]` of the command line."""
    given = sys.argv[1:]
    if given and given[0].isdigit():
        rounds = int(given.pop(0))
    unknown = [name for name in given if name not in known]
    if unknown:
        sys.exit(f"problems: expected some of {', '.join(map(repr, known))}, got {unknown}")
    return rounds, given or list(known)
