"""Binding: a module's tree walked once into flat lists of cells, and the compiled calls that stand on it.

JAX never sees a module. A program is a function of flat lists of arrays; while it is traced, a frame lets
the cells answer with tracers, and what was written to buffers comes back as extra outputs. The next call
compares one global token with `is`; only when something changed anywhere are the versions of this net's
own modules compared, and only when those differ is the tree walked again. Programs are kept by signature
(cells, training flags, requires_grad, plain attributes), so that `train()`/`eval()` never compiles twice.
"""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from normax.binding.crossing import crossing, say_crossing
from normax.binding.recent import Recent
from normax.binding.signature import Watched, architecture, attributes
from normax.errors import InputError, suggest
from normax.nn.attributes import refuse_old
from normax.nn.backend import check_process, compiled
from normax.nn.cells import Cell, Parameter, as_array
from normax.nn.frames import ForeignCell, Frame, Rewritten, current_frame, rewritten, structure
from normax.nn.module import Module
from normax.nn.random import layer_key, raw_key

__all__ = [
    "Binding",
    "Foreign",
    "Program",
    "bind",
    "evaluating",
    "functional_call",
    "jit",
    "rows_of",
    "sides",
    "value_and_grad",
]


def _what(given: Any) -> str:
    """What was given in a module's place: its full type, or the class that nobody has called."""
    if isinstance(given, type):
        return f"the class {given.__name__}; make one: {given.__name__}(...)"
    return f"{type(given).__module__}.{type(given).__name__}".removeprefix("builtins.")


class Binding:
    """A module's cells in order, each once: `trainable`, then `frozen` parameters, then `buffers`.

    `names` maps a cell to its first path, `numbers` a module's id to its place in the tree.
    """

    def __init__(self, net: Module):
        if not isinstance(net, Module):
            raise InputError(f"expected a normax Module, got {_what(net)}")
        named = list(net.named_modules())
        empty = [name for name, cell in net._named_state() if cell.uninitialized]
        if empty:
            raise InputError(
                f"{', '.join(empty)}: no shape before a first call; call the network once on an input, `net(x)`"
            )
        self.numbers = {id(module): i for i, (_, module) in enumerate(named)}
        self._versions = [module._version for _, module in named]
        self._watched = Watched(module for _, module in named)
        parameters = list(net.named_parameters())
        self.trainable = [p for _, p in parameters if p.requires_grad]
        self.frozen = [p for _, p in parameters if not p.requires_grad]
        self.buffers = [b for _, b in net.named_buffers()]
        self.names: dict[Cell, str] = {cell: name for name, cell in (*parameters, *net.named_buffers())}
        self.token = structure.token
        self.stamp = self._stamp()
        self.signature = (
            type(net),
            tuple(id(cell) for cell in self.trainable),
            tuple(attributes(module) for _, module in named),
        )

    @property
    def parameter_names(self) -> list[str]:
        """Paths of the trainable parameters, in order."""
        return [self.names[cell] for cell in self.trainable]

    def _stamp(self) -> tuple:
        return structure.cells, [version[0] for version in self._versions]

    def is_current(self) -> bool:
        if not self._watched.is_current():
            return False
        if self.token is structure.token:
            return True
        token = structure.token
        if self.stamp != self._stamp():
            return False
        self.token = token
        return True

    def frame(self, values: dict[Cell, Any], key: Any, row_mask: Any = None) -> Frame:
        return Frame(
            values,
            names=self.names,
            numbers=self.numbers,
            key=key,
            row_mask=row_mask,
            restore=self._watched.restore,
        )


_bindings: weakref.WeakKeyDictionary[Module, Binding] = weakref.WeakKeyDictionary()


def bind(net: Module) -> Binding:
    """The current binding of a module: the last one while nothing in its tree changed."""
    check_process()
    binding = _bindings.get(net) if isinstance(net, Module) else None
    if binding is None or not binding.is_current():
        binding = Binding(net)
        _bindings[net] = binding
    return binding


