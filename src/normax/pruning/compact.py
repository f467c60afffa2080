"""compact: the same function by a smaller network, units that do nothing physically gone."""

from __future__ import annotations

import copy
import warnings
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax import nn
from normax.binding import bind, evaluating, retrying
from normax.errors import InputError, Notice
from normax.nn.cells import Cell, Parameter, as_array
from normax.nn.frames import Frame
from normax.nn.layers.batchnorm import _NormBase
from normax.nn.layers.conv import _Conv, _ConvNd
from normax.nn.module import Module
from normax.pruning.flow import Flow, Walk
from normax.pruning.report import report
from normax.pruning.units import FIXED, Units

__all__ = ["compact"]

TOLERANCE = {"float64": 1e-10, "float32": 1e-5, "bfloat16": 2e-2, "float16": 2e-3}
"""Largest difference of an output, beside its largest value: the rounding of sums in another order."""


def compact(net: Module, *args: Any, multiple: int = 1) -> Module:
    """A smaller network that computes the same function: units that a penalty put to zero are physically gone.

    A unit (a neuron, a channel, a head of attention) goes where nothing depends on it: all weights out of it are zero,
    or it is zero for every input, or it is one constant, for zero weights into it leave its bias alone, and that
    constant can be folded into the bias of the next `Linear` or `Conv`. What belongs together goes together: both
    sides of a residual sum, the statistics of a batch norm, the columns of a linear layer behind a flattened channel.
    All of it is read off the traced forward in evaluation mode, so that forwards written by hand are seen through as
    well; what is not understood stays, and so does what would change an output, for every removal is tried on the
    inputs given and on random ones. Inputs and outputs keep their sizes.

    Args:
        net: the module; it is left as it is.
        args: an input of its forward, arrays or `jax.ShapeDtypeStruct`; needed unless the network begins with a
            `Linear`. Its spatial size is the one for which constants are folded.
        multiple: along each axis, as many units stay as make a multiple of this, where there are as many. The default 1
            keeps none that can go; 8 costs little memory, and products of such sizes fill a processor's vectors (XLA's
            3×3 convolution of 17 channels takes longer than that of 24 on a CPU).

    Returns:
        A new module of the same classes, in the mode of the old one, with smaller weights and every remaining penalty.
        Its `compaction` is the report: counts and shapes before and after, and what had to stay, with the reason.

    Raises:
        InputError: if `net` is no Module, `multiple` no count, if an input is needed and there is none, or if the
            forward leaves JAX.

    Example:
        >>> import numpy as np
        >>> import normax as nx
        >>> net = nx.nn.Sequential(nx.nn.Linear(3, 8), nx.nn.ReLU(), nx.nn.Linear(8, 2))
        >>> net[2].weight.value = net[2].weight.value.at[:, 3:].set(0)  # five hidden units feed nothing
        >>> small = nx.compact(net)
        >>> small[0], small.compaction.parameters
        (Linear(in_features=3, out_features=3, bias=True), (50, 20))
    """
    if not isinstance(net, Module):
        raise InputError(f"compact: expected a normax Module, got {type(net).__name__}")
    if not isinstance(multiple, int) or multiple < 1:
        raise InputError(f"multiple: expected a whole number >= 1, got {multiple!r}")
    args = _inputs(net, args)
    current, kept = copy.deepcopy(net), {}
    trials = [args, _random(args)]
    expected = _outputs(net, trials)
    while True:
        plan = Plan(current, args, multiple)
        rooms = {room: dead for room, dead in plan.dead.items() if room not in kept}
        if not rooms:
            break
        choices = [rooms] if len(rooms) == 1 else [rooms, *({room: dead} for room, dead in rooms.items())]
        for choice in choices:
            smaller, fault = plan.without(choice), None
            try:
                fault = _differs(expected, _outputs(smaller, trials))
            except Exception as error:  # a forward may fail on other sizes in any way
                fault = f"the forward expects its size ({type(error).__name__}: {str(error).splitlines()[0]})"
            if fault is None:
                current = smaller
                break
            if len(choice) == 1:
                kept[next(iter(choice))] = (fault, len(next(iter(choice.values()))))
    made = report(net, current, args, kept, plan)
    object.__setattr__(current, "compaction", made)
    for notice in made.notices:
        warnings.warn(notice, Notice, stacklevel=2)
    return current


@dataclass
class Place:
    """One axis of a cell, and the units along it."""

    cell: Cell
    axis: int
    units: np.ndarray


