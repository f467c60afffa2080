"""`normax launch -n N -- script.py ...`: a script as several processes of one run, on this machine.

On several machines their own launchers do this: Slurm's srun, mpirun, Kubernetes, TPU pods.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from normax.cli.interrupts import handled
from normax.errors import InputError
from normax.language.messages import retold
from normax.launched import COORDINATOR, COUNT, INDEX, LOST
from normax.text import encodable

__all__ = ["launch"]

GRACE_SECONDS = 5.0
"""How long the others may take to hear of one that ended, and then to end."""

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


def launch(options: argparse.Namespace) -> int:
    """Start the processes, pass on what they print and what signals come, and see that all end when one fails.

    Returns:
        0, or the exit code of the process that failed, 128 and the signal's number where one ended it.

    Raises:
        InputError: without a script, and for more processes than GPUs.
    """
    if not options.script:
        raise InputError("launch: which script? normax launch -n 2 -- script.py (see normax launch --help)")
    count = options.processes
    shares = _shares(count, _accelerators())
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    run = {COORDINATOR: address, COUNT: str(count)}
    there: list[subprocess.Popen] = []
    with _passing(there) as signals:
        for i in range(count):
            beside = shares[i] | _simulated(options.devices)
            there.append(_started(options.script, os.environ | run | beside | {INDEX: str(i)}))
        readers = [
            threading.Thread(target=_copied, args=(stream, out, f"[{i}] "), daemon=True)
            for i, process in enumerate(there)
            for stream, out in ((process.stdout, sys.stdout), (process.stderr, sys.stderr))
        ]
        for reader in readers:
            reader.start()
        order = _ended(there, signals)
        for reader in readers:
            reader.join()
    if signals:
        return 128 + signals[0]
    return _told(there, order)


def _started(words: list[str], environment: dict[str, str]) -> subprocess.Popen:
    # A session of its own: a Ctrl-C of the terminal comes once, through the launcher.
    return subprocess.Popen(
        [sys.executable, "-u", *words],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


_writing = threading.Lock()  # the standard output and error are often one terminal


def _copied(stream: IO[bytes], out: Any, prefix: str) -> None:
    """Every line of a process, whole, behind its number."""
    with stream:
        for line in stream:
            text = encodable(line.decode(errors="replace").rstrip(), getattr(out, "encoding", None))
            with _writing:
                out.write(f"{prefix}{text}\n")
                out.flush()


@contextmanager
def _passing(there: list[subprocess.Popen]) -> Iterator[list[int]]:
    """Pass signals on to the processes, the second of a kind as one that nothing survives; those that came, in order."""
    came: list[int] = []

    def passed(number: int, _: Any) -> None:
        again = number in came
        came.append(number)
        for process in there:
            if process.poll() is None:
                process.kill() if again else process.send_signal(number)

    try:
        with handled(SIGNALS, passed):
            yield came
    finally:
        for process in there:
            if process.poll() is None:
                process.kill()
            process.wait()


def _ended(there: list[subprocess.Popen], signals: list[int]) -> list[int]:
    """The numbers of the processes as they ended, once all have; after one has failed, the others are made to."""
    order: list[int] = []
    deadline, asked = None, False
    while len(order) < len(there):
        order += [i for i, p in enumerate(there) if i not in order and p.poll() is not None]
        now = time.monotonic()
        if any(there[i].returncode for i in order) and not signals:  # who was told to end takes its time
            deadline = now + GRACE_SECONDS if deadline is None else deadline
            if now > deadline:
                for process in there:
                    if process.poll() is None:
                        process.kill() if asked else process.terminate()
                asked, deadline = True, now + GRACE_SECONDS
        time.sleep(0.02)
    return order


def _told(there: list[subprocess.Popen], order: list[int]) -> int:
    """The exit code of who failed first by itself, and a line about it."""
    failed = [i for i in order if there[i].returncode]
    if not failed:
        return 0
    first = next((i for i in failed if there[i].returncode not in (LOST, -signal.SIGTERM)), failed[0])
    code = there[first].returncode
    who, rest = f"process {first} of {len(there)} ended with", f"its lines begin with [{first}]"
    how = f"exit code {code}" if code > 0 else f"signal {signal.Signals(-code).name}"
    said = f"{who} {how}, so the others were ended; {rest}"
    print(f"normax: {retold(said)}", file=sys.stderr, flush=True)
    return code if code > 0 else 128 - code


def _simulated(devices: int | None) -> dict[str, str]:
    if devices is None:
        return {}
    flag = f"--xla_force_host_platform_device_count={devices}"
    return {"XLA_FLAGS": f"{os.environ.get('XLA_FLAGS', '')} {flag}".strip(), "JAX_PLATFORMS": "cpu"}


def _accelerators() -> int:
    """How many NVIDIA GPUs the processes will find, without asking JAX, which would take hold of them."""
    if os.environ.get("JAX_PLATFORMS", "").split(",")[0] == "cpu":
        return 0
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return len([name for name in visible.split(",") if name.strip()])
    return sum(re.fullmatch(r"nvidia\d+", file.name) is not None for file in Path("/dev").glob("nvidia*"))


def _shares(count: int, accelerators: int) -> list[dict[str, str]]:
    """Which GPUs each process takes: as many each, side by side."""
    if not accelerators or "JAX_LOCAL_DEVICE_IDS" in os.environ:
        return [{}] * count
    each = accelerators // count
    if not each:
        raise InputError(
            f"-n {count}: this machine has {accelerators} GPUs, and every process takes one at least; JAX_PLATFORMS=cpu "
            "leaves them alone"
        )
    return [{"JAX_LOCAL_DEVICE_IDS": ",".join(str(i * each + j) for j in range(each))} for i in range(count)]
