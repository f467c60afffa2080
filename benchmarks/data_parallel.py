"""A data-parallel step on 1 to 8 simulated devices and on 1 to 4 processes: what is moved, what every device repeats.

On a few cores devices and processes share the cores, so that the seconds say nothing of speed-up. What carries over is counted: the
bytes of the collectives and the operations of each device, read from the compiled program, and the processor time of all
devices together, whose growth is what is repeated or moved. Beside normax the same step written by hand, `jax.jit` on a dict.

python benchmarks/data_parallel.py [ROUNDS]
"""

from __future__ import annotations

import itertools
import json
import os
import re
import statistics
import subprocess
import sys
import time

WIDTHS = (256, 512, 512, 10)
ROWS = int(os.environ.get("ROWS", "1024"))
KINDS = {"f32": 4, "s32": 4, "u32": 4, "pred": 1, "f64": 8, "bf16": 2}
COLLECTIVES = "all-reduce|all-gather|reduce-scatter|all-to-all|collective-permute"


def moved(program: str) -> dict[str, int]:
    """Bytes that each kind of collective of a compiled program puts out on one device."""
    found: dict[str, int] = {}
    for shapes, kind in re.findall(
        rf"= (\(?[a-z0-9\[\],{{}} ()/*=]*?) ({COLLECTIVES})(?:-start)?\(", program
    ):
        total = 0
        for dtype, sizes in re.findall(r"(\w+)\[([\d,]*)\]", shapes):
            count = KINDS[dtype]
            for size in filter(None, sizes.split(",")):
                count *= int(size)
            total += count
        found[kind] = found.get(kind, 0) + total
    return found


def problem():
    import jax
    import numpy as np

    import normax as nx
    from normax import nn

    rng = np.random.default_rng(0)
    X = rng.normal(size=(ROWS, WIDTHS[0])).astype("float32")
    y = rng.integers(0, WIDTHS[-1], ROWS).astype("int32")
    nx.manual_seed(0)
    layers = [part for a, b in itertools.pairwise(WIDTHS) for part in (nn.Linear(a, b), nn.ReLU())]
    part = ROWS // jax.process_count()
    mine = slice(jax.process_index() * part, (jax.process_index() + 1) * part)
    return nn.Sequential(*layers[:-1]), X[mine], y[mine]


def ours(shard):
    """A step of `nx.train_step`, its compiled program, and its loss."""
    import jax
    import optax

    import normax as nx
    from normax.nn import functional as F
    from normax.nn.random import raw_key

    net, X, y = problem()
    step = nx.train_step(
        net, lambda net, x, y: F.cross_entropy(net(x), y), optax.adam(1e-3), mesh={"data": -1}, shard=shard
    )
    X, y = step.partition.batch((X, y))
    first = float(step(X, y))
    program = step._program()
    others = [cell._value for cell in program.others]
    arguments = step._packing.leaves(), [], step._state, others, program.penalties, raw_key(), (X, y)
    compiled = program.compiled.lower(*arguments).compile()
    return (lambda: jax.block_until_ready(step(X, y))), compiled, first


def by_hand():
    """The same step on a dict of arrays under `jax.jit`, batch and parameters laid out by `NamedSharding`."""
    import jax
    import jax.numpy as jnp
    import numpy as np
    import optax
    from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

    net, X, y = problem()
    mesh = Mesh(np.array(jax.devices()), ("data",), axis_types=(AxisType.Auto,))
    whole, rows = NamedSharding(mesh, PartitionSpec()), NamedSharding(mesh, PartitionSpec("data"))
    weights = {n: jax.device_put(np.asarray(v), whole) for n, v in net.state_dict().items()}
    tx = optax.adam(1e-3)
    state = jax.device_put(tx.init(weights), whole)
    X, y = (jax.make_array_from_process_local_data(rows, a) for a in (X, y))

    def loss(weights, X, y):
        for i in range(len(WIDTHS) - 1):
            X = X @ weights[f"{2 * i}.weight"].T + weights[f"{2 * i}.bias"]
            X = jax.nn.relu(X) if i < len(WIDTHS) - 2 else X
        return optax.softmax_cross_entropy_with_integer_labels(X, y).mean()

    def program(weights, state, X, y):
        value, gradients = jax.value_and_grad(loss)(weights, X, y)
        moves, state = tx.update(gradients, state, weights)
        return optax.apply_updates(weights, moves), state, value

    compiled = jax.jit(program, donate_argnums=(0, 1)).lower(weights, state, X, y).compile()
    held = [weights, state]

    def step():
        *held[:], value = compiled(*held, X, y)
        return jax.block_until_ready(value)

    return step, compiled, float(jnp.asarray(step()))


def child(way: str, rounds: int) -> None:
    """One layout in a process, or as one of several: its counts and its processor seconds a step, as JSON."""
    import normax as nx

    nx.distributed.initialize()
    step, compiled, first = by_hand() if way == "by hand" else ours("data" if way == "cut" else None)
    cost = compiled.cost_analysis()
    for _ in range(3):
        step()
    spent = []
    for _ in range(rounds):
        nx.distributed.barrier("round")
        began = time.process_time()
        for _ in range(10):
            step()
        spent.append((time.process_time() - began) / 10)
    mine = {"spent": statistics.median(spent), "flops": cost.get("flops", 0.0), "loss": first}
    all_of_them = nx.distributed.gather(mine)
    if nx.distributed.is_main():
        total = sum(each["spent"] for each in all_of_them)
        print("FOUND " + json.dumps(mine | {"spent": total, "moved": moved(compiled.as_text())}), flush=True)


