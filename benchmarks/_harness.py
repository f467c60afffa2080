"""What every benchmark shares: alternating runs, medians, the machine's shape, a row in RESULTS.md."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")


def seconds(call: Callable[[], object]) -> float:
    """Wall-clock seconds of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def alternate(contenders: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Seconds of every contender in every round, taking turns, so that a busy minute hits all alike."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, call in contenders.items():
            times[name].append(seconds(call))
    return times


def medians(times: dict[str, list[float]]) -> dict[str, float]:
    return {name: statistics.median(values) for name, values in times.items()}


def machine() -> str:
    """Cores and processor family; never a name."""
    flags = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    vector = "AVX-512" if "avx512f" in flags else "AVX2" if "avx2" in flags else "no AVX"
    return f"{os.cpu_count()} cores, {platform.machine()} {vector}"


def versions(*packages: str) -> str:
    return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)


def environment(name: str, packages: list[str]) -> Path:
    """The interpreter of a peers' environment in this folder, made on first use."""
    home = RESULTS.with_name(name)
    python = home / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
    return python


def record(title: str, lines: list[str], *packages: str) -> None:
    """Print the result and append it to RESULTS.md."""
    stamp = time.strftime("%Y-%m-%d")
    text = "\n".join(
        [f"## {title}", "", f"{stamp}; {machine()}; {versions('normax', *packages)}", "", *lines, ""]
    )
    print(text)
    with RESULTS.open("a", encoding="utf-8") as file:
        file.write(text + "\n")
