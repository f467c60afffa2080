"""Whole paths of networks on digits: strengths × folds × seeds against loops, `torch.func` and JAX by hand.

    python benchmarks/lanes.py [ROUNDS [PART ...]]

Parts are MLP, CNN and growth (with the number of strengths, and its picture); without any, all.

1500 rows, batches of 100, Adam, a 64-64-10 MLP and a CNN of two convolutions. Every contender does the same
work: each strength from each seed on each fold, its held-out error, and each strength on all rows. The loops
run on a few of the fits and are scaled by steps. With L1 in the loss, as it is usually written, PyTorch solves a smoothed
problem and reaches no zeros; "prox" is the algorithm that normax runs, so that weights can be compared. On folds `normax`
also trains a lane without penalty, as a baseline; so does one of the programs by hand.

What was tried for the program by hand, in ms for 50 strengths of the MLP: one program of 50 lanes over both cores 450; two
threads with 25 lanes each 258; features before rows, held there by barriers 231; the gradients written out, with a copy of the
second layer's small transposed weights 214. No gain: 512-bit vectors (2 %), 5 to 50 lanes a program, single-threaded products
by flag, no YNN kernels (3 % slower), YNN for elementwise work and reductions (a third slower). Of the 214, 120 are the first
layer's products at 105 GFLOP/s a core, which is its peak. Of the CNN, 8 lanes on one core: convolutions as products of patches
385 ms; both in the one form whose gradients are fast inside loops, by Eigen as in normax 570; only the second so 436.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np
from _harness import record
from _lanes_problem import BATCH, EPOCHS, ROWS
from _process import Process

CASES = {"50 strengths": (50, 0, 1), "50 × 5 folds": (50, 5, 1), "50 × 5 × 3 seeds": (50, 5, 3)}
CONTENDERS = [
    "normax",
    "JAX by hand",
    "JAX by hand, and a lane without penalty",
    "PyTorch, DataLoader",
    "PyTorch, sliced by hand",
    "PyTorch, sliced by hand, 1 thread",
    "PyTorch, prox, sliced by hand, 1 thread",
    "PyTorch, torch.func",
]
LOOPED = 3  # fits of a loop that are run
GROWTH = [1, 2, 5, 10, 25, 50, 100, 250]
PICTURE = Path(__file__).parent.parent / "docs" / "images" / "lanes-growth.png"


def request(net: str, sizes: tuple[int, int, int], name: str, out: str | None = None) -> dict:
    k, folds, seeds = sizes
    fits = LOOPED if name.startswith("PyTorch") else None
    return {"net": net, "strengths": k, "folds": folds, "seeds": seeds, "fits": fits, "out": out}


def start(name: str, cache: Path | None = None) -> Process:
    settings = {"JAX_ENABLE_COMPILATION_CACHE": "false"}
    if cache is not None:
        settings = {
            "JAX_COMPILATION_CACHE_DIR": str(cache),
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
            "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
        }
    return Process("_lanes_peer.py", name, sys.executable, settings)


def first_call(name: str, work: dict, cache: Path | None = None) -> float:
    """Seconds of the first call of a fresh process, imports not counted."""
    process = start(name, cache)
    seconds = process.ask(work)
    process.close()
    return seconds


def measure(net: str, sizes: tuple[int, int, int], rounds: int, folder: Path) -> dict[str, list[float]]:
    """Seconds of each round by contender; all have run before: PyTorch's first optimiser loads for seconds."""
    processes = [start(name) for name in CONTENDERS]
    times: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    for p in processes[:3]:
        p.ask(request(net, sizes, p.name, str(folder / f"{net} {p.name}.npz")))
    for p in processes[3:]:
        p.ask(request(net, (1, 0, 1), p.name))
    for turn in range(rounds):
        for p in processes[turn % len(processes) :] + processes[: turn % len(processes)]:
            times[p.name].append(p.ask(request(net, sizes, p.name)))
    for p in processes:
        p.close()
    return times


