"""Models of torchvision and timm as they are: how many `nx.from_torch` takes over with equal numbers.

Not timed. Each is compared with itself under PyTorch: outputs in float32 and float64, and in training mode outputs and
gradients in float64. What was found is kept, so that a run which is stopped goes on where it was. Nearly all of the time
is XLA's for the compiled gradients; `--quick` only traces these, and compares outputs in float32.

    python benchmarks/torch_files.py [--only WORD ...] [--quick] [--again] [--found FILE]
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from _harness import environment, record
from _process import Process

PACKAGES = [
    "torch==2.14.1",
    "torchvision==0.29.1",
    "timm==1.0.31",
    "einops==0.8.2",
    "jax==0.10.2",
    "optax==0.2.8",
    "scipy",
    "scikit-learn",
    "numba",
    "safetensors",
    "rich",
    "narwhals",
]
TOLERANCE = {"float32": 1e-4, "float64": 1e-9, "train": 1e-9, "gradients": 1e-9}
SETTINGS = {
    "PYTHONPATH": str(Path(__file__).parent.parent / "src"),
    "JAX_ENABLE_X64": "1",
    "XLA_FLAGS": "--xla_backend_optimization_level=1 --xla_llvm_disable_expensive_passes=true",
}


def peer() -> Process:
    return Process(
        "_torch_files_peer.py", "torch files", environment(".venv-torch-files", PACKAGES), SETTINGS
    )


def fault(found: dict[str, Any]) -> str:
    """What is not equal, or why there is nothing to compare; empty where all is well."""
    if "reason" in found or "left out" in found:
        return found.get("reason", "")
    return ", ".join(
        f"{what} differ by {found[what]:.1e}"
        for what, most in TOLERANCE.items()
        if what in found and not found[what] <= most
    )


def is_settled(found: dict[str, Any], quick: bool, again: bool) -> bool:
    """Whether a model need not be asked for any more."""
    if fault(found):
        return not again
    return quick or "left out" in found or "gradients" in found


def run(process: Process, names: list[str], file: Path, quick: bool, again: bool) -> dict[str, Any]:
    """What was found of each, asked for where it is not known yet."""
    known = json.loads(file.read_text()) if file.exists() else {}
    for name in names:
        if name in known and is_settled(known[name], quick, again):
            continue
        try:
            known[name] = process.ask({"model": name, "whole": not quick})
        except RuntimeError:
            known[name], process = {"reason": "the process died"}, peer()
        print(name, known[name], flush=True)
        file.write_text(json.dumps(known, indent=0))
    process.close()
    return {name: known[name] for name in names}


def summary(found: dict[str, Any]) -> list[str]:
    """A line a package: k of N, and each that is not equal or left out."""
    lines = []
    for package in dict.fromkeys(name.partition(":")[0] for name in found):
        own = {name: one for name, one in found.items() if name.startswith(f"{package}:")}
        tried = {name: one for name, one in own.items() if "left out" not in one}
        wrong = {name: fault(one) for name, one in tried.items() if fault(one)}
        traced = sum("gradients" not in one for name, one in tried.items() if name not in wrong)
        lines.append(
            f"- {package}: {len(tried) - len(wrong)} of {len(tried)}"
            + f" ({traced} of them in float32 alone, with training traced but not computed)" * bool(traced)
        )
        lines += [f"  - {name.partition(':')[2]}: {said}" for name, said in wrong.items()]
        out = [f"{n.partition(':')[2]} ({one['left out']})" for n, one in own.items() if "left out" in one]
        lines += [f"  - left out: {', '.join(out)}"] if out else []
    return lines


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", nargs="+", help="models whose names hold one of these words")
    options.add_argument("--quick", action="store_true", help="trace training, and compute in float32 only")
    options.add_argument("--again", action="store_true", help="ask anew for those that were not equal")
    options.add_argument(
        "--found", type=Path, default=Path(tempfile.gettempdir()) / "normax-torch-files.json"
    )
    given = options.parse_args()
    process = peer()
    names = process.ask({"list": True})
    names = [name for name in names if not given.only or any(word in name for word in given.only)]
    lines = summary(run(process, names, given.found, given.quick, given.again))
    print("\n".join(lines))
    if not given.only:
        intro = "Equal outputs (1e-4 in float32, 1e-9 in float64), and in training mode equal outputs and gradients:"
        record("PyTorch's files as they are", [intro, "", *lines, "", ", ".join(PACKAGES[:4])])


if __name__ == "__main__":
    main()