class Plan:
    """What can go from a network, found by one walk through its forward.

    Units that share an axis of a weight or buffer share a room; rooms are what is tried, and left, as a whole.

    Attributes:
        dead: room (the names of its axes) -> units that go.
        spared: units that could go and stay, so that no axis is empty and each a multiple.
        units, places: as the walk left them; `places` by name and axis.
    """

    def __init__(self, net: Module, args: tuple, multiple: int = 1):
        self.net, binding = net, bind(net)
        cells = [*binding.trainable, *binding.frozen, *binding.buffers]
        names = [binding.names[cell] for cell in cells]
        self.units = Units()
        self.places = {
            (name, axis): Place(cell, axis, self.units.new(n))
            for name, cell in zip(names, cells)
            for axis, n in enumerate(cell.shape)
        }
        values = [cell.value for cell in cells]
        leaves, tree = jax.tree.flatten(args)

        def forward(values, leaves):
            frame = Frame(
                dict(zip(cells, values)), names=binding.names, numbers=binding.numbers, sealed=False
            )
            with evaluating(net), frame.active():
                return _plain(net(*jax.tree.unflatten(tree, leaves)))

        jaxpr = retrying(lambda: jax.make_jaxpr(forward)(values, leaves), [])
        walk = Walk(self.units)

        def follow(values, leaves):
            flows = [
                Flow(
                    value,
                    None,
                    tuple(self.places[name, i].units for i in range(value.ndim)),
                    (cell, tuple(range(value.ndim))),
                )
                for name, cell, value in zip(names, cells, values)
            ]
            for leaf in leaves:
                fixed = tuple(self.units.new(n) for n in leaf.shape)
                for units in fixed:
                    self.units.fix(units, "it is an input of the network")
                flows.append(Flow(leaf, jnp.ones(leaf.shape, bool), fixed))
            for flow in walk.run(jaxpr.jaxpr, jaxpr.consts, flows):
                for units in flow.units:
                    self.units.fix(units, "it is an output of the network")
            return [(m.zero, m.still, m.level) for m in walk.meetings]

        found = jax.tree.map(np.asarray, jax.jit(follow)(values, leaves))
        self._meetings = [(m, *arrays) for m, arrays in zip(walk.meetings, found)]
        self._layers = self._foldable(walk)
        self.spared: set[int] = set()
        self.dead = {
            room: gone
            for room, inside in self._rooms(self._removable()).items()
            if (gone := self._rounded(inside, multiple))
        }

    def _foldable(self, walk: Walk) -> dict[Cell, Module]:
        """Weight -> the layer whose bias takes up a constant: one that is used once and ties nothing."""
        owners: dict[Cell, list[Module]] = {}
        for module in self.net.modules():
            for own in module._parameters.values():
                if own is not None:
                    owners.setdefault(own, []).append(module)
        layers: dict[Cell, Module] = {}
        for cell, modules in owners.items():
            layer = modules[0]
            alone = len(modules) == 1 and walk.uses.get(cell) == 1 and isinstance(layer, (nn.Linear, _Conv))
            if alone and layer.weight is cell and (layer.bias is None or len(owners[layer.bias]) == 1):
                layers[cell] = layer
        return layers

    def _removable(self) -> set[int]:
        """Units whose every sum can do without them."""
        able: set[int] = set()
        unable = {FIXED}
        for meeting, zero, still, _ in self._meetings:
            fine = zero | (still if meeting.weight in self._layers else False)
            for unit, good in zip(self.units.find(meeting.units).tolist(), fine.tolist()):
                (able if good else unable).add(unit)
        return able - unable

    def _rooms(self, removable: set[int]) -> dict[frozenset[str], set[int]]:
        """The removable units by room."""
        room_of: dict[int, int] = {}
        members: dict[int, set[str]] = {}
        contents: dict[int, set[int]] = {}
        for number, ((name, axis), place) in enumerate(self.places.items()):
            roots = set(self.units.find(place.units).tolist()) - {FIXED}
            room, names, inside = number, {f"{name}[{axis}]"}, set(roots)
            for other in {room_of[r] for r in roots if r in room_of}:
                names |= members.pop(other)
                inside |= contents.pop(other)
            members[room], contents[room] = names, inside
            room_of |= dict.fromkeys(inside, room)
        return {frozenset(members[k]): inside & removable for k, inside in contents.items()}

    def _rounded(self, gone: set[int], multiple: int) -> set[int]:
        """Those of a room's units that go, so that at least one, and a multiple, stays along each axis."""
        axes = [Counter(self.units.find(place.units).tolist()) for place in self.places.values()]
        short = True
        while short:  # what stays for one axis stays along the others
            short = False
            for sizes in axes:
                dead = sorted(gone & sizes.keys())
                stay = sizes.total() - sum(sizes[unit] for unit in dead)
                for unit in dead:
                    if stay and stay % multiple == 0:
                        break
                    short, stay = True, stay + sizes[unit]
                    gone = gone - {unit}
                    self.spared.add(unit)
        return gone

    def without(self, rooms: Mapping[frozenset[str], set[int]]) -> Module:
        """A copy of the network without these units."""
        gone = np.array(sorted(set().union(*rooms.values())))
        folded: dict[Cell, Any] = {}
        for meeting, zero, still, level in self._meetings:
            takes = meeting.weight in self._layers
            out = np.isin(self.units.find(meeting.units), gone) & ~zero & still
            if takes and out.any():
                w = np.asarray(meeting.weight.value)
                by_input = w.sum(tuple(range(2, w.ndim)), dtype=np.float64)
                folded[meeting.weight] = by_input[:, out] @ level[out].astype(np.float64)
        memo: dict[int, Any] = {}
        smaller = copy.deepcopy(self.net, memo)
        for weight, shift in folded.items():
            layer: Any = memo[id(self._layers[weight])]
            dtype = layer.weight.dtype
            if layer.bias is None:
                layer.register_parameter("bias", Parameter(jnp.asarray(shift, dtype), role="bias"))
            else:
                layer.bias.value = jnp.asarray(np.asarray(layer.bias.value, np.float64) + shift, dtype)
        for place in self.places.values():
            stays = ~np.isin(self.units.find(place.units), gone)
            cell = memo[id(place.cell)]
            if not stays.all():
                before = cell.shape
                cell.value = np.compress(stays, np.asarray(cell.value), axis=place.axis)
                penalty = getattr(cell, "penalty", None)
                if penalty is not None:
                    cell.penalty = penalty.restricted(place.axis, np.flatnonzero(stays), before)
        for module in smaller.modules():
            _say_sizes(module)
        return smaller


