"""Paths of one strength each, of networks that differ in one number, as one path over that number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from normax.paths.result import Path

__all__ = ["joined"]


@dataclass(frozen=True)
class _Several:
    """Each entry's model is that of its own path."""

    paths: tuple[Path, ...]

    def model(self, index: int) -> Any:
        return self.paths[index].model(0)

    def outputs(self, index: int, X: np.ndarray) -> np.ndarray:
        outputs = self.paths[index].outputs
        assert outputs is not None
        return outputs(0, X)

    def members(self, index: int) -> tuple[Any, ...]:
        members = self.paths[index].members
        assert members is not None
        return members(0)


def joined(paths: Sequence[Path], values: Sequence[float]) -> Path:
    """One path whose strengths are `values`, one for each path of a single strength on the same folds."""

    def along(name: str, axis: int) -> Any:
        parts = [getattr(path, name) for path in paths]
        return None if parts[0] is None else np.concatenate(parts, axis)

    several = _Several(tuple(paths))
    phases = dict.fromkeys(phase for path in paths for phase in path.seconds)
    return replace(
        paths[0],
        strengths=np.asarray(values, float),
        **{name: along(name, 1) for name in ("fold_errors", "fold_train_errors", "curves")},
        **{name: along(name, 0) for name in ("train_mean", "held_out_outputs", "gaps")},
        weights={name: np.concatenate([path.weights[name] for path in paths]) for name in paths[0].weights},
        unpenalised_error=None,
        seconds={phase: sum(path.seconds.get(phase, 0.0) for path in paths) for phase in phases},
        notices=tuple(dict.fromkeys(notice for path in paths for notice in path.notices)),
        build=several.model,
        outputs=several.outputs,
        members=several.members,
    )
