"""PyTorch's optimisers as optax transformations: parameter groups, and one formula a weight."""

from __future__ import annotations

import math
from collections import namedtuple
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import optax

from normax.errors import InputError
from normax.nn.cells import Cell
from normax.nn.module import Module

__all__ = ["Optimizer", "power_left"]

Slots = dict[str, Any]


class _Group(dict):
    """Parameters and what moves them; fixed once a compiled step holds its numbers."""

    fixed = False

    def __setitem__(self, key: str, value: Any) -> None:
        if self.fixed:
            raise InputError(
                f"param_groups: {key!r} is compiled into the training step by now; a learning rate that changes is "
                "a scheduler made before it, torch.optim.lr_scheduler.StepLR(optimizer, 30, every=len(loader)), "
                "or an optax schedule"
            )
        super().__setitem__(key, value)


class Optimizer(optax.GradientTransformation):
    """An optax transformation with the arguments, groups and numbers of PyTorch's optimiser.

    `nx.train_step`, `nx.fit` and `nx.path` take it: parameters that no group holds stay as they are.

    Args:
        params: parameters, as `net.parameters()` gives them, named ones, or groups `{"params": ..., "lr": ...}`
            whose entries replace the defaults.
        defaults: the settings of groups that do not name theirs.

    Attributes:
        param_groups: the groups, with every setting.
        schedulers: what changes their learning rates; see `lr_scheduler`.

    Raises:
        InputError: for no parameters, one in two groups, a setting that there is not, or one that is out of range.
    """

    flags: ClassVar[tuple[str, ...]] = ("foreach", "fused", "capturable", "differentiable")
    param_groups: list[_Group]
    schedulers: list[Any]

    def __new__(cls, *args: Any, **kwargs: Any) -> Optimizer:
        def init(params: Any) -> Any:
            return self._over(params).init(params)

        def update(updates: Any, state: Any, params: Any = None) -> Any:
            return self._over(updates).update(updates, state, params)

        self = super().__new__(cls, init, update)  # the two functions hold it
        return self

    def __init__(self, params: Any, defaults: Mapping[str, Any], how: Mapping[str, Any] | None = None):
        name = type(self).__name__
        if type(self).step is not Optimizer.step or type(self).leaf is Optimizer.leaf:
            raise InputError(
                f"{name}: an optimiser of your own is an optax transformation here, a pair of functions: "
                "optax.GradientTransformation(init, update)"
            )
        unknown = [repr(key) for key in how or () if key not in self.flags]  # they say how fast, not what
        if unknown:
            raise TypeError(f"{name}: unexpected {', '.join(unknown)}; settings: {', '.join(defaults)}")
        self.defaults, self.param_groups, self.schedulers = dict(defaults), [], []
        if isinstance(params, Cell) or hasattr(params, "shape"):
            raise TypeError(f"{name}: expected net.parameters() or groups of them, got one parameter")
        given = list(params.items() if isinstance(params, Mapping) else params)
        if not given:
            raise InputError(f"{name}: optimizer got an empty parameter list")
        for group in given if isinstance(given[0], Mapping) else [{"params": given}]:
            self.add_param_group(group)

    def add_param_group(self, param_group: Mapping[str, Any]) -> None:
        """One more group; see `params`."""
        name = type(self).__name__
        held = param_group["params"]
        held = [held] if isinstance(held, Cell) else list(held)
        cells = [entry[1] if isinstance(entry, tuple) else entry for entry in held]
        odd = [type(cell).__name__ for cell in cells if not isinstance(cell, Cell)]
        if odd:
            raise TypeError(f"{name}: expected parameters of a network, got {', '.join(sorted(set(odd)))}")
        known = {id(cell) for group in self.param_groups for cell in group["params"]}
        if len({id(cell) for cell in cells}) < len(cells) or known & {id(cell) for cell in cells}:
            raise InputError(f"{name}: some parameters appear in more than one parameter group")
        rest = {key: value for key, value in param_group.items() if key != "params"}
        unknown = [repr(key) for key in rest if key not in self.defaults and key not in self.flags]
        if unknown:
            raise InputError(
                f"{name}: no setting {', '.join(unknown)}; a group has {', '.join(self.defaults)}"
            )
        group = _Group({"params": cells, **self.defaults, **rest})
        for key, (least, most) in _RANGES.items():
            for value in _numbers(group.get(key)):
                if not (least <= value < most):
                    raise InputError(f"{name}: expected {key} in [{least}, {most}), got {value}")
        self.param_groups.append(group)

    @staticmethod
    def begin(h: dict[str, Any], w: Any) -> Slots:
        """What is remembered of a weight, before the first step."""
        return {}

    @staticmethod
    def leaf(h: dict[str, Any], t: Any, g: Any, w: Any, s: Slots) -> tuple[Any, Slots]:
        """`(w_new − w, what is remembered)` of step t, from 1, for settings h, gradient g, weight w."""
        raise NotImplementedError

    def for_module(self, net: Module) -> optax.GradientTransformation:
        """The transformation of the weights of a network by name, with what the groups and schedulers say now."""
        named = dict(net.named_parameters())
        group_of = {id(cell): i for i, group in enumerate(self.param_groups) for cell in group["params"]}
        groups = {name: group_of.get(id(cell)) for name, cell in named.items() if cell.requires_grad}
        if all(i is None for i in groups.values()):
            raise InputError(
                f"optimizer: {type(self).__name__} holds no trainable parameter of this {type(net).__name__}; "
                f"write torch.optim.{type(self).__name__}(net.parameters(), ...) with the network that is trained"
            )
        alike = len(self.param_groups) == 1 and None not in groups.values()
        return _transformation(type(self), self._settings(), None if alike else tuple(groups.items()))

    def _settings(self) -> tuple[dict[str, Any], ...]:
        """Each group's settings, numbers or functions of the step, from 0; they are fixed from now on."""
        for group in self.param_groups:
            group.fixed = True
        settings = [
            {key: value for key, value in group.items() if key in self.defaults}
            for group in self.param_groups
        ]
        for scheduler in self.schedulers:
            settings = [scheduler.applied(i, h) for i, h in enumerate(settings)]
        return tuple(settings)

    def _over(self, params: Any) -> optax.GradientTransformation:
        """The transformation where nobody says which weight is which."""
        sizes = sum(cell._value.size for group in self.param_groups for cell in group["params"])
        if len(self.param_groups) > 1 or sum(jnp.size(leaf) for leaf in jax.tree.leaves(params)) != sizes:
            raise InputError(
                f"optimizer: {type(self).__name__} knows its groups by the network's parameters; give it to "
                "nx.train_step, nx.fit or nx.path as it is, or write optimizer.for_module(net) inside an optax.chain"
            )
        return _transformation(type(self), self._settings(), None)

    def step(self, closure: Any = None) -> Any:
        """Refused: a compiled training step does it."""
        from normax.torch.loops import refuse

        raise refuse("optimizer.step()")

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Refused: gradients are values of a compiled step, and never add up."""
        from normax.torch.loops import refuse

        raise refuse("optimizer.zero_grad()")

    def __repr__(self) -> str:
        lines = [
            f"Parameter Group {i}\n"
            + "".join(f"    {key}: {group[key]}\n" for key in sorted(group) if key != "params")
            for i, group in enumerate(self.param_groups)
        ]
        return f"{type(self).__name__} (\n{''.join(lines)})"


_RANGES = {
    "lr": (0.0, float("inf")),
    "weight_decay": (0.0, float("inf")),
    "momentum": (0.0, float("inf")),
    "eps": (0.0, float("inf")),
    "betas": (0.0, 1.0),
    "rho": (0.0, 1.0 + 1e-12),
}


def _numbers(value: Any) -> Iterable[float]:
    if isinstance(value, tuple | list):
        return [float(v) for v in value]
    return [] if value is None or callable(value) else [float(value)]


def power_left(base: Any, t: Any) -> Any:
    """`1 − base^t` without the loss of digits that the difference has in 32 bits.

    Example:
        >>> import jax.numpy as jnp
        >>> round(float(power_left(0.999, jnp.float32(1))), 9)
        0.001
    """
    if isinstance(base, float | int):
        return 1.0 if base == 0 else -jnp.expm1(t * math.log(base))
    return -jnp.expm1(t * jnp.log(base))


def _transformation(
    kind: type[Optimizer],
    settings: tuple[dict[str, Any], ...],
    groups: tuple[tuple[str, int | None], ...] | None,
) -> optax.GradientTransformation:
    """The optimiser of given settings.

    Args:
        kind: whose formula.
        settings: those of each group.
        groups: name -> the number of its group; None: every weight is of the first.
    """

    def chosen(params: Any) -> list[dict[str, Any] | None]:
        if groups is None:
            return [settings[0]] * len(jax.tree.leaves(params))
        places = [dict(groups)[name] for name in params_in_order(params)]
        return [None if place is None else settings[place] for place in places]

    def params_in_order(params: Any) -> list[str]:
        return [path[-1].key for path, _ in jax.tree_util.tree_leaves_with_path(params)]

    def init(params: Any) -> Any:
        leaves, tree = jax.tree.flatten(params)
        begun = [{} if h is None else kind.begin(h, w) for h, w in zip(chosen(params), leaves)]
        return _state(kind, jnp.zeros((), jnp.int32), begun, tree)

    def update(updates: Any, state: Any, params: Any = None) -> Any:
        if params is None:
            raise InputError(f"{kind.__name__}: update(gradients, state, params) needs the parameters")
        tree: Any
        leaves, tree = jax.tree.flatten(params)
        gradients = tree.flatten_up_to(updates)
        slots = {name: tree.flatten_up_to(slot) for name, slot in zip(state._fields[1:], state[1:])}
        moves: list[Any] = []
        after: list[Slots] = []
        for i, (h, g, w) in enumerate(zip(chosen(params), gradients, leaves)):
            if h is None:
                moves.append(jnp.zeros_like(w))
                after.append({})
                continue
            now = {key: _at(value, state.count) for key, value in h.items()}
            held = {name: slot[i] for name, slot in slots.items() if slot[i] is not None}
            move, held = kind.leaf(now, state.count + 1, -g if now["maximize"] else g, w, held)
            moves.append(move.astype(w.dtype))
            after.append(held)
        return jax.tree.unflatten(tree, moves), _state(kind, state.count + 1, after, tree)

    return optax.GradientTransformation(init, update)


def _at(value: Any, count: Any) -> Any:
    """A setting at a step, where it is a function of it."""
    if isinstance(value, tuple):
        return tuple(_at(part, count) for part in value)
    return value(count) if callable(value) else value


def _state(kind: type, count: Any, slots: list[Slots], tree: Any) -> Any:
    """The optimiser's state: the steps done, and a field for each thing that is remembered of some weight."""
    names = list(dict.fromkeys(name for slot in slots for name in slot))
    fields = [jax.tree.unflatten(tree, [slot.get(name) for slot in slots]) for name in names]
    return _state_type(kind.__name__, tuple(names))(count, *fields)


_STATES: dict[Any, type] = {}


def _state_type(name: str, slots: tuple[str, ...]) -> type:
    key = name, slots
    if key not in _STATES:
        _STATES[key] = namedtuple(f"{name}State", ["count", *slots])
    return _STATES[key]
