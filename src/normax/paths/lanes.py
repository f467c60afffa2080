"""Lanes: fits that differ in data alone (strength, starting weights, hyper-parameters) as one leading axis.

Row sets (folds, and all rows) are padded to one length, so that the same program serves them all; so do
the strengths of the pilot that finds the grid. A lane is the fit that `nx.fit` would run alone.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from normax.binding import Binding, bind, retrying
from normax.binding.recent import Recent
from normax.binding.signature import architecture
from normax.nn.backend import settings
from normax.nn.module import Module
from normax.paths.axes import Axes, Settings
from normax.paths.layout import at_once, convolves, devices_of, over_devices, quicker
from normax.paths.row_sets import ScoringSet, TrainingSet, Watch
from normax.paths.workers import cores
from normax.penalties import Penalty
from normax.training.blocks import EpochBlocks
from normax.training.cost import forward_cost
from normax.training.lean import lean
from normax.training.loop import Data, Epoch, Loop, TrainState, Weakly, shuffled
from normax.training.losses import find_loss
from normax.training.recipes import recipe
from normax.training.update import Update

__all__ = ["BestEpoch", "Lanes", "Steps", "Trained", "alike", "on_device"]

WORTH_MEASURING = 1e12
"""Multiply-adds of a path from which on it is measured whether lanes run together or one after another."""

TRIAL_LANES, TRIAL_STEPS = 8, 3
"""The size of that measurement."""

_programs = Recent()


@cache
def _compiler() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(cores(), "normax-compile")


class BestEpoch(NamedTuple):
    """The best of a lane so far: weights and buffers, its loss on the rows set aside, and its epoch (from 1)."""

    weights: list[Any]
    buffers: list[Any]
    score: Any
    epoch: Any


class Trained(NamedTuple):
    """What training gave, by lane: weights, buffers, the epoch that they are of, and `curves` `(lanes, epochs)`, the
    mean training losses."""

    weights: list[Any]
    buffers: list[Any]
    epochs: np.ndarray
    curves: np.ndarray


class Steps(NamedTuple):
    """How each lane is trained.

    Attributes:
        optimizer: an optax transformation.
        prox_step: see `nx.train_step`.
        batch_size: rows a step.
        epochs: passes over a row set, at most.
        padded: whether some row set leaves a short last batch.
        few: the epochs, where some row set has too few steps for the whole warm-up of a prox.
    """

    optimizer: Any
    prox_step: Any
    batch_size: int
    epochs: int
    padded: bool
    few: int | None


class Lanes:
    """A network and its training, ready to run lanes on any row set.

    Args:
        net: the module.
        loss: name or per-row function.
        penalty: trainable cell -> penalty at strength 1, which a lane's strength multiplies; penalties that
            sit on the network stay as they are and add.
        axes: what else differs between lanes.
        steps: how each is trained.

    Attributes:
        one_by_one: whether lanes run one after another inside the program; see `settled`.
        devices: what they are laid over.
        placed: the device that the network was put on by hand, or None.
    """

    def __init__(self, net: Module, loss: Any, penalty: dict[Any, Penalty], axes: Axes, steps: Steps):
        self.net, self.epochs, self.axes = net, steps.epochs, axes
        self.binding: Binding = bind(net)
        self.unit = [penalty.get(cell) for cell in self.binding.trainable]
        names, plain = self.binding.parameter_names, {n: v[0] for n, v in axes.without_path().items()}
        self.update = Update(
            steps.optimizer, names, self.binding.trainable, self.penalties(plain), steps.prox_step, steps.few
        )
        self.devices, self.placed = devices_of(net)
        # On a CPU a convolution over lanes becomes a grouped one, many times slower than lane after lane.
        self.one_by_one = self.on_cpu and convolves(net)
        loop = Loop(net, find_loss(loss), self.update, steps.batch_size, steps.padded)
        self.loop = loop.over_lanes(self.on_cpu and not self.one_by_one)
        self._made: dict[Any, Any] = {}

    @staticmethod
    def of(net: Module, loss: Any, penalty: dict[Any, Penalty], axes: Axes, steps: Steps) -> Lanes:
        """Lanes, with the compiled programs of an earlier call of the same kind where there was one."""
        binding = bind(net)
        charges = tuple((penalty.get(cell), cell.penalty) for cell in binding.trainable)
        kind = architecture(net), charges, loss, recipe(steps.optimizer), axes.kind, *steps[1:]
        devices, placed = devices_of(net)
        lanes = _programs(
            (*kind, tuple(devices), placed), lambda: Lanes(net, loss, penalty, axes, steps)._bare()
        )
        return lanes._of(net, binding, axes)

    def _of(self, net: Module, binding: Binding, axes: Axes) -> Lanes:
        """These lanes for a network of the same architecture and axes with other values, with the same programs."""
        twin = copy.copy(self)
        twin.net, twin.binding, twin.axes, twin.loop = net, binding, axes, self.loop.of(net, binding)
        return twin

    @property
    def on_cpu(self) -> bool:
        """Whether lanes run on a CPU."""
        return self.devices[0].platform == "cpu"

    def _in_way(self, one_by_one: bool) -> Lanes:
        """These lanes one after another inside the program, or all together."""
        twin = copy.copy(self)
        twin.one_by_one, twin.loop = one_by_one, self.loop.over_lanes(self.on_cpu and not one_by_one)
        return twin

    def _bare(self) -> Lanes:
        """These lanes without their network, for a cache: programs are kept, weights are not."""
        twin = copy.copy(self)
        twin.loop = self.loop.bare()
        del twin.net, twin.binding, twin.axes
        return twin

    @property
    def kind(self) -> Any:
        """What lanes with the same programs share."""
        return self.loop.kind

    def penalties(self, setting: Settings) -> list[Penalty | None]:
        """What each trainable cell is charged in one lane: the path's share and what it carries itself."""
        result: list[Penalty | None] = []
        for cell, unit in zip(self.binding.trainable, self.unit):
            own, path = cell.penalty, None if unit is None else self.axes.penalty(unit, setting)
            result.append(path if own is None else own if path is None else own + path)
        return result

    @property
    def at_once(self) -> tuple[int, int]:
        """How many chunks of lanes are trained side by side, and the most lanes of each."""
        weights = [jax.ShapeDtypeStruct(cell.shape, cell.value.dtype) for cell in self.binding.trainable]
        states = jax.tree.leaves((weights, jax.eval_shape(self.update.init, weights)))
        size = sum(leaf.size * leaf.dtype.itemsize for leaf in states)
        return at_once(size + sum(buffer.value.nbytes for buffer in self.binding.buffers), self.devices)

    def whole(self, lanes: int) -> int:
        """The next number of lanes that lies evenly over the devices."""
        return -(-lanes // len(self.devices)) * len(self.devices)

    # Programs --------------------------------------------------------------------------------------
    #
    # All take (carry, lanes, shared, constants): the first two have lanes, whose results are theirs.

    def _program(self, name: str) -> Callable[..., Any]:
        """A compiled program by name; both ways of running lanes are kept."""
        key = name, self.one_by_one
        if key not in self._made:
            functions = {
                "train": Lanes._epochs,
                "trial": Lanes._trial,
                "begin": Lanes._begin,
                "measure": Lanes._errors,
                "outputs": Lanes._held_out,
            }
            function = functions[name]

            def call(held, *args):
                lanes = held()
                return over_devices(partial(function, lanes), lanes.devices)(*args)

            donated = 1 if name == "train" else ()
            self._made[key] = jax.jit(
                call, static_argnums=0, donate_argnums=donated, compiler_options=settings()
            )
        return self._made[key]

    def compiled(self, name: str, carry: Any, lanes: Any, shared: Any = None) -> Callable[..., Any]:
        """A program for arguments of these shapes, ready for other threads: it compiles in the background."""
        program: Any = self._program(name)
        if len(self.devices) > 1:  # arguments are laid out anew at each call
            return lambda *args: retrying(
                lambda: program(Weakly(self), *args, self.loop.constant_values()), self.loop.constants
            )
        args = carry, lanes, shared
        frozen = self.binding.frozen
        leaves, tree = jax.tree.flatten(args)
        key = name, self.one_by_one, tree, tuple(map(jax.typeof, leaves))
        if key not in self._made:
            lowered = retrying(
                lambda: program.lower(Weakly(self), *args, self.loop.constant_values()), self.loop.constants
            )
            self._made[key] = _compiler().submit(lowered.compile), self.loop.constants[len(frozen) :]
        executable, foreign = self._made[key]
        constants = [cell.value for cell in (*frozen, *foreign)]
        return lambda *args: executable.result()(*args, constants)

    def _map(self, function: Any) -> Any:
        """`function` of a lane, over all lanes."""
        if self.one_by_one:
            return lambda *lanes: jax.lax.map(lambda lane: function(*lane), lanes)
        return jax.vmap(function)

    def step(self, constants: Any) -> Any:
        """One step of one lane."""

        def step(setting, state, batch):
            with self.axes.inside(self.net, setting):
                return self.loop.step(state, self.penalties(setting), constants, batch)

        return lean(step)

    def _measured(self, constants: Any, data: Data, selections: Any) -> Any:
        def measured(setting, weights, buffers):
            with self.axes.inside(self.net, setting):
                return self.loop.errors(weights, buffers, constants, data, selections)

        return measured

    def _epochs(self, carry, lanes, shared, constants):
        """Epochs `first` to `stop` of every lane; returns the carry and the curves, zero elsewhere."""
        (settings, limits), (first, stop, (data, rows, key, watch)) = lanes, shared
        step, measure = self.step(constants), None
        if watch is not None and watch.data is not None:
            measure = self._measured(constants, watch.data, watch.select)
        if not self.one_by_one:
            step = jax.vmap(step, in_axes=(0, 0, None))
            measure = measure and jax.vmap(measure)

        def run(carry, settings, limits, lanes):
            def one(number, held):
                (state, kept), curves = held
                state, loss = self.loop.epoch(partial(step, settings), state, data, rows, key, number, lanes)
                if watch is not None:
                    score = (
                        None if measure is None else measure(settings, state.weights, state.buffers)[..., 0]
                    )
                    kept = _keep(kept, state, score, number, watch, limits)
                return (state, kept), curves.at[..., number].set(loss)

            return jax.lax.fori_loop(first, stop, one, (carry, jnp.zeros((*lanes, self.epochs))))

        if self.one_by_one:
            return self._map(lambda carry, settings, limits: run(carry, settings, limits, ()))(
                carry, settings, limits
            )
        return run(carry, settings, limits, limits.shape)

    def _trial(self, state, settings, training, constants):
        """A few steps, to measure by."""
        data, rows, key, _ = training
        order, step = shuffled(rows, key, 0, self.loop.batch_size), self.step(constants)

        def run(step, state, lanes):
            epoch = Epoch(data, rows, key, TRIAL_STEPS, 0, order)
            return self.loop.steps(step, state, epoch, 0, TRIAL_STEPS, jnp.zeros((*lanes, 1)))[1]

        if self.one_by_one:
            return self._map(lambda setting, state: run(partial(step, setting), state, ()))(settings, state)
        size = len(settings["strength"])
        return run(partial(jax.vmap(step, in_axes=(0, 0, None)), settings), state, (size,))

    def _errors(self, trained, settings, shared, constants):
        return self._map(self._measured(constants, *shared))(settings, *trained)

    def _held_out(self, trained, settings, X, constants):
        def outputs(setting, weights, buffers):
            with self.axes.inside(self.net, setting):
                return self.loop.outputs(weights, buffers, constants, X)

        return self._map(outputs)(settings, *trained)

    # Calls -----------------------------------------------------------------------------------------

    def begin(self, settings: Settings, weights: list[Any], buffers: list[Any]) -> TrainState:
        """The state of lanes that start from stacked weights and buffers: their optimisers know nothing yet."""
        args = jax.device_put((weights, buffers), self.placed), on_device(settings), None
        return self.compiled("begin", *args)(*args)

    def _begin(self, begun, settings, _, constants):
        weights, buffers = jax.tree.map(lambda a: jnp.array(a, copy=True), begun)
        update = jax.vmap(self.update.init)(weights)
        return TrainState(weights, self.axes.optimizer_state(update, settings), buffers)

    def check(self, settings: Settings) -> None:
        """Refuse lanes whose plain gradient steps diverge by their smooth penalties; the strongest of each kind."""
        others = np.stack(
            [v for n, v in settings.items() if n != "strength"] or [settings["strength"] * 0], 1
        )
        strongest = np.lexsort((-settings["strength"], *others.T))
        _, first = np.unique(others[strongest], axis=0, return_index=True)
        for lane in strongest[first]:
            setting = {name: float(values[lane]) for name, values in settings.items()}
            self.update.check_curvature(
                self.penalties(setting), partial(self.axes.optimizer_state, settings=setting)
            )

    def settled(self, work: Settings, start: TrainState, training: TrainingSet, known: str | None) -> Lanes:
        """These lanes in one `vmap` or one after another, as is quicker.

        Known from an earlier run, it stays. Where the work is worth it, a few steps of some lanes are timed
        both ways, once for a kind of program; otherwise convolutions on a CPU run one by one.
        """
        if known is not None:
            self._made["way"] = known
        elif "way" not in self._made:
            worth = self._multiply_adds(training, len(work["strength"])) > WORTH_MEASURING
            self._made["way"] = self._quicker_way(work, start, training) if worth else self.way
        return self._in_way(self._made["way"] == "one by one")

    @property
    def way(self) -> str:
        """How lanes run, in a word."""
        return "one by one" if self.one_by_one else "together"

    def _quicker_way(self, work: Settings, start: TrainState, training: TrainingSet) -> str:
        settings = {name: np.resize(values, self.whole(TRIAL_LANES)) for name, values in work.items()}
        state = self.begin(settings, *alike((start.weights, start.buffers), self.whole(TRIAL_LANES)))
        settings, training = on_device(settings), training._replace(rows=on_device(training.rows))

        def way(one_by_one):
            args = state, settings, training
            trial = self._in_way(one_by_one).compiled("trial", *args)
            with ThreadPoolExecutor(self.at_once[0]) as pool:  # as chunks will run: side by side
                runs = [pool.submit(trial, *args) for _ in range(self.at_once[0])]
                return [jax.block_until_ready(run.result()) for run in runs]

        found = quicker({"one by one": partial(way, True), "together": partial(way, False)})
        for key in [key for key in self._made if key[0] == "trial"]:
            del self._made[key]
        return found

    def _multiply_adds(self, training: TrainingSet, lanes: int) -> float:
        """Of training all lanes: a forward's, counted three times; the weights' number if less is known."""
        row: float = sum(cell.numel() for cell in self.binding.trainable)
        if convolves(self.net):
            row = sum(forward_cost(self.net, (training.data.X[:2],)).multiply_adds.values()) / 2
        return 3.0 * row * float(training.rows.n) * self.epochs * lanes

    def training(
        self, settings: Settings, start: TrainState, training: TrainingSet, epochs: int
    ) -> Callable[[Callable[[int], None]], Trained]:
        """The training of lanes from `start` (`begin`), for any thread: a function of `after`, which is called
        with the number of epochs done now and then."""
        settings, training = on_device(settings), training._replace(rows=on_device(training.rows))
        limits = jax.device_put(np.zeros(len(settings["strength"]), np.int32))
        lanes, first, carry = (settings, limits), np.int32(0), (start, None)
        program = self.compiled("train", carry, lanes, (first, first, training))

        def train(after: Callable[[int], None]) -> Trained:
            blocks = EpochBlocks(
                lambda carry, first, stop: program(carry, lanes, (np.int32(first), np.int32(stop), training)),
                carry,
            )
            blocks.run(epochs, after)
            curves = np.full((len(limits), self.epochs), np.nan)
            curves[:, :epochs] = blocks.losses
            state = blocks.state[0]
            return Trained(state.weights, state.buffers, np.full(len(curves), epochs), curves)

        return train

    def scoring(
        self, settings: Settings, start: TrainState, scored: ScoringSet
    ) -> Callable[[Trained], tuple[np.ndarray, np.ndarray | None]]:
        """For any thread, a function of trained lanes: `(lanes, s)` mean losses over each of s weightings of the rows,
        and `(lanes, n, ...)` outputs for the inputs, if there are any."""
        settings, example, rows, X = (
            on_device(settings),
            (start.weights, start.buffers),
            scored[:2],
            scored.inputs,
        )
        errors = self.compiled("measure", example, settings, rows)
        outputs = None if X is None else self.compiled("outputs", example, settings, X)

        def score(trained: Trained) -> tuple[np.ndarray, np.ndarray | None]:
            ends = jax.tree.map(jnp.asarray, (trained.weights, trained.buffers))
            found = np.asarray(errors(ends, settings, rows))
            return found, None if outputs is None else np.asarray(outputs(ends, settings, X))

        return score

    def printed(self, settings: Settings, start: TrainState, training: TrainingSet) -> str:
        """The training of one lane as text: what two runs that are to agree bit for bit have in common."""
        state = self.begin(settings, *alike((start.weights, start.buffers), 1))

        def text():
            args = (state, None), (settings, jnp.zeros(1, jnp.int32)), (0, 1, training)
            return str(jax.make_jaxpr(self._epochs)(*args, self.loop.constant_values()))

        return retrying(text, self.loop.constants)

    def nonzero(self, weights: list[Any]) -> np.ndarray:
        """`(lanes,)` non-zero entries among the stacked weights that the path penalises."""
        chosen = [w for w, unit in zip(weights, self.unit) if unit is not None]
        return sum(np.count_nonzero(np.asarray(w).reshape(len(w), -1), axis=1) for w in chosen)


def on_device(tree: Any) -> Any:
    """Numbers and NumPy arrays as JAX's, so that it does not depend on the thread what they become."""
    return jax.device_put(tree)


def alike(tree: Any, lanes: int) -> Any:
    """The same arrays in every lane."""
    return jax.tree.map(lambda a: np.repeat(np.asarray(a)[None], lanes, axis=0), tree)


def _keep(
    kept: BestEpoch, state: TrainState, score: Any, number: Any, watch: Watch, limits: Any
) -> BestEpoch:
    """What a lane has best after epoch `number` (from 0): stopped lanes keep what they had."""
    if score is None:
        score, better = kept.score, limits == number + 1
    else:
        alive = number - kept.epoch < watch.patience
        better = alive & ((score < kept.score - watch.margin) | (kept.epoch == 0))

    def choose(new, old):
        return jnp.where(better.reshape(better.shape + (1,) * (new.ndim - better.ndim)), new, old)

    epoch = jnp.full_like(kept.epoch, number + 1)
    return jax.tree.map(choose, BestEpoch(state.weights, state.buffers, score, epoch), kept)
