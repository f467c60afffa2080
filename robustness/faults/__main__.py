"""`python -m robustness.faults`: faults on a random schedule; counts, and a line that repeats each failure."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np

# One program for all processes that are begun here: what one has compiled the next finds.
_home = Path(tempfile.mkdtemp(prefix="normax-faults-"))
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(_home / "compiled"))
os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"

from robustness.faults.trial import Broken, Reference, Trial  # noqa: E402
from robustness.faults.works import WORKS  # noqa: E402
from robustness.trials import Budget, Tally, generator, options  # noqa: E402


def run(budget: Budget, seed: int, only: str, first: int, tally: Tally) -> int:
    """Go through trials until the budget is spent; how many faults were injected."""
    chosen = [k for k, work in enumerate(WORKS) if work.name.startswith(tuple(only.split(",")))]
    share = np.array([WORKS[k].share for k in chosen])
    references: dict[int, Reference] = {}
    injected = 0
    for number in budget.numbers(first):
        work = int(generator(seed, number).choice(chosen, p=share / share.sum()))
        if work not in references:
            references[work] = Reference.of(work, _home / f"reference-{work}")
        place = _home / f"trial-{number}"
        trial = Trial(seed, number, work, references[work], place)
        try:
            for kind, ended in trial.run():
                tally.add(f"{WORKS[work].name}: {kind}", ended)
                injected += 1
        except Broken as error:
            what, _, detail = str(error).partition("\n")
            again = f"python -m robustness.faults --seed {seed} --trial {number}" + (
                f" --only {only!r}" if only else ""
            )
            tally.fail(WORKS[work].name, what, f"{again}   # after {', '.join(trial.faults)}")
            if detail:
                print("    " + detail.replace("\n", "\n    "), flush=True)
        shutil.rmtree(place)
    return injected


def main() -> int:
    asked = options("faults", "60s").parse_args()
    once = asked.trial is not None
    print(f"faults: seed {asked.seed}", flush=True)
    tally = Tally()
    try:
        injected = run(Budget("1") if once else asked.budget, asked.seed, asked.only, asked.trial or 0, tally)
    finally:
        shutil.rmtree(_home, ignore_errors=True)
    failed = sum(map(len, tally.failures.values()))
    print(tally.table())
    print(
        f"faults: {injected + failed:,} injected, {injected:,} survived, {failed} failed (seed {asked.seed})"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
