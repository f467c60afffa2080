"""Parameter and Buffer: mutable cells that hold an array and behave as one."""

from __future__ import annotations

import operator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.errors import InputError
from normax.nn.frames import baking, current_frame, structure
from normax.nn.indices import item_of

__all__ = [
    "Buffer",
    "Cell",
    "Computed",
    "Parameter",
    "as_array",
    "check_whole",
    "copied",
    "is_boxed",
    "register",
]


def in_64_bits() -> bool:
    """Whether JAX keeps float64 here, or would silently round it."""
    return jax.dtypes.canonicalize_dtype(np.float64) == np.float64


def as_array(data: Any) -> jax.Array:
    """A `jax.Array` of array-like data: cells, NumPy arrays, lists, PyTorch tensors.

    Raises:
        InputError: for float64 data that JAX would silently round, because it runs in 32 bits.
    """
    if isinstance(data, Cell):
        return data.value
    if isinstance(data, jax.Array):
        return data
    if hasattr(data, "__jax_array__"):
        return data.__jax_array__()
    if hasattr(data, "detach"):
        data = _of_tensor(data)
    if isinstance(data, (np.ndarray, np.generic)) and not in_64_bits():
        check_whole(data)
        if data.dtype in (np.float64, np.complex128):
            raise InputError(
                f"{data.dtype} data, but JAX runs in 32 bits: convert it, `x.astype('float32')`, or enable 64 "
                "bits, `jax.config.update('jax_enable_x64', True)`"
            )
    # `jnp.asarray` would compile a program for each shape.
    return jax.device_put(data) if isinstance(data, np.ndarray) else jnp.asarray(data)


def is_boxed(value: Any) -> bool:
    """Whether it is an array in a box that can be changed without an assignment, and no cell: PyTorch's `Tensor`."""
    return hasattr(type(value), "_array") and not isinstance(value, Cell)


def check_whole(data: Any) -> None:
    """Refuse an array of whole numbers that JAX would wrap around, because it runs in 32 bits."""
    if (
        not isinstance(data, (np.ndarray, np.generic))
        or data.dtype.itemsize < 8
        or data.dtype.kind not in "iu"
    ):
        return
    floor, ceiling = (-(2**31), 2**31 - 1) if data.dtype.kind == "i" else (0, 2**32 - 1)
    bits = int(np.bitwise_or.reduce(data, axis=None))  # one pass tells for what is not negative
    if 0 <= bits <= ceiling or in_64_bits():
        return
    least, most = data.min(), data.max()
    if least < floor or most > ceiling:
        raise InputError(
            f"{data.dtype} values from {least} to {most}, but JAX runs in 32 bits and would wrap them "
            "around: number them anew, or enable 64 bits, `jax.config.update('jax_enable_x64', True)`"
        )


def _of_tensor(tensor: Any) -> np.ndarray:
    """The values of a PyTorch tensor, without importing torch.

    Raises:
        InputError: for one that has none (on the device "meta"), or not as an array (sparse, nested, quantised).
    """
    kind = str(tensor.dtype)
    try:
        tensor = tensor.detach().cpu()
        if "bfloat16" in kind:
            return tensor.float().numpy().astype(jnp.bfloat16)
        return (tensor.float() if "float8" in kind else tensor).numpy()
    except (RuntimeError, TypeError) as error:
        said = str(error).split("\n")[0]
        raise InputError(
            f"expected a dense tensor with values, got one of {kind} that NumPy cannot read ({said}); make it dense, "
            "`x.to_dense()` or `x.dequantize()`"
        ) from error


def copied(array: Any) -> jax.Array:
    """An array once more, in memory of its own: by the runtime, where `jnp.array` compiles, and keeps, a program for every
    shape."""
    spread = isinstance(array, jax.Array) and len(array.sharding.device_set) > 1
    return jax.device_put(array, array.sharding if spread else None, may_alias=False)