@contextlib.contextmanager
def evaluating(net: Module):
    """Evaluation mode while tracing; every module gets its own mode back and nothing recompiles for it."""
    before = [(module, module.training) for module in net.modules()]
    for module, _ in before:
        object.__setattr__(module, "training", False)
    try:
        yield net
    finally:
        for module, mode in before:
            object.__setattr__(module, "training", mode)


class Foreign:
    """The modules outside the binding that a trace ran through; their modes and attributes bear on it too."""

    def __init__(self) -> None:
        self._modules: dict[int, Module] = {}
        self._token, self._state = structure.token, ()
        self._watched = Watched(())

    def _now(self) -> tuple:
        return tuple(attributes(module) for module in self._modules.values())

    def note(self, frame: Frame) -> None:
        self._modules |= frame.foreign
        self._state = self._now()
        self._watched = Watched(self._modules.values())

    def __bool__(self) -> bool:
        return bool(self._modules)

    def is_current(self) -> bool:
        """Whether they are still as they were when traced."""
        if not self._watched.is_current():
            return False
        if self._token is not structure.token:
            token = structure.token
            if self._now() != self._state:
                return False
            self._token = token
        return True


class _Traces:
    """What programs of one kind share: the compiled function, and the modules outside their trees."""

    def __init__(self) -> None:
        self.foreign = Foreign()
        self.compiled = compiled(_trace, static_argnums=0)


_traces = Recent(32)


class _Own:
    """A program as a static argument of JAX: equal to all that share its traces, and keeping no network alive."""

    def __init__(self, program: Program):
        self._program, self._traces = weakref.ref(program), program.traces

    def __hash__(self) -> int:
        return hash(self._traces)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Own) and self._traces is other._traces

    def trace(self, *args: Any) -> Any:
        program = self._program()
        assert program is not None  # it is being called
        return program.trace(*args)


@jax.tree_util.register_pytree_node_class
class _InOrder:
    """A dict on its way out of a program, whose keys JAX would sort."""

    def __init__(self, keys: tuple, values: Any):
        self.keys, self.values = keys, values

    def tree_flatten(self) -> tuple:
        return tuple(self.values), self.keys

    @classmethod
    def tree_unflatten(cls, keys: tuple, values: Any) -> Any:
        return cls(keys, values)


def _in_order(tree: Any) -> Any:
    if type(tree) is dict:
        return _InOrder(tuple(tree), tuple(map(_in_order, tree.values())))
    return type(tree)(map(_in_order, tree)) if type(tree) in (tuple, list) else tree


def _as_given(tree: Any) -> Any:
    """What `_in_order` was given."""
    if type(tree) is _InOrder:
        return dict(zip(tree.keys, map(_as_given, tree.values)))
    return type(tree)(map(_as_given, tree)) if type(tree) in (tuple, list) else tree


def _trace(own: _Own, *args: Any) -> Any:
    return own.trace(*args)


class Program:
    """`body(frame, *args)` compiled over the values of a list of cells and a random key.

    Cells of other modules that the body reads are found while tracing, added to the inputs, and the trace
    begun again. What was written to cells comes back beside the result, by position. Programs of one `kind` share
    what is compiled, unless they run through other modules.
    """

    def __init__(self, binding: Binding, body: Callable[..., Any], kind: Any = None):
        self.inputs = [*binding.trainable, *binding.frozen, *binding.buffers]
        self._binding, self._body = binding, body
        self.traces = _Traces() if kind is None else _traces(kind, _Traces)
        if self.foreign:
            self.traces = _Traces()
        self._own = _Own(self)

    @property
    def foreign(self) -> Foreign:
        return self.traces.foreign

    def trace(self, values: list[Any], key: Any, *args: Any) -> tuple[Any, dict[int, Any]]:
        frame = self._binding.frame(dict(zip(self.inputs, values)), key)
        with frame.active():
            result = _in_order(refuse_old(self._body(frame, *args)))
        self.foreign.note(frame)
        return result, written(frame, self.inputs, values)

    def __call__(self, *args: Any) -> Any:
        plain = current_frame() is None
        key = raw_key() if plain else jax.random.key_data(layer_key(self))
        result, changes = retrying(
            lambda: self.traces.compiled(
                self._own, [cell._value if plain else cell.value for cell in self.inputs], key, *args
            ),
            self.inputs,
        )
        for i, value in changes.items():
            self.inputs[i].value = value
        return _as_given(result)

    def crossing(self, args: tuple) -> Any:
        """Where the program that these arguments were traced into crosses a batch with itself; see `crossing`."""
        if current_frame() is not None:
            return None
        values = [cell._value for cell in self.inputs]
        compiled: Any = self.traces.compiled
        traced = compiled.trace(self._own, values, raw_key(0), *args).jaxpr.jaxpr
        return crossing(traced, sides(traced, args), rows_of(args))


