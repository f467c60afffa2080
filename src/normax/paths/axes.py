"""Axes of a path beside the strength: hyper-parameters that differ from lane to lane, as data."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping
from itertools import pairwise
from numbers import Real
from typing import Any, NamedTuple, cast

import jax
import jax.numpy as jnp
import numpy as np

from normax.errors import InputError, suggest
from normax.nn.module import Module
from normax.penalties import Penalty, Sum
from normax.penalties.mixture import parts_of

__all__ = ["Axes", "Axis", "Settings"]

Settings = dict[str, Any]
"""What sets lanes apart: "strength" and the name of each axis, `(lanes,)` values each."""


class Axis(NamedTuple):
    """One hyper-parameter: where it sits, the values of the path, and what it is without the path."""

    name: str
    kind: str  # "penalty", "optimizer" or "module"
    owner: str  # class of the penalty ("": all that have the field), path of the module
    field: str
    values: tuple[float, ...]
    default: float


class Axes:
    """The axes of one path, and what they do to a penalty, an optimiser's state and a network.

    Args:
        net: the module.
        penalties: the penalties at strength 1.
        optimizer: an optax transformation.
        over: name -> values. A name is a field of a penalty (`"l1_ratio"`, or `"L2.strength"` for the parts of one
            class), a hyper-parameter of `optax.inject_hyperparams` (`"learning_rate"`), or the path of a number
            that a module holds (`"drop.p"`).

    Raises:
        InputError: for names that mean nothing or two things, and values that are no finite numbers, all at once.
    """

    def __init__(self, net: Module, penalties: list[Penalty], optimizer: Any, over: Mapping[str, Any] | None):
        self.axes: list[Axis] = []
        found = [*_of_penalties(penalties), *_of_optimizer(optimizer), *_of_modules(net)]
        faults = []
        for name, given in (over or {}).items():
            values = np.atleast_1d(np.asarray(given, float)) if _numbers(given) else None
            places = [axis for axis in found if axis.name == name]
            if values is None or not np.isfinite(values).all() or len(set(values.tolist())) != len(values):
                faults.append(f"{name!r}: expected a list of different finite numbers, got {given!r}")
            elif len(places) != 1:
                faults.append(_lost(name, places, found))
            else:
                self.axes.append(places[0]._replace(values=tuple(values.tolist())))
                faults += _refused(self.axes[-1], penalties)
        if faults:
            raise InputError("over: " + "; ".join(faults))

    def __bool__(self) -> bool:
        return bool(self.axes)

    @property
    def kind(self) -> tuple:
        """What a compiled program depends on: which hyper-parameters vary, not their values."""
        return tuple(axis[:4] for axis in self.axes)

    def values(self, strengths: np.ndarray) -> dict[str, np.ndarray]:
        """The axes of the result, strength first; empty for a path over strengths alone."""
        if not self.axes:
            return {}
        return {"strength": strengths} | {axis.name: np.array(axis.values) for axis in self.axes}

    def settings(self, strengths: np.ndarray) -> Settings:
        """All combinations, the last axis fastest."""
        grid = np.meshgrid(strengths, *(axis.values for axis in self.axes), indexing="ij")
        return dict(zip(["strength", *(axis.name for axis in self.axes)], (g.ravel() for g in grid)))

    def without_path(self) -> Settings:
        """The one lane that no axis touches, without the path's penalty."""
        return {"strength": np.zeros(1)} | {axis.name: np.array([axis.default]) for axis in self.axes}

    def first(self, strengths: np.ndarray) -> Settings:
        """The strengths with every other axis at its first value."""
        others = {axis.name: np.full(len(strengths), axis.values[0]) for axis in self.axes}
        return {"strength": strengths} | others

    def penalty(self, unit: Penalty, setting: Settings) -> Penalty:
        """A penalty at strength 1 as one lane has it."""
        charged = unit.scaled(setting["strength"])
        for axis in self.axes:
            if axis.kind == "penalty":
                charged = _with_field(charged, axis.owner, axis.field, setting[axis.name])
        return charged

    def optimizer_state(self, state: Any, settings: Settings) -> Any:
        """An optimiser's state with the hyper-parameters of its lanes."""
        chosen = {axis.field: settings[axis.name] for axis in self.axes if axis.kind == "optimizer"}
        if not chosen:
            return state

        def of(path, leaf):
            name = _hyperparameter(path)
            return leaf if name not in chosen else jnp.asarray(chosen[name], jnp.result_type(leaf))

        return jax.tree_util.tree_map_with_path(of, state)

    @contextlib.contextmanager
    def inside(self, net: Module, setting: Settings) -> Iterator[None]:
        """The modules of a network with the values of one lane, traced or not, for the length of a `with` block."""
        held = [(net.get_submodule(a.owner), a) for a in self.axes if a.kind == "module"]
        before = [(module, axis.field, module.__dict__[axis.field]) for module, axis in held]
        for module, axis in held:
            object.__setattr__(module, axis.field, setting[axis.name])
        try:
            yield
        except (jax.errors.ConcretizationTypeError, jax.errors.TracerArrayConversionError) as error:
            names = ", ".join(axis.name for _, axis in held)
            if not held:
                raise
            raise InputError(
                f"over: the forward decides in Python by {names} (an `if`, a shape), so that it cannot be data; "
                "call nx.path once for each value"
            ) from error
        finally:
            for module, field, value in before:
                object.__setattr__(module, field, value)

    def settle(self, net: Module, setting: Settings) -> None:
        """Give a network of its own the values of one lane."""
        for axis in self.axes:
            if axis.kind == "module":
                setattr(net.get_submodule(axis.owner), axis.field, float(setting[axis.name]))