class Cell:
    """A named place in a module that holds an array; base of `Parameter` and `Buffer`.

    It behaves as its array in `jax.numpy`, operators and NumPy, compares elementwise and hashes by
    identity. Functions of `jax.lax` want `.value`.
    """

    __slots__ = ("__weakref__", "_lender", "_notes", "_value")
    _lender: Any  # the packed step that holds the value, while one does
    _notes: dict[str, Any] | None  # what PyTorch's code hangs on its parameters
    __array_priority__ = 100
    persistent = True
    uninitialized = False  # True for those that wait for their shape: `UninitializedParameter`

    def __init__(self, data: Any):
        data = as_array(data)
        # A number is weakly typed in JAX: as state it would change dtype with whatever it meets.
        self._value = jnp.asarray(data, data.dtype) if data.weak_type else data
        self._born()

    def _born(self) -> None:
        frame = current_frame()
        if frame is not None:
            frame.adopt(self)

    @property
    def value(self) -> jax.Array:
        """The array: the stand-in of the frame while a compiled function is traced."""
        frame = current_frame()
        if frame is None:
            if baking() and not isinstance(self._value, jax.core.Tracer):  # an argument of `jax.jit` may be
                raise InputError(
                    f"{self._describe()} was read inside a bare `{baking()}`, which would keep today's numbers for "
                    "ever; compile with `nx.jit(net)`, which sees later changes (or use `nx.functional_call`)"
                )
            return self._value
        holder = frame.holder(self)
        return self._value if holder is None else holder.values[self]

    @value.setter
    def value(self, data: Any) -> None:
        data = as_array(data)
        frame = current_frame()
        holder = None if frame is None else frame.holder(self)
        if holder is not None:
            holder.values[self] = data
        elif isinstance(data, jax.core.Tracer):
            raise InputError(
                f"a traced value was written to {self._describe()} outside a compiled call of normax, where it "
                "would leak; compile with `nx.jit(net)` instead of `jax.jit(net)` (or use `nx.functional_call`)"
            )
        else:
            if self._lender is not None:
                self._lender.release()
            self._value = data

    def move(self, data: Any) -> None:
        """Write what a forward makes of its own parameter (`Embedding(max_norm=...)`): a compiled call may."""
        frame = current_frame()
        if frame is not None:
            frame.root().moved.add(self)
        self.value = data

    def _fill(self, data: Any) -> None:
        """Take over what `load_state_dict` brings."""
        self.value = data

    # Attributes of the array: shape, dtype, sum(), reshape(), device, at, T, ...
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        if name == "_lender":
            return None
        if name == "_value" and self._lender is not None:  # a packed step holds it
            self._lender.release()
            return self._value
        if name == "grad":
            raise AttributeError(
                "a Parameter has no .grad: `loss, grads = nx.value_and_grad(net, loss_fn)(x, y)` returns them by name"
            )
        return getattr(self.value, name)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape

    @property
    def dtype(self) -> Any:
        return self.value.dtype

    @property
    def ndim(self) -> int:
        return self.value.ndim

    @property
    def data(self) -> jax.Array:
        return self.value

    def numel(self) -> int:
        """Number of elements, as PyTorch spells it."""
        return int(np.prod(self.shape))

    def __jax_array__(self) -> jax.Array:
        return self.value

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.value, dtype=dtype, copy=True if copy is None else copy)

    def __getitem__(self, index: Any) -> jax.Array:
        if isinstance(index, tuple):
            index = tuple(part.value if isinstance(part, Cell) else part for part in index)
        return item_of(self.value, index.value if isinstance(index, Cell) else index)

    def __len__(self) -> int:
        return len(self.value)

    def __iter__(self):
        return iter(self.value)

    def __bool__(self) -> bool:
        return bool(self.value)

    def __float__(self) -> float:
        return float(self.value)

    def __int__(self) -> int:
        return int(self.value)

    def __hash__(self) -> int:
        return id(self) >> 4

    def __eq__(self, other: Any) -> Any:
        return self.value == other

    def __ne__(self, other: Any) -> Any:
        return self.value != other

    def _describe(self) -> str:
        return f"a {type(self).__name__} of shape {tuple(self._value.shape)}"

    def __repr__(self) -> str:
        return f"{type(self).__name__} containing:\n{self.value!r}"


def _add_operators() -> None:
    def binary(op):
        def forward(self, other):
            return op(self.value, other.value if isinstance(other, Cell) else other)

        def backward(self, other):
            return op(other, self.value)

        return forward, backward

    for name in [
        "add",
        "sub",
        "mul",
        "truediv",
        "floordiv",
        "mod",
        "pow",
        "matmul",
        "and",
        "or",
        "xor",
        "lshift",
        "rshift",
    ]:
        op = getattr(operator, name + ("_" if name in ("and", "or") else ""))
        forward, backward = binary(op)
        setattr(Cell, f"__{name}__", forward)
        setattr(Cell, f"__r{name}__", backward)
    for name in ("lt", "le", "gt", "ge"):
        setattr(Cell, f"__{name}__", binary(getattr(operator, name))[0])
    for name in ("neg", "pos", "abs", "invert"):
        op = getattr(operator, name)
        setattr(Cell, f"__{name}__", lambda self, op=op: op(self.value))


