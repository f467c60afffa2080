"""A path over processes: how much of its work is shared out, and how much every process does again.

    python benchmarks/lane_processes.py [COUNT ...]

The MLP of `lanes.py` on digits, 50 strengths on 5 folds and on all rows, in 1, 2 and 4 processes over loopback, each on one
core. Seconds are of processor time, so that it does not matter how many cores this machine has: a run on as many machines
takes as long as its busiest process, and what it sends is little beside that. Everybody's sum says what is done
more than once: preparing data, tracing, compiling, joining what the others sent.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from _harness import record
from _lanes_problem import BATCH, EPOCHS, RATE, ROWS, SEED, data, folds, module, starting, strengths

STRENGTHS, FOLDS = 50, 5


def work() -> None:
    """One process: the seconds of its start, of a first path, which compiles, and of a second one; the errors."""
    os.sched_setaffinity(0, {int(os.environ.get("JAX_PROCESS_ID", "0")) % (os.cpu_count() or 1)})
    import normax as nx

    nx.distributed.initialize()
    net = module("MLP", nx.nn)
    net.load_state_dict(starting("MLP", SEED))
    times = [time.process_time()]
    for _ in range(2):
        path = nx.path(
            net,
            data("MLP"),
            loss="cross_entropy",
            strengths=strengths(STRENGTHS),
            cv=folds(FOLDS),
            optimizer="adam",
            epochs=EPOCHS["MLP"],
            batch_size=BATCH,
            progress=False,
        )
        times.append(time.process_time())
    spent = [times[0], times[1] - times[0], times[2] - times[1]]
    print(json.dumps({"seconds": spent, "errors": path.fold_errors.tolist()}))


def run(count: int) -> list[dict]:
    """What each of so many processes said."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{probe.getsockname()[1]}"
    plain = {"JAX_PLATFORMS": "cpu", "JAX_ENABLE_COMPILATION_CACHE": "false", "PYTHONWARNINGS": "ignore"}
    together = {"JAX_COORDINATOR_ADDRESS": place, "JAX_NUM_PROCESSES": str(count)} if count > 1 else {}
    processes = [
        subprocess.Popen(
            [sys.executable, __file__, "work"],
            env=os.environ | plain | together | ({"JAX_PROCESS_ID": str(i)} if count > 1 else {}),
            cwd=Path(__file__).parent,
            stdout=subprocess.PIPE,
            text=True,
        )
        for i in range(count)
    ]
    # Gloo speaks on standard output too.
    return [json.loads(process.communicate()[0].splitlines()[-1]) for process in processes]


def main() -> None:
    counts = [int(word) for word in sys.argv[1:]] or [1, 2, 4]
    found = {count: run(count) for count in counts}
    first = found[counts[0]]
    lines = [
        "| processes | compiled path: busiest, s | sum, s | of one's | efficiency | first path: sum, s | start: sum, s |",
        "|-|-|-|-|-|-|-|",
    ]
    apart = 0.0
    for count, said in found.items():
        start, compiling, compiled = zip(*(one["seconds"] for one in said))
        alone = first[0]["seconds"][2]
        efficiency = alone / (count * max(compiled))
        lines.append(
            f"| {count} | {max(compiled):.2f} | {sum(compiled):.2f} | {sum(compiled) / alone:.2f} | {efficiency:.0%} | "
            f"{sum(compiling):.1f} | {sum(start):.1f} |"
        )
        for one in said:
            rows = zip(first[0]["errors"], one["errors"])
            apart = max(apart, *(abs(a - b) for ours, theirs in rows for a, b in zip(ours, theirs)))
    lines += [
        "",
        f"Digits, {ROWS} rows, MLP, {STRENGTHS} strengths × {FOLDS} folds and a fit on all rows, {EPOCHS['MLP']} epochs of "
        f"batch {BATCH}, Adam at {RATE}; seconds of processor time, each process on one core. Held-out errors differ by at most {apart:.1e}.",
    ]
    record("A path over processes", lines, "jax")


if __name__ == "__main__":
    work() if sys.argv[1:] == ["work"] else main()
