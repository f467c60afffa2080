"""Cells without a shape, and the mixin of layers that read theirs off the first input."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec

import jax
import jax.numpy as jnp

from normax.errors import InputError
from normax.nn.cells import Buffer, Cell, Parameter
from normax.nn.device import device as find_device
from normax.nn.frames import current_frame, structure
from normax.nn.module import Module

__all__ = ["LazyModuleMixin", "UninitializedBuffer", "UninitializedParameter"]


class _Uninitialized(Cell):
    """What both kinds share: `_value` holds (device, dtype) until `materialize`."""

    __slots__ = ()
    uninitialized = True
    filled: type[Cell]

    def __init__(self, device: Any = None, dtype: Any = None):
        self._value: Any = (find_device(device) if isinstance(device, str) else device, dtype)

    @property
    def value(self) -> Any:
        raise InputError(self._refusal())

    @value.setter
    def value(self, data: Any) -> None:
        raise InputError(self._refusal())

    def _refusal(self) -> str:
        return (
            f"an {type(self).__name__} has no shape yet: call the network once on an input, `net(x)`, before "
            "its parameters are read, compiled or trained"
        )

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise InputError(self._refusal())

    def convert(self, device: Any, dtype: Any) -> None:
        """Move to a device or dtype what is still to be made."""
        self._value = tuple(new or old for new, old in zip((device, dtype), self._value))

    def materialize(self, shape: tuple[int, ...], device: Any = None, dtype: Any = None) -> None:
        """Become a `Parameter` or `Buffer` of zeros of this shape, in place: every path to it sees that."""
        self.convert(device, dtype)
        place, kind = self._value
        kind = str(kind).removeprefix("torch.") if "torch." in str(kind) else kind
        array = jnp.zeros(shape, kind or jnp.zeros(()).dtype)
        self._fill(array if place is None else jax.device_put(array, place))

    def _fill(self, data: Any) -> None:
        if isinstance(data, Cell):  # from the state dict of a net as empty as this one
            return
        self.__class__ = self.filled  # type: ignore[assignment]
        Cell.__init__(self, data)
        structure.touch_cells()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class UninitializedParameter(_Uninitialized, Parameter):
    """A parameter whose shape the first call tells.

    Args:
        requires_grad: as `Parameter`'s.
        device: where it will live.
        dtype: of what it will hold.
        role: as `Parameter`'s.

    Raises:
        InputError: when its value is read before it has one.

    Example:
        >>> w = UninitializedParameter()
        >>> w.materialize((2, 3))
        >>> type(w).__name__, w.shape
        ('Parameter', (2, 3))
    """

    __slots__ = ()
    filled = Parameter

    def __init__(
        self, requires_grad: bool = True, device: Any = None, dtype: Any = None, role: str | None = None
    ):
        super().__init__(device, dtype)
        self._requires_grad, self._penalty, self.role = bool(requires_grad), None, role

    def __reduce__(self):
        return UninitializedParameter, (self._requires_grad, *self._value, self.role)

    def __deepcopy__(self, memo: dict) -> UninitializedParameter:
        copy = memo[id(self)] = UninitializedParameter(
            self._requires_grad, self._value[0], self._value[1], self.role
        )
        copy._penalty = self._penalty
        return copy


class UninitializedBuffer(_Uninitialized, Buffer):
    """A buffer whose shape the first call tells; arguments as `UninitializedParameter`'s and `Buffer`'s."""

    __slots__ = ()
    filled = Buffer

    def __init__(self, device: Any = None, dtype: Any = None, persistent: bool = True):
        super().__init__(device, dtype)
        self.persistent = persistent

    def __reduce__(self):
        return UninitializedBuffer, (*self._value, self.persistent)

    def __deepcopy__(self, memo: dict) -> UninitializedBuffer:
        copy = memo[id(self)] = UninitializedBuffer(self._value[0], self._value[1], self.persistent)
        return copy


class LazyModuleMixin(Module):
    """A layer that becomes `cls_to_become` at its first call, when it learns its shapes from the input.

    A subclass makes its cells uninitialized and fills them in `initialize_parameters(*args)`.
    """

    cls_to_become: type[Module]

    def has_uninitialized_params(self) -> bool:
        """Whether any of its own cells still has no shape."""
        cells = (*self._parameters.values(), *self._buffers.values())
        return any(cell is not None and cell.uninitialized for cell in cells)

    def _await(self, device: Any, dtype: Any) -> None:
        """Empty its parameters and statistics: they wait for a shape."""
        for name, cell in list(self._parameters.items()):
            if cell is not None:
                setattr(self, name, UninitializedParameter(device=device, dtype=dtype, role=cell.role))
        for name, buffer in list(self._buffers.items()):
            if buffer is not None and buffer.ndim:  # a count has its shape
                setattr(self, name, UninitializedBuffer(device, dtype))

    def _materialize(self, **shapes: tuple[int, ...]) -> None:
        """Give those of its cells that wait for a shape theirs, and the initial values if any did."""
        fresh = self.has_uninitialized_params()
        for name, shape in shapes.items():
            cell = getattr(self, name)
            if cell is not None and cell.uninitialized:
                cell.materialize(shape)
        if fresh:
            self.reset_parameters()

    def initialize_parameters(self, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError(f"{type(self).__name__} has no initialize_parameters")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if current_frame() is not None or any(
            isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves((args, kwargs))
        ):
            raise InputError(
                f"{type(self).__name__} takes its shapes from its first call: call the network once on an "
                "input, `net(x)`, before it is compiled or trained"
            )
        self.initialize_parameters(*args, **kwargs)
        object.__setattr__(self, "__class__", self.cls_to_become)
        self._touch()
        return self(*args, **kwargs)


_P = ParamSpec("_P")


def lazily(
    init: Callable[Concatenate[Any, int, _P], None], **defaults: Any
) -> Callable[Concatenate[Any, _P], None]:
    """The `__init__` of a lazy layer: the eager one's without its first argument, the size that the first call tells.

    Args:
        init: the `__init__` of the layer that it becomes.
        defaults: those that differ.
    """
    layer, _, *others = inspect.signature(init).parameters.values()
    others = [p.replace(default=defaults.get(p.name, p.default)) for p in others]
    signature = inspect.Signature([layer, *others])

    @functools.wraps(init)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        given = signature.bind(self, *args, **kwargs)
        given.apply_defaults()
        init(self, 0, *given.args[1:], **given.kwargs)
        self._await(given.arguments["device"], given.arguments["dtype"])

    __init__.__signature__ = signature  # type: ignore[attr-defined]
    return __init__
