"""Trials on a seeded schedule: numbered, counted by what was tried and how it ended, and each of them repeatable."""

from __future__ import annotations

import argparse
import re
import secrets
import time
from collections import Counter
from collections.abc import Iterator

import numpy as np

__all__ = ["Budget", "Tally", "generator", "options"]


class Budget:
    """How long to go on: seconds ("90s") or a number of trials ("500")."""

    def __init__(self, text: str):
        match = re.fullmatch(r"(\d+)(s?)", text)
        if match is None or not int(match[1]):
            raise argparse.ArgumentTypeError(f"expected seconds (90s) or a count (500), got {text!r}")
        self.amount, self.timed = int(match[1]), bool(match[2])

    def numbers(self, first: int = 0) -> Iterator[int]:
        """The numbers of the trials, until the budget is spent."""
        began, number = time.monotonic(), first
        while (time.monotonic() - began if self.timed else number - first) < self.amount:
            yield number
            number += 1


def generator(seed: int, number: int) -> np.random.Generator:
    """What a trial draws from: its own numbers, whatever ran before it."""
    return np.random.default_rng([seed, number])


class Tally:
    """Counts by what was tried and how it ended, and the failures with the lines that repeat them."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        self.failures: dict[str, list[str]] = {}

    def add(self, kind: str, outcome: str) -> None:
        self.counts[kind, outcome] += 1

    def fail(self, kind: str, what: str, again: str) -> None:
        """A failure; those alike in `what` are told once."""
        self.add(kind, "FAILED")
        lines = self.failures.setdefault(f"{kind}: {what}", [])
        lines.append(again)
        if len(lines) == 1:
            print(f"FAILED {kind}: {what}\n  {again}", flush=True)

    def table(self) -> str:
        """A row a kind, a column an outcome, and their sums."""
        kinds = sorted({kind for kind, _ in self.counts})
        outcomes = sorted({outcome for _, outcome in self.counts}, key=lambda o: (o == "FAILED", o))
        width = max([len(kind) for kind in kinds] + [5])
        lines = [" " * width + "".join(f"{outcome:>18}" for outcome in (*outcomes, "tried"))]
        for kind in (*kinds, "all"):
            row = [
                sum(n for (k, o), n in self.counts.items() if kind in (k, "all") and o == outcome)
                for outcome in outcomes
            ]
            lines.append(f"{kind:{width}}" + "".join(f"{count:18,}" for count in (*row, sum(row))))
        return "\n".join(lines)


def options(what: str, budget: str) -> argparse.ArgumentParser:
    """The options that both kinds of trials have."""
    parser = argparse.ArgumentParser(prog=f"python -m robustness.{what}", allow_abbrev=False)
    parser.add_argument("--budget", type=Budget, default=Budget(budget), help="seconds (90s) or trials (500)")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="of the schedule; drawn")
    parser.add_argument("--only", default="", help="comma-separated beginnings of what is tried")
    parser.add_argument("--trial", type=int, help="the number of one trial to repeat")
    return parser