def _say_sizes(module: Module) -> None:
    """The sizes that a layer tells of itself, after its weights changed."""
    if isinstance(module, nn.Linear):
        module.out_features, module.in_features = module.weight.shape
    elif isinstance(module, _ConvNd):
        taps = module.weight.shape[1]
        if module.groups == module.in_channels > 1 and isinstance(module, _Conv):
            module.groups = module.in_channels = module.out_channels = module.weight.shape[0]
        elif module.groups == 1:
            turned = not isinstance(module, _Conv)
            first = module.weight.shape[0]
            module.in_channels, module.out_channels = (first, taps) if turned else (taps, first)
    elif isinstance(module, _NormBase):
        cells = [c for c in (module.weight, module.running_mean) if c is not None]
        module.num_features = cells[0].shape[0] if cells else module.num_features
    elif isinstance(module, (nn.RNN, nn.LSTM, nn.GRU)):
        module.input_size = module.weight_ih_l0.shape[1]
    elif isinstance(module, nn.Embedding):
        module.embedding_dim = module.weight.shape[1]
    elif isinstance(module, nn.MultiheadAttention):
        module.num_heads = module.out_proj.weight.shape[1] // module.head_dim
    elif isinstance(module, nn.PReLU):
        module.num_parameters = module.weight.shape[0]


def _inputs(net: Module, args: tuple) -> tuple:
    """The arguments as arrays; for a network that begins with a Linear, two rows made up."""
    if not args:
        first = next((m for m in net.modules() if m._parameters and not m._modules), None)
        if not isinstance(first, nn.Linear):
            raise InputError(
                f"compact: the shape of an input of {type(net).__name__} cannot be told from its first layer; give "
                "one: `nx.compact(net, x)`"
            )
        args = (jax.ShapeDtypeStruct((2, first.in_features), first.weight.dtype),)
    return jax.tree.map(
        lambda leaf: (
            jnp.zeros(leaf.shape, leaf.dtype) if isinstance(leaf, jax.ShapeDtypeStruct) else as_array(leaf)
        ),
        args,
    )


def _random(args: tuple) -> tuple:
    """Normal numbers of the same shapes; what is not floating stays as it is."""
    random = np.random.default_rng(0)

    def draw(leaf):
        if not jnp.issubdtype(leaf.dtype, jnp.floating):
            return leaf
        return jnp.asarray(random.normal(size=leaf.shape), leaf.dtype)

    return jax.tree.map(draw, args)


def _plain(result: Any) -> Any:
    return jax.tree.map(lambda leaf: getattr(leaf, "value", leaf), result)


def _outputs(net: Module, trials: list[tuple]) -> list[np.ndarray]:
    """All outputs in evaluation mode, for one input after the other."""
    binding = bind(net)
    cells = list(binding.names)

    @jax.jit
    def forward(values, leaves):
        frame = Frame(dict(zip(cells, values)), names=binding.names, numbers=binding.numbers, sealed=False)
        with evaluating(net), frame.active():
            return jax.tree.leaves(_plain(net(*jax.tree.unflatten(tree, leaves))))

    results: list[np.ndarray] = []
    for trial in trials:
        leaves, tree = jax.tree.flatten(trial)
        values = [cell.value for cell in cells]
        results += map(np.asarray, retrying(partial(forward, values, leaves), []))
    return results


def _differs(expected: list[np.ndarray], found: list[np.ndarray]) -> str | None:
    """Why two sets of outputs are not the same, or None."""
    for before, after in zip(expected, found):
        if before.shape != after.shape:
            return f"an output would be of shape {after.shape} instead of {before.shape}"
        scale = max(1.0, float(np.abs(before).max(initial=0)))
        gap = float(np.abs(before.astype(float) - after.astype(float)).max(initial=0))
        if not gap <= TOLERANCE.get(str(before.dtype), 0) * scale:
            return f"without it an output changes by {gap:.2g} (a mean over units, or a size in the code)"
    return None