def _with_field(penalty: Penalty, owner: str, field: str, value: Any) -> Penalty:
    changed: tuple[Any, ...] = tuple(
        dataclasses.replace(cast(Any, part), **{field: value})
        if owner in ("", type(part).__name__) and field in _fields(part)
        else part
        for part in parts_of(penalty)
    )
    return Sum(changed) if isinstance(penalty, Sum) else changed[0]


def _fields(part: Any) -> list[str]:
    return [field.name for field in dataclasses.fields(part)] if dataclasses.is_dataclass(part) else []


def _of_penalties(penalties: list[Penalty]) -> Iterator[Axis]:
    """`"l1_ratio"` of all that have one, `"ElasticNet.l1_ratio"` and `"L2.strength"` of one class."""
    seen = set()
    for part in (part for penalty in penalties for part in parts_of(penalty)):
        kind = type(part).__name__
        for field in _fields(part):
            value = getattr(part, field)
            if not isinstance(value, Real) or isinstance(value, bool):
                continue
            default = 0.0 if field == "strength" else float(value)
            owners = [kind] if field == "strength" else [kind, ""]
            for owner in owners:
                name = f"{owner}.{field}".lstrip(".")
                if name not in seen:
                    seen.add(name)
                    yield Axis(name, "penalty", owner, field, (), default)


def _hyperparameter(path: tuple) -> str | None:
    """The name of a leaf of an optimiser's state that `optax.inject_hyperparams` holds, or None."""
    for above, key in pairwise(path):
        if getattr(above, "name", None) == "hyperparams":
            return getattr(key, "key", None)
    return None


def _of_optimizer(optimizer: Any) -> Iterator[Axis]:
    if not hasattr(optimizer, "init"):
        return  # refused elsewhere, in better words
    try:
        shapes = jax.tree_util.tree_leaves_with_path(jax.eval_shape(optimizer.init, {}))
        if not any(_hyperparameter(path) for path, _ in shapes):
            return  # without arrays, which would compile
        state = optimizer.init({})
    except (TypeError, ValueError, KeyError, AttributeError):
        return  # masks and labels by name, which want the real weights
    seen = set()
    for path, leaf in jax.tree_util.tree_leaves_with_path(state):
        name = _hyperparameter(path)
        if name is not None and name not in seen and jnp.ndim(leaf) == 0:
            seen.add(name)
            yield Axis(name, "optimizer", "", name, (), float(leaf))


def _of_modules(net: Module) -> Iterator[Axis]:
    for path, module in net.named_modules():
        for field, value in module.__dict__.items():
            if isinstance(value, Real) and not isinstance(value, bool) and not field.startswith("_"):
                yield Axis(f"{path}.{field}".lstrip("."), "module", path, field, (), float(value))


def _numbers(values: Any) -> bool:
    try:
        return np.asarray(values, float).ndim <= 1 and np.size(values) > 0
    except (TypeError, ValueError):
        return False


def _lost(name: str, places: list[Axis], found: list[Axis]) -> str:
    if places:
        owners = " and of the ".join(axis.kind for axis in places)
        return f"{name!r} is a number of the {owners}; vary one of them under another name"
    if name == "learning_rate":
        return (
            "'learning_rate' is fixed inside the optimizer; write "
            "`optax.inject_hyperparams(optax.adam)(learning_rate=1e-3)`, which makes it data"
        )
    known = [axis.name for axis in found if not axis.name.endswith(("_features", "_channels", "inplace"))]
    return f"no hyper-parameter {name!r}{suggest(name, known)} among {', '.join(known) or 'none'}"


def _refused(axis: Axis, penalties: list[Penalty]) -> list[str]:
    """What is wrong with the values of an axis, in the words of the penalty where it is one's."""
    if axis.kind == "penalty":
        try:
            for value in axis.values:
                for penalty in penalties:
                    _with_field(penalty, axis.owner, axis.field, value)
        except InputError as error:
            return [f"{axis.name!r}: {error}"]
    if axis.kind == "module" and axis.field == "p" and not all(0 <= v < 1 for v in axis.values):
        return [f"{axis.name!r}: expected probabilities in [0, 1), got {list(axis.values)}"]
    return []