_add_operators()


class Parameter(Cell):
    """A cell that training moves.

    Args:
        data: the initial value, anything array-like.
        requires_grad: False freezes it: it gets no gradient, no update and no penalty.
        role: `"weight"`, `"bias"` or `"norm"`; penalties put on a whole network leave biases and norm
            parameters alone. None lets the name under which it is registered decide.

    Raises:
        InputError: for float64 data where JAX runs in 32 bits.

    Example:
        >>> import jax.numpy as jnp
        >>> w = Parameter(jnp.ones((2, 3)))
        >>> (w * 2).shape, w.requires_grad, float(jnp.sum(w))
        ((2, 3), True, 6.0)
    """

    __slots__ = ("_penalty", "_requires_grad", "role")

    def __init__(self, data: Any, requires_grad: bool = True, role: str | None = None):
        super().__init__(data)
        self._requires_grad = bool(requires_grad)
        self._penalty = None
        self.role = role

    @property
    def requires_grad(self) -> bool:
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, flag: bool) -> None:
        self._requires_grad = bool(flag)
        structure.touch_cells()

    def requires_grad_(self, requires_grad: bool = True) -> Parameter:
        self.requires_grad = requires_grad
        return self

    @property
    def penalty(self) -> Any:
        """The penalty that `nx.penalize` put here, or None."""
        return self._penalty

    @penalty.setter
    def penalty(self, penalty: Any) -> None:
        self._penalty = penalty
        structure.touch_cells()

    def __reduce__(self):
        arguments = (np.asarray(self.value), self._requires_grad, self.role)
        return Parameter, arguments, (None, {"_penalty": self._penalty})

    def __deepcopy__(self, memo: dict) -> Parameter:
        copy = Parameter(copied(self.value), self._requires_grad, self.role)
        copy._penalty = self._penalty
        memo[id(self)] = copy
        return copy

    def __repr__(self) -> str:
        grad = ", requires_grad=True" if self._requires_grad else ""
        return f"Parameter containing:\n{self.value!r}{grad}"


class Buffer(Cell):
    """A cell that is state but not trained, such as a running mean.

    Args:
        data: the initial value, anything array-like.
        persistent: whether `state_dict` carries it.

    Example:
        >>> import jax.numpy as jnp
        >>> mean = Buffer(jnp.zeros(3))
        >>> mean.value = mean + 1
        >>> mean.tolist()
        [1.0, 1.0, 1.0]
    """

    __slots__ = ("persistent",)

    def __init__(self, data: Any, persistent: bool = True):
        super().__init__(data)
        self.persistent = persistent

    def __reduce__(self):
        return Buffer, (np.asarray(self.value), self.persistent)

    def __deepcopy__(self, memo: dict) -> Buffer:
        copy = Buffer(copied(self.value), self.persistent)
        memo[id(self)] = copy
        return copy


class Computed(Cell):
    """What reading a parametrized name gives: an array that layers take as they take a cell."""

    __slots__ = ("_name",)

    def __init__(self, data: Any, name: str):
        self._value, self._name = as_array(data), name

    @property
    def value(self) -> jax.Array:
        return self._value

    @value.setter
    def value(self, data: Any) -> None:
        raise InputError(
            f"{self._name!r} is computed by its parametrization and cannot be written: change what it is "
            "computed from, or remove the parametrization first"
        )


def _rebuild(kind: type, value: Any, **fields: Any) -> Any:
    cell: Any = object.__new__(kind)
    cell._value = value  # whatever JAX hands over: tracers and placeholders included
    for name, field in fields.items():
        setattr(cell, name, field)
    cell._born()
    return cell


# What each kind of cell keeps beside its array.
_FIELDS: dict[type[Cell], tuple[str, ...]] = {
    Parameter: ("_requires_grad", "role"),
    Buffer: ("persistent",),
    Computed: ("_name",),
}


def register(kind: type[Cell], like: type[Cell]) -> None:
    """Let `jax.numpy` take a kind of cell, which it does of registered pytree nodes with `__jax_array__` alone.

    A cell that goes through tree.map comes out as a new, anonymous one.
    """
    fields = _FIELDS[like]
    rest = {"_penalty": None} if like is Parameter else {}
    jax.tree_util.register_pytree_node(
        kind,
        lambda cell: ((cell.value,), tuple(getattr(cell, name) for name in fields)),
        lambda kept, children: _rebuild(kind, children[0], **dict(zip(fields, kept)), **rest),
    )


for _kind in _FIELDS:
    register(_kind, _kind)
