"""`Tensor`: a JAX array in a box that can be changed, with views that look into it.

JAX's arrays are immutable, so that the array's identity tells whether a tensor was written to. A view keeps its base,
how it reads it and how it writes to it: it reads anew once the base holds another array, and writing to it writes to
the base. In a compiled program nothing of this is left.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np

from normax.errors import InputError
from normax.nn.backend import check_process
from normax.nn.cells import Cell, as_array
from normax.nn.frames import current_frame
from normax.torch.absent import reason
from normax.torch.concrete import user_line
from normax.torch.devices import device, device_of
from normax.torch.dtypes import dtype, dtype_of
from normax.torch.grad_modes import is_grad_enabled
from normax.torch.size import Size

__all__ = ["Array", "Methods", "Tensor", "View", "raw", "wrap"]

Array = jax.Array


class View(NamedTuple):
    """How a tensor looks into another: `read(base)`, and `write(base, values)`, which is None where nothing may.

    `laid` does to NumPy's strides what `read` does to the array.
    """

    base: Any
    read: Callable[[Any], Any]
    write: Callable[[Any, Any], Any] | None
    laid: Callable[[Any], Any]


class Methods:
    """What a `Tensor`, a `Parameter` and a `Buffer` of PyTorch's have in common: all but where the array lies."""

    __slots__ = ()
    __array_priority__ = 1000
    _array: Any

    def _assign(self, values: Any) -> Any:
        """Take these values, in this tensor's own dtype and shape; returns the tensor, as in-place methods do."""
        old, values = self._array, as_array(values)
        if values.dtype != old.dtype:
            if dtype_of(values).category > dtype_of(old).category:
                raise RuntimeError(
                    f"result type {dtype_of(values)} can't be cast to the desired output type {dtype_of(old)}"
                )
            values = values.astype(old.dtype)
        if values.shape != old.shape:
            try:
                values = jax.numpy.broadcast_to(values, old.shape)
            except ValueError:
                raise RuntimeError(
                    f"values of shape {list(values.shape)} do not fit in place into a tensor of shape {list(old.shape)}"
                ) from None
        self._array = values
        return self

    @property
    def shape(self) -> Any:
        return Size(self._array.shape)

    @property
    def dtype(self) -> Any:
        return dtype_of(self._array)

    @property
    def ndim(self) -> int:
        return self._array.ndim

    @property
    def device(self) -> device:
        return device_of(self._array)

    def size(self, dim: int | None = None) -> Any:
        """The shape, or the length of one dimension."""
        return self.shape if dim is None else self._array.shape[dim]

    def dim(self) -> int:
        """The number of dimensions."""
        return self._array.ndim

    def numel(self) -> int:
        """The number of elements."""
        return self._array.size

    ndimension, nelement = dim, numel

    def __jax_array__(self) -> Any:
        return self._array

    def __getattr__(self, name: str) -> Any:
        said = reason(f"Tensor.{name}")
        said = said and f": {said}"
        raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}{said}", name=name, obj=self)

    def __hash__(self) -> int:
        return id(self) >> 4

    def __len__(self) -> int:
        if not self._array.ndim:
            raise TypeError("len() of a 0-d tensor")
        return self._array.shape[0]


class _Kind(type):
    """Parameters and buffers are tensors too: `isinstance(p, torch.Tensor)`."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return type.__instancecheck__(cls, instance) or (cls is Tensor and isinstance(instance, Methods))


class Tensor(Methods, metaclass=_Kind):
    """An array with PyTorch's methods, which in-place methods change for all who hold it.

    `jax.numpy`, NumPy, layers, losses and compiled calls take it as the array that it holds, and compiled programs know
    nothing of it. A view of it (a slice, `view`, `t()`, ...) reads what it is changed to, and writes into it.

    Args:
        data: an array, or anything that makes one; whole numbers are lengths of an empty tensor, as in PyTorch.

    Example:
        >>> from normax import torch
        >>> x = torch.zeros(2, 3)
        >>> y = x
        >>> y += 1
        >>> x[:, 0] = 5
        >>> row = x.view(-1)[3:]
        >>> row.mul_(10)
        tensor([50., 10., 10.])
        >>> x.sum(dim=1), x.max(1).indices
        (tensor([ 7., 70.]), tensor([0, 0]))

    Source:
        torch.Tensor.
    """

    _held: Any
    _view: View | None = None
    _seen: Any = None
    _pending: Any = None  # a view that was written to, whose values this tensor takes in when it is next read
    _viewed = False  # whether others look into it
    _strides: tuple[int, ...] | None = (
        None  # where it is no view and its elements do not lie one after the other
    )
    _born: Any = None  # the outermost frame in which it was made
    requires_grad = False

    def __init__(self, *data: Any, device: Any = None):
        from normax.torch.creation import legacy  # which makes tensors

        self._held, self._born = legacy(data), made(None)._born

    @property
    def _array(self) -> Any:
        view = self._view
        if view is not None and not self._awaited():
            now = view.base._array
            if now is not self._seen:
                self._held, self._seen = view.read(now), now
        child = self._pending
        if child is not None:
            values, self._pending = child._array, None
            self._held = child._seen = child._view.write(self._held, values)
        return self._held

    @_array.setter
    def _array(self, values: Any) -> None:
        view = self._view
        if view is None:
            self._refuse_from_outside()
        elif view.write is None:
            raise InputError(
                "this tensor shows one element of another several times (`expand`) and cannot be written to; write to a "
                "copy, `x.expand(...).clone()`"
            )
        elif not self._awaited():
            view.base._array  # what else was written to it goes first  # noqa: B018
        self._held, self._pending = values, None
        self._tell()

    def _awaited(self) -> bool:
        """Whether the base has still to take in what was written here."""
        return getattr(self._view.base, "_pending", None) is self  # type: ignore[union-attr]

    def _tell(self) -> None:
        """Let the base, and its own, take in this view's values, a tensor when it is next read: it may never be."""
        view = self._view
        if view is None:
            return
        base = view.base
        if isinstance(base, Cell):
            base.value = self._seen = view.write(base.value, self._array)  # type: ignore[misc]
        else:
            if base._view is None:
                base._refuse_from_outside()
            base._pending = self
            base._tell()

    def _refuse_from_outside(self) -> None:
        """A compiled call runs Python only once: what it leaves in a tensor from before it would be lost."""
        frame = current_frame()
        if frame is not None and self._born is not frame.root():
            raise InputError(
                f"{user_line()}a tensor that was made outside a compiled call is changed in place inside it, which would be "
                "lost; make it a buffer, `self.register_buffer(name, tensor)`, or change a copy, `tensor.clone()`"
            )

    def __copy__(self) -> Tensor:
        return self.alias()

    def __deepcopy__(self, memo: dict) -> Tensor:
        copied = memo[id(self)] = made(self._array)
        copied.requires_grad = self.requires_grad
        return copied

    def __reduce__(self) -> tuple:
        return _unpickled, (np.asarray(self._array),)

    def alias(self) -> Tensor:
        """Another tensor over the same values."""
        return look(self, _same, _replaced)


