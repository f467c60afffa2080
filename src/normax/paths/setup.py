"""The setup of a network's path: its data, lanes and starting points, complete when it is made."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.errors import InputError
from normax.nn.module import Module
from normax.nn.random import fork
from normax.paths.arguments import unit_penalty
from normax.paths.axes import Axes
from normax.paths.checkpoint import Part, PathCheckpoint, digest
from normax.paths.folded import FoldedData
from normax.paths.lanes import Lanes, Steps
from normax.paths.plan import Lineup
from normax.paths.row_sets import RowSets
from normax.paths.schedule import Schedule
from normax.paths.team import Team, check_alike
from normax.penalties import Penalty
from normax.training.loop import TrainState
from normax.training.penalize import resolve
from normax.training.update import short_of

__all__ = ["Charges", "PathSetup"]


@dataclass(frozen=True)
class Charges:
    """What a path penalises.

    Attributes:
        cells: trainable cell -> penalty at strength 1.
        unit: the first of the penalties, which speaks for them in a report.
    """

    cells: dict[Any, Penalty]
    unit: Penalty

    @staticmethod
    def of(net: Module, penalty: Any) -> Charges:
        specification: Any
        if isinstance(penalty, Mapping):
            specification = {name: None if p is None else unit_penalty(p) for name, p in penalty.items()}
            unit = next((p for p in specification.values() if p is not None), None)
        else:
            specification = unit = unit_penalty(penalty)
        cells = {c: p for c, p in resolve(net, specification).items() if p is not None and c.requires_grad}
        if not cells or unit is None:
            raise InputError(
                f"penalty: no trainable weight of {type(net).__name__} is penalised, so a path has nothing to vary"
            )
        return Charges(cells, unit)


@dataclass(frozen=True)
class PathSetup:
    """What a path of a network is about.

    Attributes:
        net, loss: the module, and a name or a per-row function.
        unit: the penalty at strength 1.
        axes, schedule: what varies beside the strength, and how lanes are trained.
        rows: data and folds on the device.
        lanes: the programs.
        lineup, workers: which lanes a row set has, in chunks, and how many chunks are trained side by side.
        starts: where lanes begin: the network's own weights, then re-initialised ones.
        kept: the checkpoint.
        team: the processes that share the lanes.
        strengths: as given, or those of the checkpoint, or how many are to be found.
        automatic: whether only their number was given.
    """

    net: Module
    loss: Any
    unit: Penalty
    axes: Axes
    schedule: Schedule
    rows: RowSets
    lanes: Lanes
    lineup: Lineup
    workers: int
    starts: tuple[TrainState, ...]
    kept: PathCheckpoint
    team: Team
    strengths: np.ndarray | int
    automatic: bool

    @staticmethod
    def of(
        net: Module,
        loss: Any,
        folded: FoldedData,
        charges: Charges,
        axes: Axes,
        schedule: Schedule,
        strengths: np.ndarray | int,
        checkpoint: Any,
        team: Team,
    ) -> PathSetup:
        kept = PathCheckpoint(checkpoint)
        began: dict[str, Any] = next(filter(None, team.each(kept.head)), {})
        rows = RowSets.of(net, loss, folded, schedule.stopping)
        batch = min(schedule.batch_size, len(folded.y))
        steps = Steps(
            schedule.optimizer,
            schedule.prox_step,
            batch,
            schedule.longest,
            padded=any(size % batch for size in rows.sizes),
            few=short_of(schedule.shortest, -(-min(rows.sizes) // batch)),
        )
        lanes = Lanes.of(net, loss, charges.cells, axes, steps)
        # Without folds nobody asks for the lane without penalty, but warm blocks begin with it.
        baseline = bool(folded.folds) or schedule.warm is not None
        count = strengths if isinstance(strengths, int) else len(strengths)
        lineup = Lineup.of(axes, baseline, schedule, lanes, count, team.count, len(folded.folds))
        lineup = replace(lineup, size=began.get("lanes") or team.first(lineup.size))
        starts = _starting_points(net, lanes, folded.seed, schedule.seeds)
        training = rows.training(rows.whole.train)
        if checkpoint is not None or team.count > 1:
            plain = jax.tree.map(jnp.asarray, axes.without_path())
            program = lanes.printed(plain, lanes.loop.initial(), training)
            identity = _identity(net, folded, axes, schedule) | {
                "strengths": digest(strengths),
                "network, loss, penalty or training": digest(program),
                "devices": digest(f"{lineup.size} {len(lanes.devices)}"),
            }
            check_alike(team.each(identity))
            kept.identify(identity)
        work, _ = lineup.table(np.ones(count), schedule.seeds)
        many = {name: np.tile(values, max(len(folded.folds), 1)) for name, values in work.items()}
        workers, _ = lanes.at_once
        lanes = lanes.settled(many, starts[0], training, began.get("way"))
        lanes = lanes.settled(many, starts[0], training, team.first(lanes.way))  # which was timed by each
        automatic = isinstance(strengths, int)
        if "strengths" in began:
            strengths = np.array(began["strengths"], float)
        return PathSetup(
            net,
            loss,
            charges.unit,
            axes,
            schedule,
            rows,
            lanes,
            lineup,
            workers,
            starts,
            kept,
            team,
            strengths,
            automatic,
        )

    @property
    def idle(self) -> str | None:
        """What must be said of a penalty that acts in few of the steps, or in none."""
        sizes, batch = self.rows.sizes, self.lanes.loop.batch_size
        return self.lanes.update.idle_notice(self.schedule.shortest * -(-min(sizes) // batch))

    @property
    def open_ended(self) -> bool:
        """Whether the grid goes on while the error is smallest at its weak end: one of strengths alone, found by count,
        whose lanes start cold, so that weaker ones change nothing of those before."""
        return (
            self.automatic and bool(self.rows.folded.folds) and not self.axes and self.schedule.warm is None
        )

    @property
    def further(self) -> PathSetup:
        """The setup of lanes that are added to those of the grid, with the same programs."""
        return replace(self, lineup=replace(self.lineup, baseline=False))

    def began(self, strengths: np.ndarray, part: Part, lane: int) -> tuple[tuple[Any, Any], int]:
        """Weights and buffers that a lane of a row set started from, and for how many epochs it was to train."""
        per_seed = self.lineup.per_seed(strengths)
        plan = self.lineup.chunks(strengths, len(part.epochs) // per_seed)
        chunk = next(chunk for chunk in plan if lane in chunk.lanes)
        if chunk.before is None:
            start = self.starts[lane // per_seed]
            return (start.weights, start.buffers), chunk.epochs
        before = part.at(chunk.before[np.flatnonzero(chunk.lanes == lane)[0]])
        return (before.weights, before.buffers), chunk.epochs


def _starting_points(net: Module, lanes: Lanes, seed: int, seeds: int) -> tuple[TrainState, ...]:
    binding = lanes.binding
    own = [[cell.value for cell in cells] for cells in (binding.trainable, binding.buffers)]
    starts = [TrainState(own[0], None, own[1])]
    for number in range(1, seeds):
        fresh = copy.deepcopy(net)
        with fork(seed + number):
            for module in fresh.modules():
                if hasattr(module, "reset_parameters"):
                    module.reset_parameters()
        values = dict(fresh.named_parameters())
        weights = [jnp.array(values[name].value) for name in binding.parameter_names]
        buffers = [jnp.array(buffer.value) for buffer in fresh.buffers()]
        starts.append(TrainState(weights, None, buffers))
    return tuple(starts)


def _identity(net: Module, folded: FoldedData, axes: Axes, schedule: Schedule) -> dict[str, str]:
    """Digests of what the numbers of a path depend on beside its strengths and its program."""
    cells = [*net.parameters(), *net.buffers()]
    trained = schedule.epochs, schedule.batch_size, schedule.warm, schedule.stopping
    return {
        "data": digest(np.asarray(folded.X), folded.y, folded.weight),
        "preprocessing": digest(f"{folded.transform} {folded.scale_target}"),
        "folds": digest(*(test for _, test in folded.folds)),
        "hyper-parameters": digest(str(axes.axes)),
        "seeds": digest(f"{folded.seed} {schedule.seeds}"),
        "epochs, warm starts or early stopping": digest(str(trained)),
        "starting weights": digest(*(np.asarray(cell.value) for cell in cells)),
    }
