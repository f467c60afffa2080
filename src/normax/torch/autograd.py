"""`torch.autograd`: functions with a gradient of their own, and what takes the place of the tape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.errors import InputError
from normax.torch import derivatives as functional
from normax.torch.creation import as_tensor
from normax.torch.grad_modes import enable_grad, inference_mode, no_grad, set_grad_enabled
from normax.torch.ops import method
from normax.torch.tensor import Methods, Tensor, made, raw, wrap

__all__ = [
    "Function",
    "FunctionCtx",
    "Variable",
    "enable_grad",
    "functional",
    "grad",
    "inference_mode",
    "no_grad",
    "set_grad_enabled",
]


class _OfTensors(type):
    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tensor)


class Variable(metaclass=_OfTensors):
    """A tensor that says whether gradients are taken by it, as PyTorch wrote before its version 0.4.

    Args:
        data: a tensor, which the result shares its values with.
        requires_grad: whether gradients are taken by it.
        volatile: of no effect, as in PyTorch today.

    Example:
        >>> from normax import torch
        >>> labels = Variable(torch.tensor([1, 2]))
        >>> labels, isinstance(labels, Variable)
        (tensor([1, 2]), True)
    """

    def __new__(cls, data: Any, requires_grad: bool = False, volatile: bool = False) -> Any:
        return as_tensor(data).detach().requires_grad_(requires_grad)


class FunctionCtx:
    """What `forward` keeps for `backward`: saved tensors, and whatever is put on it.

    Attributes:
        saved_tensors: what `save_for_backward` was given.
        needs_input_grad: for each argument, whether it is a floating tensor.
    """

    needs_input_grad: tuple[bool, ...]

    def __init__(self, needs_input_grad: tuple[bool, ...] = ()):
        self.saved_tensors: tuple[Any, ...] = ()
        self.needs_input_grad = needs_input_grad
        self._constant: tuple[Any, ...] = ()
        self._dirty: tuple[Any, ...] = ()

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep tensors; what is neither tensor nor None is refused by PyTorch, and kept here."""
        self.saved_tensors = tensors

    save_for_forward = save_for_backward

    def mark_non_differentiable(self, *tensors: Any) -> None:
        """These outputs pass no gradient on."""
        self._constant = tensors

    def mark_dirty(self, *tensors: Any) -> None:
        """These inputs were written to."""
        self._dirty = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Gradients are always arrays here, zeros where nothing comes back."""


def _parts(ctx: FunctionCtx) -> tuple[list[Any], Any]:
    """What a context holds, arrays apart from the rest."""
    held = {key: value for key, value in vars(ctx).items() if key not in ("_constant", "_dirty")}
    leaves, tree = jax.tree.flatten(held, is_leaf=lambda leaf: leaf is None or isinstance(leaf, Methods))
    kinds = [_kind(leaf) for leaf in leaves]
    arrays = [raw(leaf) for leaf, kind in zip(leaves, kinds) if kind is not None]
    return arrays, (tree, kinds, [leaf for leaf, kind in zip(leaves, kinds) if kind is None])


def _joined(arrays: Any, static: Any) -> FunctionCtx:
    tree, kinds, rest = static
    array, other = iter(arrays), iter(rest)
    leaves = [next(other) if kind is None else made(next(array)) for kind in kinds]
    ctx = FunctionCtx()
    vars(ctx).update(jax.tree.unflatten(tree, leaves))
    return ctx


def _kind(leaf: Any) -> str | None:
    return "tensor" if isinstance(leaf, (Methods, jax.Array, np.ndarray)) else None


class Function:
    """A function with a gradient of its own: write `forward(ctx, ...)` and `backward(ctx, ...)`, call `NAME.apply`.

    In eager calls `forward` simply runs; under a compiled step both are traced once, so that what depends on values
    has to be `torch.where`. `setup_context(ctx, inputs, output)` beside `forward(...)` is the other form.

    Raises:
        RuntimeError: for gradients that are too few or too many, or of a shape that is not the argument's.

    Example:
        >>> import jax
        >>> from normax import torch
        >>> class Sign(torch.autograd.Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         return x.sign()
        ...     @staticmethod
        ...     def backward(ctx, gradient):
        ...         return gradient
        >>> Sign.apply(torch.tensor([-2.0, 3.0]))
        tensor([-1.,  1.])
        >>> jax.grad(lambda x: Sign.apply(x).sum())(jax.numpy.array([-2.0, 3.0])).tolist()
        [1.0, 1.0]

    Source:
        torch.autograd.Function.
    """

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """The value."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """The gradient of each argument, None where there is none."""
        raise NotImplementedError("You must implement backward for your custom autograd.Function.")

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """The value, through which gradients go by `backward`."""
        leaves, tree = jax.tree.flatten(args, is_leaf=lambda leaf: leaf is None or isinstance(leaf, Methods))
        places = [i for i, leaf in enumerate(leaves) if _kind(leaf)]
        arrays = [raw(leaves[i]) for i in places]
        notes: dict[str, list[Any]] = {}

        def forward(arrays):
            filled = list(leaves)
            for i, array in zip(places, arrays):
                filled[i] = made(array)
            inputs = jax.tree.unflatten(tree, filled)
            ctx = FunctionCtx(tuple(_is_floating(value) for value in inputs))
            if "setup_context" in dir(cls):
                output = cls.forward(*inputs)
                cls.setup_context(ctx, inputs, output)
            else:
                output = cls.forward(ctx, *inputs)
            outputs = output if isinstance(output, tuple) else (output,)
            notes["constant"] = [any(o is c for c in ctx._constant) for o in outputs]
            notes["dirty"] = [
                (i, j)
                for i, a in enumerate(inputs)
                for j, o in enumerate(outputs)
                if o is a and _in(a, ctx._dirty)
            ]
            return raw(output), ctx

        if not any(isinstance(array, jax.core.Tracer) for array in arrays):
            result = forward(arrays)[0]
        else:
            result = _with_gradient(cls, forward, args)(*arrays)
        outputs = list(result) if isinstance(result, tuple) else [result]
        outputs = [jax.lax.stop_gradient(o) if c else o for o, c in zip(outputs, notes["constant"])]
        wrapped = [wrap(o) for o in outputs]
        for i, j in notes["dirty"]:
            wrapped[j] = args[i]._assign(outputs[j])
        given = wrapped if any(isinstance(leaf, Methods) for leaf in leaves) else outputs
        return tuple(given) if isinstance(result, tuple) else given[0]


def _in(value: Any, group: tuple[Any, ...]) -> bool:
    return any(value is other for other in group)


def _is_floating(value: Any) -> bool:
    return bool(_kind(value)) and jnp.issubdtype(jnp.result_type(raw(value)), jnp.inexact)


def _with_gradient(kind: type[Function], forward: Callable, args: tuple[Any, ...]) -> Callable[..., Any]:
    """A function of the arrays among the arguments whose gradient is the class's `backward`."""
    static: list[Any] = [None]
    numbers: list[
        int | None
    ] = []  # which argument each array is; None inside a container, where no gradient goes
    for number, value in enumerate(args):
        inside = jax.tree.leaves(value, is_leaf=lambda leaf: isinstance(leaf, Methods))
        numbers += [number if leaf is value else None for leaf in inside if _kind(leaf)]

    @jax.custom_vjp
    def call(*arrays):
        return forward(arrays)[0]

    def kept(*arrays):
        output, ctx = forward(arrays)
        held, static[0] = _parts(ctx)
        return output, (held, arrays)

    def backward(held, gradients):
        saved, arrays = held
        ctx = _joined(saved, static[0])
        given = gradients if isinstance(gradients, tuple) else (gradients,)
        found = kind.backward(ctx, *(wrap(_dense(g)) for g in given))
        found = found if isinstance(found, tuple) else (found,)
        if len(found) < len(args) or any(extra is not None for extra in found[len(args) :]):
            raise RuntimeError(
                f"function {kind.__name__}Backward returned an incorrect number of gradients (expected "
                f"{len(args)}, got {len(found)})"
            )
        result = [
            None if number is None else _fitted(kind, number, raw(found[number]), array)
            for number, array in zip(numbers, arrays)
        ]
        return tuple(result)

    call.defvjp(kept, backward)
    return call


def _dense(gradient: Any) -> Any:
    """A gradient of an output without one, such as indices, as zeros."""
    if gradient.dtype == jax.dtypes.float0:
        return jnp.zeros(gradient.shape)
    return gradient


def _fitted(kind: type, number: int, gradient: Any, array: Any) -> Any:
    if gradient is None or not jnp.issubdtype(array.dtype, jnp.inexact):
        return None
    gradient = jnp.asarray(gradient, array.dtype)
    if gradient.shape == array.shape:
        return gradient
    try:
        common = np.broadcast_shapes(gradient.shape, array.shape)
    except ValueError:
        common = None
    if common == array.shape:
        return jnp.broadcast_to(gradient, common)
    if common == gradient.shape:  # summed over what was broadcast
        ahead = tuple(range(gradient.ndim - array.ndim))
        return (
            gradient.sum(ahead)
            .sum(tuple(i for i, n in enumerate(array.shape) if n == 1), keepdims=True)
            .reshape(array.shape)
        )
    raise RuntimeError(
        f"Function {kind.__name__}Backward returned an invalid gradient at index {number} - got "
        f"{list(gradient.shape)} but expected shape compatible with {list(array.shape)}"
    )


def grad(*args: Any, **kwargs: Any) -> Any:
    """Refused: there is no tape to go back on."""
    raise InputError(
        "torch.autograd.grad(outputs, inputs): there is no tape that outputs remember; gradients are those of "
        "functions: torch.func.grad(lambda x: net(x).sum())(x) with regard to an input, also inside a loss; "
        "nx.value_and_grad(net, loss_fn)(x, y) with regard to the weights"
    )


@method
def backward(
    self: Any, gradient: Any = None, retain_graph: Any = None, create_graph: bool = False, inputs: Any = None
) -> Any:
    """Refused: a compiled step takes the gradients; the error shows the script's own loop with one."""
    from normax.torch.loops import refuse

    raise refuse("loss.backward()")
