"""Runs normax and its peers in turn at an equal certified gap; peers live in environments of their own."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import scipy.sparse
from _harness import environment, medians, seconds
from _linear_gaps import largest_gap
from _linear_problems import NAMES, TARGET, Problem, folds, make

HERE = Path(__file__).parent
# adelie needs numpy < 2, hence an environment of its own; R has no packages to install here (Debian: r-cran-glmnet).
ENVIRONMENTS: dict[str, tuple[list[str], list[str]]] = {
    ".venv-peers": (
        ["scikit-learn==1.9.1", "celer==0.7.4", "skglm==0.5", "glum==3.4.1"],
        ["scikit-learn", "celer", "skglm", "glum"],
    ),
    ".venv-adelie": (["adelie==1.1.52"], ["adelie"]),
    ".venv-newcomers": (["scipy", "skein-glm==1.0.0", "glmnet-rs==0.1.0"], ["skein", "glmnet-rs"]),
}
R = "glmnet in R"
LEFT_OUT = os.environ.get("NORMAX_BENCH_WITHOUT", "").split(",")  # peers that are not to be raced
LADDER = [1e-4, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-11, 1e-12, 1e-13, 1e-14]
PATIENCE = 40.0  # seconds: a peer that takes longer for one path is not tightened further
LONGEST = 5.0  # seconds: a peer that takes longer for one path is neither asked for ten folds of it nor for it again
GIVEN_UP = 90.0  # seconds: a peer that has not answered is stopped and left out


class Peer:
    """A contender in another process."""

    def __init__(self, name: str, python: Path, folder: Path):
        self.name, self.out = name, folder / f"out-{name}.npy"
        script = "_linear_peer.R" if name == R else "_linear_peer.py"
        self.command = [str(python), str(HERE / script), name, str(folder)]
        self.tol: float = np.nan
        self.gap: float = np.nan
        self.taken: float = np.inf
        self.start()

    def start(self) -> None:
        self.ready = False
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def run(self, problem: str, with_folds: bool, tol: float | None = None) -> float:
        """Seconds; nan for a problem that the peer has no form of, infinite for one it has not solved in time."""
        tol = self.tol if tol is None else tol
        if not self.ready:  # it compiles and warms up before any clock runs
            self.ready = bool(self.process.stdout.readline())
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
            self.gap = largest_gap(problem, self.coefficients(problem))
            if self.gap <= TARGET or taken > PATIENCE:
                break

    def coefficients(self, problem: Problem) -> np.ndarray:
        """(t, k, m, p) as the peer left them; R writes bare numbers."""
        if self.name != R:
            return np.load(self.out)
        return np.fromfile(self.out).reshape(*problem.strengths.shape, -1, problem.X.shape[1])

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def bare(problem: Problem, fold: np.ndarray, folder: Path) -> None:
    """The problem for R, which reads neither NumPy's files nor SciPy's: numbers in R's order, and a line of words."""
    if scipy.sparse.issparse(problem.X):
        (folder / "words.txt").write_text("sparse")
        return
    (n, p), (t, k) = problem.X.shape, problem.strengths.shape
    many = problem.y[0].size // n
    (folder / "words.txt").write_text(" ".join(map(str, [problem.family.split()[0], n, p, t, k, many])))
    for name, values in {
        "X": problem.X.T,
        "y": np.moveaxis(problem.y, 1, -1),
        "s": problem.strengths,
        "fold": fold,
    }.items():
        np.ascontiguousarray(values, dtype=float).tofile(folder / f"{name}.bin")


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
            if name not in LEFT_OUT
        ]
        if (script := shutil.which("Rscript")) and versions()[-1].startswith(R):
            peers.append(Peer(R, Path(script), folder))
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
            bare(problem, fold, folder)
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
                    known = np.isfinite(peer.taken) and peer.taken <= LONGEST
                    results[peer.name].append(peer.run(name, with_folds) if known else peer.taken)
            gaps[name] = {peer.name: peer.gap for peer in peers}
            times[name] = medians(results)
            print(name, times[name], gaps[name], flush=True)
        for peer in peers:
            peer.close()
    return times, gaps


def table(times: Table, gaps: Table) -> list[str]:
    """Rows of seconds, each peer's gap behind it, the ratio to the fastest peer, and the geometric mean."""
    knows = {name for row in times.values() for name in row if not np.isnan(row[name])}
    peers = [name for name in next(iter(times.values())) if name != "normax" and name in knows]
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


def note(rounds: int) -> str:
    """What the numbers in the table of paths are."""
    return (
        f"In brackets the largest duality gap of the path over the null deviance, measured alike for all; each "
        f"peer's tolerance was tightened until it met {TARGET:g}, was 1e-14, or one path took {PATIENCE:g} s; too long: "
        f"not one in {GIVEN_UP:g} s. {rounds} rounds in turn, one for those over {LONGEST:g} s. Peers: {', '.join(versions())}."
    )


def versions() -> list[str]:
    """The peers' releases that are installed to be raced."""
    wanted = [
        package
        for packages, _ in ENVIRONMENTS.values()
        for package in packages
        if "==" in package and package.partition("==")[0].removesuffix("-glm") not in LEFT_OUT
    ]
    if shutil.which("Rscript"):
        said = subprocess.run(
            ["Rscript", "-e", "cat(as.character(packageVersion('glmnet')))"], capture_output=True, text=True
        )
        wanted += [f"{R} {said.stdout}"] if said.returncode == 0 else []
    return wanted


def arguments(rounds: int, known: Sequence[str] = NAMES) -> tuple[int, list[str]]:
    """`[ROUNDS] [PROBLEM ...]` of the command line."""
    given = sys.argv[1:]
    if given and given[0].isdigit():
        rounds = int(given.pop(0))
    unknown = [name for name in given if name not in known]
    if unknown:
        sys.exit(f"problems: expected some of {', '.join(map(repr, known))}, got {unknown}")
    return rounds, given or list(known)