def sides(jaxpr: Any, batch: tuple) -> list[bool]:
    """Which inputs of a program are the network's, where those of the batch come last."""
    parts = len(jax.tree.leaves(batch))
    return [i < len(jaxpr.invars) - parts for i in range(len(jaxpr.invars))]


def rows_of(batch: tuple) -> set[int]:
    """The lengths that the parts of a batch have."""
    return {np.shape(leaf)[0] for leaf in jax.tree.leaves(batch) if np.ndim(leaf)}


def retrying(call: Callable[[], Any], inputs: list[Cell]) -> Any:
    """Call, and again as often as the trace meets a cell that is no input yet, which is added, or a plain attribute
    that it writes, which is then watched."""
    noted: list[tuple[int, str]] = []
    try:
        while True:
            try:
                return call()
            except ForeignCell as foreign:
                if any(cell is foreign.cell for cell in inputs):
                    raise
                inputs.append(foreign.cell)
            except Rewritten as attribute:
                if current_frame() is not None:  # the outermost call traces again
                    raise
                noted.append(attribute.place)
                rewritten().add(attribute.place)
    finally:
        if noted:
            rewritten().difference_update(noted)


def written(frame: Frame, inputs: list[Cell], values: list[Any]) -> dict[int, Any]:
    """Position -> new value of every input cell that the traced body wrote to; parameters may not be."""
    changes = {i: frame.values[c] for i, (c, v) in enumerate(zip(inputs, values)) if frame.values[c] is not v}
    wrong = [
        frame.names.get(inputs[i], "of another module")
        for i in changes
        if isinstance(inputs[i], Parameter) and inputs[i] not in frame.root().moved
    ]
    if wrong:
        raise InputError(
            f"parameters written inside a compiled call: {', '.join(wrong)}; only buffers may be, parameters "
            "move by `nx.train_step` or outside the call"
        )
    return changes


def check_scalar(loss: Any) -> None:
    """Refuse what a loss function returns where it is no scalar."""
    if loss is None or isinstance(loss, (tuple, list, dict)):
        hint = "does it end in `return`?" if loss is None else "return the loss alone"
        raise InputError(f"loss_fn: expected a scalar, got {type(loss).__name__}; {hint}")
    if np.shape(loss) != ():
        raise InputError(f"loss_fn: expected a scalar, got shape {np.shape(loss)}; reduce it: `loss.mean()`")


