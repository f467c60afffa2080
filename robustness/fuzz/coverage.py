"""`python -m robustness.fuzz.coverage TARGET SECONDS KEPT`: inputs that coverage leads to, by atheris where it is installed."""

from __future__ import annotations

import importlib
import shutil
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(
    include=["normax.tables", "normax.sealed", "normax.interop", "normax.porting"]
):
    for module in ("interop", "porting.needs", "sealed", "tables"):
        importlib.import_module(f"normax.{module}")

from robustness.fuzz.box import Box
from robustness.fuzz.targets import TARGETS, Files

__all__ = ["main"]


def main(name: str, seconds: int, kept: Path) -> None:
    """Let libFuzzer mutate the first file of a target's inputs; an input that fails is kept, and ends it."""
    target = next(target for target in TARGETS if target.name == name)
    valid = target.valid()
    first = sorted(valid[0])[0]
    top = Path(tempfile.mkdtemp(prefix="normax-fuzz-"))
    box, corpus = Box(top / "box"), top / "corpus"
    corpus.mkdir()
    for number, files in enumerate(valid):
        (corpus / str(number)).write_bytes(files[sorted(files)[0]])

    def one(data: bytes) -> None:
        files: Files = valid[0] | {first: data}
        verdict = box.judge(target.attempt, files)
        if verdict.outcome == "FAILED":
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(box.inside, kept)
            raise AssertionError(f"{name}: {verdict.what}\n{verdict.detail}")

    words = [f"-max_total_time={seconds}", "-print_final_stats=1", "-rss_limit_mb=8000", "-timeout=60"]
    atheris.Setup([sys.argv[0], *words, f"-artifact_prefix={top}/", str(corpus)], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
