"""How the time and the memory of a lasso path grow with the rows and with the columns of a sparse X.

    python benchmarks/linear_growth.py [LARGEST]      # 1000000; also draws docs/images/linear-growth.png

X has entries in 1 % of its cells. Rows grow at 1000 columns, columns at 1000 rows, each from 1000 on; 100 strengths run
down to a tenth of the largest. Every point is a process of its own, whose memory is the peak of the resident set during
the fit above that of before, where X is already there; coefficients are asked for as sparse. Time is that of the
processor: the machine is shared.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import scipy.sparse

SIZES = [1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000]
OTHER, SHARE, STRENGTHS, WORKING = 1000, 0.01, 100, 20
ALLOWED = "0.3 of X + 200 MB"
PICTURE = Path(__file__).parent.parent / "docs" / "images" / "linear-growth.png"


def problem(n: int, p: int) -> tuple[scipy.sparse.csc_matrix, np.ndarray]:
    rng, each = np.random.default_rng(0), int(n * SHARE)
    rows = rng.integers(0, n, p * each, dtype=np.int32)
    X = scipy.sparse.csc_matrix(
        (rng.standard_normal(p * each), rows, np.arange(0, p * each + 1, each)), shape=(n, p)
    )
    X.sum_duplicates()
    signal = X[:, rng.choice(p, WORKING, replace=False)] @ rng.standard_normal(WORKING)
    return X, signal + rng.standard_normal(n) * signal.std() / 2


def resident() -> float:
    """Bytes of this process in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return float(pages * resource.getpagesize())


def point(n: int, p: int) -> None:
    """One fit in this process: seconds and bytes as JSON."""
    from normax.linear_model import fit_path, max_strength

    X, y = problem(1000, 50)
    fit_path(X, y, strengths=[0.5 * max_strength(X, y)])  # load the compiled kernels
    X, y = problem(n, p)
    strengths = max_strength(X, y) * np.geomspace(1, 0.1, STRENGTHS)
    before, peak, stop = resident(), [0.0], threading.Event()

    def watch() -> None:
        while not stop.wait(0.005):
            peak[0] = max(peak[0], resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    start = time.process_time()
    path = fit_path(X, y, strengths=strengths, sparse_coef=True)
    seconds = time.process_time() - start
    stop.set()
    watcher.join()
    size = X.data.nbytes + X.indices.nbytes + X.indptr.nbytes
    kept = sum(w.data.nbytes + w.indices.nbytes + w.indptr.nbytes for w in path.coef)
    beyond = max(peak[0] - before - kept, 0.0)
    print(json.dumps({"seconds": seconds, "X": size, "beyond": beyond, "gap": float(path.gap.max())}))


def main() -> None:
    from _harness import record

    largest = int(sys.argv[1]) if len(sys.argv) > 1 else SIZES[-1]
    sizes = [s for s in SIZES if s <= largest]
    lines = [
        "| | n or p | seconds | X, MB | memory beyond, MB | allowed, MB | largest gap |",
        "|-|-|-|-|-|-|-|",
    ]
    slopes, curves = [], {}
    for name in ("n", "p"):
        seconds = []
        for size in sizes:
            n, p = (size, OTHER) if name == "n" else (OTHER, size)
            command = [sys.executable, __file__, "--point", str(n), str(p)]
            told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            seconds.append(told["seconds"])
            allowed = 0.3 * told["X"] + 200e6
            lines.append(
                f"| {name} | {size} | {told['seconds']:.2f} | {told['X'] / 1e6:.1f} | {told['beyond'] / 1e6:.0f} | "
                f"{allowed / 1e6:.0f} | {told['gap']:.0e} |"
            )
            print(lines[-1], flush=True)
        curves[name] = seconds
        late = np.array(sizes) >= 10_000
        if late.sum() > 1:
            slope = np.polyfit(np.log(np.array(sizes)[late]), np.log(np.array(seconds)[late]), 1)[0]
            slopes.append(f"time grows as {name}^{slope:.2f} from 10⁴ on")
    draw(sizes, curves, slopes)
    allowance = f"memory allowed beyond X and the coefficients: {ALLOWED}"
    lines += ["", "; ".join([*slopes, allowance]) + "."]
    record("Growth of a sparse lasso path (1 % entries, 100 strengths to a tenth)", lines, "numba", "scipy")


def draw(sizes: list[int], curves: dict[str, list[float]], slopes: list[str]) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.ticker import NullFormatter

    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    for (name, seconds), slope in zip(curves.items(), slopes or [""] * 2):
        axes.loglog(sizes, seconds, marker="o", label=f"{name} grows, the other is {OTHER}: {slope}")
    every = [second for seconds in curves.values() for second in seconds]
    decades = 10.0 ** np.array([np.floor(np.log10(min(every))), np.ceil(np.log10(max(every)))])
    axes.set(xlabel="rows n or columns p", ylabel="processor seconds of the path", ylim=decades)
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    figure.savefig(PICTURE, dpi=120)


if __name__ == "__main__":
    point(int(sys.argv[2]), int(sys.argv[3])) if sys.argv[1:2] == ["--point"] else main()
