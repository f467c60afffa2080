"""Scripts as several processes of one run over loopback, and on simulated devices: what tests of meshes share."""

import os
import socket
import subprocess
import sys
import textwrap
from types import SimpleNamespace

import pytest


def started(code, n=1, devices=1, **variables):
    """A script as `n` processes, each with so many simulated devices."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    run = {"JAX_COORDINATOR_ADDRESS": f"127.0.0.1:{port}", "JAX_NUM_PROCESSES": str(n)} if n > 1 else {}
    plain = {k: v for k, v in os.environ.items() if not k.startswith("JAX_NUM")}
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count={devices}".strip()
    return [
        subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(code)],
            env=plain
            | run
            | {"JAX_PLATFORMS": "cpu", "XLA_FLAGS": flags}
            | ({"JAX_PROCESS_ID": str(i)} if n > 1 else {})
            | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for i in range(n)
    ]


def ended(processes, timeout=240):
    """(exit code, standard output, standard error) of each."""
    try:
        told = [p.communicate(timeout=timeout) for p in processes]
    finally:
        for p in processes:
            p.kill()
    return [(p.returncode, *words) for p, words in zip(processes, told)]


def output(code, n=1, devices=1, **variables):
    """What each process printed; all have to end well."""
    results = ended(started(code, n, devices, **variables))
    assert [r[0] for r in results] == [0] * n, "\n".join(r[2] for r in results)
    # Gloo greets on the standard output.
    return ["\n".join(l for l in r[1].splitlines() if "peer ranks" not in l) for r in results]


@pytest.fixture
def processes():
    return SimpleNamespace(started=started, ended=ended, output=output)