def _same(base: Any) -> Any:
    return base


def _replaced(base: Any, values: Any) -> Any:
    return values


def _unpickled(array: np.ndarray) -> Tensor:
    return made(as_array(array))


def made(array: Any) -> Tensor:
    """A tensor that holds this array."""
    tensor = Tensor.__new__(Tensor)
    tensor._held = array
    frame = current_frame()
    if frame is not None:
        tensor._born = frame.root()
    return tensor


def look(base: Any, read: Callable, write: Callable | None, laid: Callable | None = None) -> Tensor:
    """A view of a tensor, a parameter or a buffer."""
    now, reading = base._array, read
    if not is_grad_enabled():

        def reading(base: Any) -> Any:
            return stopped(read(base))

    if isinstance(base, Tensor):
        base._viewed = True
    tensor = made(reading(now))
    tensor._view, tensor._seen = View(base, reading, write, laid or read), now
    return tensor


def stopped(array: Any) -> Any:
    """An array that passes no gradient on."""
    return jax.lax.stop_gradient(array) if isinstance(array, jax.core.Tracer) else array


def become_view(tensor: Any, cell: Any) -> None:
    """Let a tensor look at the cell that was made of it: who changes the one changes the other, as in PyTorch."""
    if isinstance(tensor, Tensor) and tensor._view is None:
        tensor._view, tensor._seen = View(cell, _same, _replaced, _same), cell._array
        tensor._held = tensor._seen


jax.tree_util.register_pytree_node(
    Tensor, lambda tensor: ((tensor._array,), None), lambda _, children: made(children[0])
)


def raw(value: Any) -> Any:
    """Arrays in the place of tensors, in lists and tuples and dicts too; dtypes and devices in JAX's terms."""
    if isinstance(value, (Methods, Cell)):
        check_process()
        return value.__jax_array__()
    if isinstance(value, (tuple, list, dict)):
        return _rebuilt(value, raw)
    if isinstance(value, dtype):
        return value.dtype
    if isinstance(value, device):
        return str(value)
    return value


# A class of normax's that holds arrays -> its like for user code, which holds tensors.
_LIKES: dict[type, type] = {}


def crosses(ours: type, users: type) -> None:
    """Let objects of a class become those of another where they come out into user code."""
    _LIKES[ours] = users


def of_user(value: Any) -> bool:
    """Whether there is a tensor in it, or what holds tensors."""
    return has(value, (Methods, *_LIKES.values()))


def wrap(value: Any) -> Any:
    """Tensors in the place of arrays, in lists and tuples and dicts too; without gradient under `no_grad`."""
    if isinstance(value, jax.Array):
        return made(value if is_grad_enabled() else stopped(value))
    if isinstance(value, (tuple, list, dict)):
        return _rebuilt(value, wrap)
    if type(value) in _LIKES:
        value.__class__ = _LIKES[type(value)]
    return value


def taken(value: Any) -> Any:
    """What a user's `forward` is to receive: tensors in the place of JAX's and NumPy's arrays and plain cells."""
    if isinstance(value, (jax.Array, np.ndarray)):
        return made(as_array(value))
    if isinstance(value, (tuple, list, dict)):
        return _rebuilt(value, taken)
    return value


def has(value: Any, kinds: Any) -> bool:
    """Whether anything of these classes is in it."""
    if isinstance(value, kinds):
        return True
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, (tuple, list)):
        return False
    return any(has(part, kinds) for part in value)


def _rebuilt(value: Any, change: Callable[[Any], Any]) -> Any:
    """The same kind of list, tuple, named tuple or dict with every part changed; itself where nothing is."""
    if isinstance(value, dict):
        parts = {key: change(part) for key, part in value.items()}
        if all(parts[key] is part for key, part in value.items()):
            return value
        if type(value) is dict:
            return parts
        copy = value.copy()
        copy.update(parts)
        return copy
    changed = [change(part) for part in value]
    if all(a is b for a, b in zip(changed, value)):
        return value
    return type(value)(*changed) if hasattr(value, "_fields") else type(value)(changed)