def run(way: str, devices: int, processes: int, rounds: int, rows: int = ROWS) -> dict:
    flag = f"--xla_force_host_platform_device_count={devices // processes} --xla_cpu_multi_thread_eigen=false"
    environment = os.environ | {"XLA_FLAGS": flag, "JAX_PLATFORMS": "cpu", "ROWS": str(rows)}
    words = [
        sys.executable,
        "-m",
        "normax",
        "launch",
        "-n",
        str(processes),
        "--",
        __file__,
        "child",
        way,
        str(rounds),
    ]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
    return json.loads(re.search(r"FOUND (.*)", done.stdout)[1])


def efficiency(parameters: float, flops: float, devices: int, rows: int, machine: dict) -> float:
    """Of a step on paper: its share of the time that is not waiting or repeated, `T(1) / (n T(n))` at so many rows a device.

    T(n) = flops·rows/speed + 28 P/memory + max(0, ring − backward): Adam reads and writes seven arrays of P float32; the ring all-reduce of
    the gradients moves 2 (n − 1)/n · 4 P bytes over the slowest link and starts 2 (n − 1) times; two thirds of the
    computation, the backward pass, hide it.
    """
    compute, update = flops * rows / machine["speed"], 28 * parameters / machine["memory"]
    link = machine["inside"] if devices <= machine["together"] else machine["between"]
    ring = 2 * (devices - 1) / devices * 4 * parameters / link + 2 * (devices - 1) * machine["latency"]
    return (compute + update) / (compute + update + max(0.0, ring - 2 / 3 * compute))


MACHINE = {"speed": 2e14, "memory": 3e12, "inside": 3e11, "between": 2.5e10, "together": 8, "latency": 5e-6}
"""An accelerator of 2023 to 2025 in use, not on its data sheet: flops, bytes of memory and of links a second, devices of a machine,
seconds to begin a message."""


def on_paper() -> list[str]:
    """Efficiencies of steps and paths on 8 to 512 accelerators."""
    counts = (8, 16, 32, 64, 128, 256, 512)
    lines = [f"| on paper | {' | '.join(map(str, counts))} |", "|---" * (len(counts) + 1) + "|"]
    for name, parameters, flops, rows in (
        ("ResNet-50, 64 images each", 25.6e6, 3 * 8.2e9, 64),
        ("transformer of 350 M, 8 × 1024 tokens each", 350e6, 6 * 350e6 * 1024, 8),
        ("MLP of 0.4 M, 128 rows each", 4e5, 6 * 4e5, 128),
    ):
        found = [efficiency(parameters, flops, n, rows, MACHINE) for n in counts]
        lines.append(f"| {name} | {' | '.join(f'{e:.0%}' for e in found)} |")
    lanes = 100 * 10
    each = [-(-lanes // n) for n in counts]
    lines.append(f"| lanes of 100 strengths × 10 folds a device | {' | '.join(map(str, each))} |")
    shares = [lanes / (n * e) for n, e in zip(counts, each)]
    lines.append(f"| that path: lanes in use | {' | '.join(f'{s:.0%}' for s in shares)} |")
    return lines


def main() -> None:
    from _harness import record

    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    parameters = sum(a * b + b for a, b in itertools.pairwise(WIDTHS))
    places = [(1, 1), (2, 1), (4, 1), (8, 1), (2, 2), (4, 4)]
    lines = [
        "| devices × processes | way | bytes moved a device ÷ bytes of the gradient | flops a device ÷ of one | processor time of all ÷ of one |"
        " forecast from one device |",
        "|---|---|---|---|---|---|",
    ]
    one: dict[str, dict] = {}
    # What n devices repeat, by one device with the rows of each: without what they move, and without waiting.
    alone = {n: run("whole", 1, 1, rounds, ROWS // n)["spent"] for n in (1, 2, 4, 8)}
    for devices, processes in places:
        for way in ("whole", "cut", "by hand"):
            found = run(way, devices, processes, rounds)
            first = one.setdefault(way, found)
            assert abs(found["loss"] - one["whole"]["loss"]) < 1e-4, (way, found, one)
            sizes = ", ".join(
                f"{kind} {size / (4 * parameters):.2f}" for kind, size in found["moved"].items()
            )
            lines.append(
                f"| {devices} × {processes} | {way} | {sizes or 'none'} | {found['flops'] / first['flops']:.3f} | "
                f"{found['spent'] / first['spent']:.2f} | {devices * alone[devices] / alone[1]:.2f} |"
            )
            print(lines[-1], flush=True)
    lines.append(
        f"\n{'-'.join(map(str, WIDTHS))}, {ROWS} rows in all, Adam; `whole` copies parameters to each device, `cut` cuts them and the state of Adam. "
        f"Processor time counts waiting in gloo and for each other; medians of {rounds} rounds of 10 steps. Forecast: n devices "
        "with their part of the rows each, as one device takes for it. XLA's CPU compiler has no reduce-scatter of gradients: cut ones are "
        "added up whole, on GPUs and TPUs in parts."
    )
    lines += ["", *on_paper()]
    record("A data-parallel step", lines, "jax", "optax")


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        child(sys.argv[2], int(sys.argv[3]))
    else:
        main()