def agreement(net: str, folder: Path) -> str:
    """normax against JAX by hand: the same weights, the same zeros."""
    ours, theirs = (np.load(folder / f"{net} {name}.npz") for name in CONTENDERS[:2])
    apart = max(float(abs(ours[n] - theirs[n]).max()) for n in ours.files)
    zeros = max(float(((ours[n] == 0) != (theirs[n] == 0)).mean()) for n in ours.files)
    return f"{net}: weights differ by at most {apart:.1e}, zeros in at most {zeros:.2%} of a tensor"


def table(net: str, rounds: int, folder: Path) -> list[str]:
    columns, firsts = {}, {}
    for case, sizes in CASES.items():
        columns[case] = measure(net, sizes, rounds, folder)
        work, cache = request(net, sizes, "normax"), folder / f"cache {net} {case}"
        cold = first_call("normax", work)
        first_call("normax", work, cache)
        firsts[case] = {
            "normax, first call": cold,
            "normax, first call, JAX's cache warm": first_call("normax", work, cache),
            "JAX by hand, first call": first_call("JAX by hand", work),
        }
        print(
            net,
            case,
            {n: [round(s, 2) for s in t] for n, t in columns[case].items()},
            firsts[case],
            flush=True,
        )
    lines = [f"| {net}: seconds (to normax, compiled) | {' | '.join(CASES)} |", "|-" * (len(CASES) + 1) + "|"]
    for name in [*CONTENDERS, *firsts[next(iter(CASES))]]:
        cells = []
        for case, times in columns.items():
            ours = times["normax"]
            if name in times:
                ratio = statistics.median(t / n for t, n in zip(times[name], ours))
                seconds = statistics.median(times[name])
            else:
                seconds = firsts[case][name]
                ratio = seconds / statistics.median(ours)
            cells.append(f"{seconds:.3g} ({ratio:.3g} ×)")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return [*lines, ""]


def growth(rounds: int) -> list[str]:
    """Seconds of the MLP against the number of strengths, compiled, as a line and as a picture."""
    names = ["normax", "JAX by hand", "PyTorch, torch.func"]
    processes = [start(name) for name in [*names, "PyTorch, sliced by hand"]]
    found: dict[str, list[float]] = {p.name: [] for p in processes}
    for k in GROWTH:
        for p in processes:
            work = request("MLP", (k, 0, 1), p.name)
            p.ask(work)
            found[p.name].append(statistics.median(p.ask(work) for _ in range(rounds)))
    for p in processes:
        p.close()
    picture(found)
    lines = [
        f"| seconds at that many strengths | {' | '.join(map(str, GROWTH))} |",
        "|-" * (len(GROWTH) + 1) + "|",
    ]
    lines += [f"| {name} | {' | '.join(f'{s:.3g}' for s in times)} |" for name, times in found.items()]
    return [*lines, ""]


def picture(found: dict[str, list[float]]) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    for name, times in found.items():
        axes.loglog(GROWTH, times, marker="o", label=name)
    axes.set(xlabel="strengths (lanes)", ylabel="seconds, compiled", xticks=GROWTH)
    axes.set_xticks(GROWTH, map(str, GROWTH))
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend()
    PICTURE.parent.mkdir(exist_ok=True)
    figure.savefig(PICTURE, dpi=120)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    parts = sys.argv[2:] or ["MLP", "CNN", "growth"]
    lines, notes = [], []
    with tempfile.TemporaryDirectory() as folder:
        for net in parts:
            if net != "growth":
                lines += table(net, rounds, Path(folder))
                notes.append(agreement(net, Path(folder)))
    if "growth" in parts:
        lines += growth(rounds)
    lines.append(
        f"Digits, {ROWS} rows, {EPOCHS['MLP']} epochs (CNN: {EPOCHS['CNN']}) of batch {BATCH}, Adam; held-out errors and a fit on all rows at every "
        f"strength included. {rounds} rounds in turn, each contender in a process of its own; ratios are medians of the "
        f"rounds' own. Loops ran {LOOPED} of the fits and are scaled by steps. JAX by hand: lanes under vmap (MLP) or "
        "lax.map with convolutions as products of matrices (CNN), one program for all row sets, donated, half of the lanes on "
        f"each core, features before rows. normax against JAX by hand: {'; '.join(notes) or 'see the tables of nets'}."
    )
    record("Whole paths of networks", lines, "jax", "optax", "torch")


if __name__ == "__main__":
    main()