def grad_in_frame(
    frame: Frame, cells: Sequence[Cell], objective: Callable[[], tuple[Any, Any]], moving: bool = False
) -> Any:
    """`((loss, aux), gradients)` of `objective() -> (loss, aux)` with respect to cells of the active frame.

    What the objective writes to other cells, and where `moving` by `Cell.move` to these, leaves the differentiated
    trace as auxiliary outputs.
    """
    before, assigned = dict(frame.values), frame.root().assigned
    changed: list[Cell] = []

    def pure(values):
        frame.values.update(zip(cells, values))
        frame.root().assigned = dict(assigned)  # what is assigned within lives and dies there
        loss, aux = objective()
        check_scalar(loss)
        own, moved = set(cells), frame.root().moved
        changed[:] = [
            c
            for c, v in frame.values.items()
            if c in before and (c in moved or c not in own) and v is not before[c]
        ]
        wrong = [frame.names.get(c, "of another module") for c in changed if c in own]
        if wrong and not moving:
            raise InputError(
                f"{', '.join(wrong)}: Embedding(max_norm=...) changes its table while reading it, which a training step "
                "cannot follow; leave it out and constrain the rows, "
                f"`nx.penalize(net, {{{wrong[0]!r}: penalties.MaxNorm(1 / max_norm)}})`"
            )
        return loss, (aux, [frame.values[c] for c in changed])

    inputs = [before[cell] for cell in cells]
    (loss, (aux, state)), grads = jax.value_and_grad(pure, has_aux=True)(inputs)
    frame.root().assigned = assigned
    frame.values.update(before)
    frame.values.update(zip(changed, state))
    return (loss, aux), grads


class _Compiled:
    """Programs of one net by signature; base of `jit` and `value_and_grad`."""

    def __init__(self, net: Module):
        bind(net)
        self.net = net
        self._programs: dict[Any, Program] = {}
        self._last: tuple[Any, Any, Any] = (None, None, None)

    def _program(self, static: Any = None) -> Program:
        binding = bind(self.net)
        last_binding, last_static, program = self._last
        if last_binding is not binding or last_static != static or not program.foreign.is_current():
            key = (binding.signature, static)
            program = self._programs.get(key)
            if program is None or not program.foreign.is_current():
                program = self._programs[key] = Program(
                    binding, self._body(binding, static), self._kind(static)
                )
            self._last = (binding, static, program)
        return program

    def _kind(self, static: Any) -> Any:
        """What programs of other networks must equal for theirs to serve; None: they never do."""
        return None

    def _body(self, binding: Binding, static: Any) -> Callable[..., Any]:
        raise NotImplementedError


class jit(_Compiled):
    """The compiled forward of a module: `nx.jit(net)(x)` equals `net(x)`.

    It sees every later change of the weights, of the mode and of the structure; buffers that the forward
    writes (batch norm) are carried; dropout draws anew at each call. Arguments are arrays or pytrees of
    them; booleans and strings are static.

    Args:
        net: the module.

    Raises:
        InputError: if `net` is no Module, or its forward writes to a parameter, or lets what an earlier call left in
            a plain attribute bear on an output. Changes of plain attributes are dropped after the call.

    Example:
        >>> import numpy as np
        >>> import normax as nx
        >>> net = nx.nn.Linear(3, 2)
        >>> nx.jit(net)(np.ones((4, 3), "float32")).shape
        (4, 2)
    """

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        leaves, tree = jax.tree.flatten((args, kwargs), is_leaf=lambda leaf: isinstance(leaf, Cell))
        static = tree, tuple(leaf if isinstance(leaf, (bool, str)) else _ARRAY for leaf in leaves)
        arrays = [leaf for leaf in leaves if not isinstance(leaf, (bool, str))]
        return self._program(static)([leaf.value if isinstance(leaf, Cell) else leaf for leaf in arrays])

    def _kind(self, static):
        return architecture(self.net), static

    def _body(self, binding, static):
        tree, marks = static

        def body(frame, arrays):
            rest = iter(arrays)
            args, kwargs = jax.tree.unflatten(tree, [next(rest) if m is _ARRAY else m for m in marks])
            return self.net(*args, **kwargs)

        return body


_ARRAY = object()  # the place of an array among static arguments


