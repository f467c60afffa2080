"""`python -m robustness.fuzz`: hostile files on a seeded schedule; counts, and a line that repeats each failure."""

from __future__ import annotations

import importlib.util
import json
import re
import select
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from robustness.fuzz.box import Box
from robustness.fuzz.targets import TARGETS
from robustness.fuzz.worker import drawn, tried
from robustness.trials import Budget, Tally, options

# Read by Python's own code above all, which coverage sees.
_GUIDED = ("table csv", "table json", "table npz", "config", "weights", "code to use")
_PATIENCE = 120.0  # seconds of silence after which a trial hangs, however busy the machine


class _Worker:
    """A process that tries inputs, and the last one that it began."""

    def __init__(self, seed: int, start: int, only: str, kept: Path):
        words = [sys.executable, "-m", "robustness.fuzz.worker", str(seed), str(start), "1", only, str(kept)]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.begun: tuple[int, str] = (start, "start")

    def line(self) -> list | None:
        """The next report; None when the process hangs or is no more."""
        assert self.process.stdout is not None
        if not select.select([self.process.stdout], [], [], _PATIENCE)[0]:
            return None
        line = self.process.stdout.readline()
        return json.loads(line) if line.endswith(b"\n") else None

    def end(self) -> tuple[str, str]:
        """How it came to be silent, and the last of what it said."""
        try:
            code: int | None = self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            code = None
        self.process.kill()
        said = self.process.communicate()[1].decode(errors="replace")[-3000:]
        return ("hangs" if code is None else f"the process died ({code})"), said


def run(budget: Budget, seed: int, only: str, kept: Path, tally: Tally) -> None:
    """Go through trials until the budget is spent, each beginning where a process died after it."""
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(parents=True)
    worker = _Worker(seed, 0, only, kept)
    for _ in budget.numbers():
        report = worker.line()
        while report is not None and report[0] == "begin":
            worker.begun = report[1], report[2]
            report = worker.line()
        if report is None:
            number, name = worker.begun
            what, detail = worker.end()
            _fail(tally, name, what, detail, seed, number, only, kept)
            last = kept / f"worker-{worker.process.pid}" / "input"
            if last.is_dir():
                shutil.copytree(last, kept / f"{seed}-{number}", dirs_exist_ok=True)
            worker = _Worker(seed, number + 1, only, kept)
            continue
        outcome, number, name, *rest = report
        if outcome == "FAILED":
            _fail(tally, name, *rest, seed, number, only, kept)
        else:
            tally.add(name, outcome)
    worker.process.kill()
    worker.process.communicate()
    for folder in kept.glob("worker-*"):
        shutil.rmtree(folder)


def guided(seconds: int, only: str, kept: Path, tally: Tally) -> None:
    """Inputs that coverage leads to, some seconds a target."""
    chosen = [name for name in _GUIDED if name.startswith(tuple(only.split(",")))]
    for name in chosen:
        place = kept / f"coverage-{name.replace(' ', '-')}"
        words = [
            sys.executable,
            "-m",
            "robustness.fuzz.coverage",
            name,
            str(max(1, seconds // len(chosen))),
            str(place),
        ]
        done = subprocess.run(words, capture_output=True, text=True, errors="replace")
        count = re.search(r"stat::number_of_executed_units: (\d+)", done.stderr)
        tally.counts[f"{name}, by coverage", "tried"] += int(count[1]) if count else 0
        if done.returncode:
            tally.fail(name, "an input that coverage led to", f"input: {place}")
            print(done.stderr[-3000:], flush=True)


def _fail(
    tally: Tally, name: str, what: str, detail: str, seed: int, number: int, only: str, kept: Path
) -> None:
    also = f" --only {only!r}" if only else ""
    again = f"python -m robustness.fuzz --seed {seed} --trial {number}{also}   # input: {kept / f'{seed}-{number}'}"
    fresh = f"{name}: {what}" not in tally.failures
    tally.fail(name, what, again)
    if fresh and detail:
        print("    " + detail.strip().replace("\n", "\n    "), flush=True)


def again(seed: int, number: int, only: str) -> int:
    """One trial once more, in this process."""
    target, several = drawn(seed, number, only)
    failed = 0
    with tempfile.TemporaryDirectory(prefix="normax-fuzz-") as top:
        for files in several:
            verdict = tried(Box(Path(tempfile.mkdtemp(dir=top))), target, files, None)
            print(target.name, verdict.outcome, verdict.what, verdict.detail, sep="\n")
            failed += verdict.outcome == "FAILED"
    return failed


def main() -> int:
    parser = options("fuzz", "60s")
    parser.add_argument(
        "--kept", type=Path, default=Path("build/fuzz"), help="where inputs that fail are put"
    )
    asked = parser.parse_args()
    if asked.trial is not None:
        return again(asked.seed, asked.trial, asked.only)
    print(f"fuzz: seed {asked.seed}, {len(TARGETS)} targets", flush=True)
    tally = Tally()
    budget, by_coverage = asked.budget, 0
    if budget.timed and budget.amount >= 60 and importlib.util.find_spec("atheris"):
        by_coverage = budget.amount // 3
        budget.amount -= by_coverage
    run(budget, asked.seed, asked.only, asked.kept.resolve(), tally)
    if by_coverage:
        guided(by_coverage, asked.only, asked.kept.resolve(), tally)
    print(tally.table())
    tried_all = sum(tally.counts.values())
    failed = sum(map(len, tally.failures.values()))
    print(
        f"fuzz: {tried_all:,} inputs tried, {failed} failed in {len(tally.failures)} ways (seed {asked.seed})"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
