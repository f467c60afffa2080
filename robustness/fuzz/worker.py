"""Trials one after the other in a process of its own, which the parent watches: a crash or a hang ends only this one."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from functools import cache
from pathlib import Path

import numpy as np

from robustness.fuzz.box import Box, Verdict, bounded
from robustness.fuzz.generated import GENERATED, inputs
from robustness.fuzz.mutations import mutated
from robustness.fuzz.targets import TARGETS, Files, Target
from robustness.trials import generator

__all__ = ["drawn", "main", "tried"]


@cache
def _valid(target: Target) -> list[Files]:
    return target.valid()


@cache
def _bad(target: Target) -> list[Files]:
    return target.bad()


def drawn(seed: int, number: int, only: str) -> tuple[Target, list[Files]]:
    """The target of a trial and its inputs: one mutated, one valid or hostile as it is, or several generated."""
    random = generator(seed, number)
    words = only.split(",")
    targets = [target for target in TARGETS if target.name.startswith(tuple(words))]
    share = np.array([target.share for target in targets])
    target = targets[int(random.choice(len(targets), p=share / share.sum()))]
    if target.name in GENERATED and random.random() < 0.05:
        return target, list(inputs(target.name, int(random.integers(2**31))))
    valid = _valid(target)
    files = valid[int(random.integers(len(valid)))]
    if random.random() < 0.02:
        known = [*valid, *_bad(target)]
        return target, [known[int(random.integers(len(known)))]]
    if target.mutate is not None and random.random() < 0.7:
        return target, [target.mutate(dict(files), random)]
    name = sorted(files)[int(random.integers(len(files)))]
    others = [data for known in valid for data in known.values()]
    return target, [files | {name: mutated(files[name], random, others)}]


def tried(box: Box, target: Target, files: Files, keep: Path | None) -> Verdict:
    """Judge an input; one that fails is kept."""
    if keep is not None:  # before the trial, which may be the end of this process
        _write(keep / "input", files)
    return box.judge(target.attempt, files)


def _write(folder: Path, files: Files) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


def main(seed: int, start: int, step: int, only: str, kept: Path) -> None:
    """Print a line before and after every input: its trial, its target, and how it ended.

    Args:
        seed, only: of the schedule.
        start, step: the numbers of the trials are start, start + step, ...
        kept: where inputs that fail are put.
    """
    with tempfile.TemporaryDirectory(prefix="normax-fuzz-") as top:
        box, number, last = Box(Path(top)), start, kept / f"worker-{os.getpid()}"
        ready: set[str] = set()
        while True:
            target, several = drawn(seed, number, only)
            if target.name not in ready:  # what is loaded and compiled at first use is no matter of the input
                verdict = box.judge(target.attempt, _valid(target)[0])
                if verdict.outcome != "accepted":
                    raise SystemExit(f"{target.name}: a valid input is {verdict}")
                ready.add(target.name)
            bounded()
            for files in several:
                _say("begin", number, target.name)
                verdict = tried(box, target, files, last)
                if verdict.outcome == "FAILED":
                    shutil.copytree(last / "input", kept / f"{seed}-{number}", dirs_exist_ok=True)
                _say(verdict.outcome, number, target.name, verdict.what, verdict.detail)
            number += step


def _say(*words: object) -> None:
    sys.__stdout__.write(json.dumps(words) + "\n")
    sys.__stdout__.flush()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]), sys.argv[4], Path(sys.argv[5]))