class value_and_grad(_Compiled):
    """`(loss, {name: gradient})` of a loss of the network, compiled.

    Args:
        net: the module; frozen parameters get no gradient.
        loss_fn: `loss_fn(net, *batch) -> scalar`. Penalties are not added: `nx.penalty(net)` is.
        has_aux: `loss_fn` returns `(scalar, anything)`, and so does the first entry of the result.

    Returns:
        A function of the batch.

    Raises:
        InputError: if the loss is not a scalar.

    Example:
        >>> import numpy as np
        >>> import normax as nx
        >>> net = nx.nn.Linear(3, 1)
        >>> loss_fn = lambda net, x, y: ((net(x) - y) ** 2).mean()
        >>> x, y = np.ones((4, 3), "float32"), np.zeros((4, 1), "float32")
        >>> loss, grads = nx.value_and_grad(net, loss_fn)(x, y)
        >>> sorted(grads)
        ['bias', 'weight']
    """

    def __init__(self, net: Module, loss_fn: Callable[..., Any], has_aux: bool = False):
        super().__init__(net)
        self.loss_fn, self.has_aux = loss_fn, has_aux
        self._traced = self._told = False

    def __call__(self, *batch: Any) -> Any:
        program = self._program()
        result = program(*batch)
        if self._traced:
            self._told = self._told or say_crossing("loss_fn", program.crossing(batch), 2)
            self._traced = False
        return result

    def _body(self, binding, static):
        def body(frame, *batch):
            self._traced = True

            def objective():
                loss = self.loss_fn(self.net, *batch)
                return loss if self.has_aux else (loss, None)

            (loss, aux), grads = grad_in_frame(frame, binding.trainable, objective, moving=True)
            return (loss, aux) if self.has_aux else loss, dict(zip(binding.parameter_names, grads))

        return body


def functional_call(net: Module, values: dict[str, Any], *args: Any, key: Any = None, **kwargs: Any) -> Any:
    """`net(*args)` with some cells' values replaced: a pure function for any JAX transformation.

    As in PyTorch, a tuple in the place of `args` is all of them, and a dict after it the keyword arguments.

    Args:
        net: the module.
        values: path -> array, for as many parameters and buffers as wanted; the others keep theirs.
        key: raw (`uint32[2]`) or typed random key for dropout; not needed in evaluation mode, nor inside a
            compiled call of normax, which has one.

    Returns:
        What the forward returns. Writes to buffers (batch norm in training mode) are dropped.

    Raises:
        InputError: for a path that is no cell of the module.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> import normax as nx
        >>> net = nx.nn.Linear(3, 1)
        >>> f = lambda w: nx.functional_call(net, {"weight": w}, jnp.ones((2, 3))).sum()
        >>> jax.grad(f)(jnp.zeros((1, 3))).tolist()
        [[2.0, 2.0, 2.0]]
    """
    if args and type(args[0]) is tuple and (len(args) == 1 or (len(args) == 2 and type(args[1]) is dict)):
        args, kwargs = args[0], {**(args[1] if len(args) == 2 else {}), **kwargs}
    binding = bind(net)
    cells = {name: cell for cell, name in binding.names.items()}
    cells |= dict(net.named_parameters(remove_duplicate=False))  # a tied weight answers to all its names
    unknown = [f"{name!r}{suggest(name, cells)}" for name in values if name not in cells]
    if unknown:
        raise InputError(f"functional_call: {type(net).__name__} has no " + ", ".join(unknown))
    if key is not None and jax.dtypes.issubdtype(getattr(key, "dtype", None), jax.dtypes.prng_key):
        key = jax.random.key_data(key)
    # Whoever calls this says which values are to vary: the others may be kept as they are now.
    within = current_frame() is not None
    stand_ins: dict[Cell, Any] = {c: c.value if within else c._value for c in binding.buffers}
    stand_ins.update({cells[name]: as_array(value) for name, value in values.items()})
    leaves = jax.tree.leaves((list(stand_ins.values()), key, args, kwargs))
    tracing = any(isinstance(leaf, jax.core.Tracer) for leaf in leaves)

    def call():
        frame = Frame(
            dict(stand_ins),
            names=binding.names,
            numbers=binding.numbers,
            key=key,
            sealed=False,
            restore=binding._watched.restore,
        )
        with frame.active(tracing):
            return refuse_old(net(*args, **kwargs))

    return retrying(call, [])
