"""Chunks of lanes shared out over processes: each trains its own, and at the end all have all parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import zip_longest

import numpy as np

from normax.paths.checkpoint import Part
from normax.paths.fitting import ChunkJob, Fitting
from normax.paths.team import Team
from normax.sealed import read_arrays

__all__ = ["shared"]

Run = Callable[[Sequence[ChunkJob], int, int], None]
"""Runs jobs, where so many epochs of so many are done already."""

Place = tuple[int, int]
"""A chunk: which row set, and which chunk of it."""


def shared(fits: list[Fitting], team: Team, run: Run) -> None:
    """Train what is missing of some row sets, each process its share, and give every process all of it.

    What each process finds in its checkpoint is known first: a folder that all see needs nothing sent, and of a process
    that is gone only the parts are missing that it had not finished.
    """
    found: list[set[Place]] = [{(f, c) for f, c in places} for places in team.each(_places(fits))]
    somewhere = set[Place]().union(*found)
    finder = {place: next(p for p, has in enumerate(found) if place in has) for place in somewhere}
    _deliver(fits, team, {place: finder[place] for place in somewhere - found[0].intersection(*found)})
    chains = [chain for f, fit in enumerate(fits) for chain in _chains(f, fit, somewhere)]
    owner = team.owners([sum(fits[f].plan[c].epochs for f, c in chain) for chain in chains])
    mine = [place for chain, process in zip(chains, owner) for place in chain if process == team.index]
    jobs = [job for f, fit in enumerate(fits) for job in fit.jobs(c for g, c in mine if g == f)]
    share = sum(job.chunk.epochs for job in jobs)
    done = sum(fits[f].plan[c].epochs for f, c in somewhere) // team.count
    run(jobs, done, done + share)
    _deliver(fits, team, {place: p for chain, p in zip(chains, owner) for place in chain})


def _places(fits: list[Fitting]) -> list[Place]:
    return [(f, c) for f, fit in enumerate(fits) for c in sorted(fit.parts)]


def _chains(f: int, fit: Fitting, done: set[Place]) -> list[list[Place]]:
    """Chunks that must be trained in one process: all of a row set with warm starts, otherwise each by itself."""
    left = [(f, c) for c in range(len(fit.plan)) if (f, c) not in done]
    warm = any(chunk.before is not None for chunk in fit.plan)
    return ([left] if left else []) if warm else [[place] for place in left]


def _deliver(fits: list[Fitting], team: Team, owner: dict[Place, int]) -> None:
    """Parts that one process has to all of them, in turns of one part from each process."""
    if team.count == 1:
        return
    from safetensors.numpy import save

    queues = [sorted(place for place, p in owner.items() if p == process) for process in range(team.count)]
    for turn in zip_longest(*queues):
        mine = turn[team.index]
        sent = team.gather(b"" if mine is None else save(_ordered(fits[mine[0]].parts[mine[1]])))
        for place, content in zip(turn, sent):
            if place is not None and place[1] not in fits[place[0]].parts:
                fit = fits[place[0]]
                fit.parts[place[1]] = Part.of(read_arrays(content, "a part of a path"), fit.example)


def _ordered(part: Part) -> dict[str, np.ndarray]:
    return {name: np.asarray(array, order="C") for name, array in part.arrays.items()}
