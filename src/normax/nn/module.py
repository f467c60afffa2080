"""Module: a tree of cells that registers parameters, buffers and submodules by attribute assignment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from normax.errors import InputError, suggest
from normax.nn.cells import Buffer, Cell, Computed, Parameter, as_array, in_64_bits
from normax.nn.device import device as find_device
from normax.nn.frames import current_frame, structure
from normax.nn.hooks import Hook, RemovableHandle, call_with_hooks, register

__all__ = ["LoadResult", "Module"]


class LoadResult(NamedTuple):
    """What `load_state_dict(strict=False)` left aside."""

    missing_keys: list[str]
    unexpected_keys: list[str]


class Module:
    """Base of all networks, as in PyTorch: `super().__init__()`, attributes, `forward`.

    Assigning a `Parameter`, `Buffer` or `Module` to an attribute registers it; everything else is an
    ordinary attribute. A tied weight is the same cell reached by two paths. A module is not a pytree:
    `nx.jit`, `nx.value_and_grad`, `nx.train_step` and `nx.functional_call` bind its cells for JAX.

    Example:
        >>> import normax as nx
        >>> from normax import nn
        >>> class Net(nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.fc1, self.fc2 = nn.Linear(4, 3), nn.Linear(3, 2)
        ...     def forward(self, x):
        ...         return self.fc2(nn.functional.relu(self.fc1(x)))
        >>> [(name, tuple(p.shape)) for name, p in Net().named_parameters()]
        [('fc1.weight', (3, 4)), ('fc1.bias', (3,)), ('fc2.weight', (2, 3)), ('fc2.bias', (2,))]

    Source:
        torch.nn.Module, whose semantics this follows.
    """

    training: bool
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Buffer | None]
    _modules: dict[str, Module | None]
    _hooks: tuple[Hook, ...] = ()
    _computed: Mapping[str, Callable[[Module], Any]] = {}  # what parametrizations make at each reading

    def __init__(self) -> None:
        for name in ("_parameters", "_buffers", "_modules"):
            object.__setattr__(self, name, {})
        object.__setattr__(self, "training", True)
        object.__setattr__(self, "_version", [0])  # a box: bindings watch it without keeping the module

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        raise InputError(f"{type(self).__name__} has no forward: write `def forward(self, x): ...`")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        frame = current_frame()
        if frame is not None:
            frame.entered(self)
        try:
            return call_with_hooks(self, args, kwargs) if self._hooks else self.forward(*args, **kwargs)
        except Exception as error:
            _locate(self, error)
            raise

    # Hooks ----------------------------------------------------------------------------------------

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args)` before every forward; what it returns, if not None, replaces `args`.

        Under `nx.jit` and in training steps a hook runs while the call is traced, once a compilation: let
        it compute, not keep what it sees. Adding and removing one compiles anew.

        Args:
            hook: the function. With `with_kwargs` it is `hook(module, args, kwargs)` and may return both.
            prepend: run it before the hooks that are there.
            with_kwargs: hand it the keyword arguments too.

        Returns:
            A handle with `remove()`.

        Example:
            >>> from normax import nn
            >>> layer = nn.Identity()
            >>> handle = layer.register_forward_pre_hook(lambda module, args: args[0] + 1)
            >>> layer(1), handle.remove(), layer(1)
            (2, None, 1)
        """
        return register(self, hook, True, prepend, with_kwargs)

    def register_forward_hook(
        self,
        hook: Callable[..., Any],
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> RemovableHandle:
        """Call `hook(module, args, output)` after every forward; what it returns, if not None, replaces it.

        Args:
            hook: the function. With `with_kwargs` it is `hook(module, args, kwargs, output)`.
            prepend: run it before the hooks that are there.
            with_kwargs: hand it the keyword arguments too.
            always_call: call it after an error as well, with output None.

        Returns:
            A handle with `remove()`; for compiled calls see `register_forward_pre_hook`.
        """
        return register(self, hook, False, prepend, with_kwargs, always_call)

    def _set_hooks(self, hooks: tuple[Hook, ...]) -> None:
        object.__setattr__(self, "_hooks", hooks)
        self._touch()

    # Registration ---------------------------------------------------------------------------------

    def __setattr__(self, name: str, value: Any) -> None:
        if "_modules" not in self.__dict__:
            raise AttributeError(
                f"cannot assign {name!r} before Module.__init__(): begin {type(self).__name__}.__init__ "
                "with super().__init__()"
            )
        if isinstance(value, (Cell, Module)):
            self._refuse_in_frame(name)
        if name in self._computed:
            raise InputError(
                f"{type(self).__name__}.{name} is computed by its parametrization; remove that first, "
                f"`nn.utils.parametrize.remove_parametrizations(layer, {name!r})`"
            )
        if isinstance(value, Parameter):
            self._clear(name, keep=self._parameters)
            self.register_parameter(name, value)
        elif isinstance(value, Module):
            self._clear(name, keep=self._modules)
            self.register_module(name, value)
        elif isinstance(value, Buffer):
            self._clear(name, keep=self._buffers)
            self._buffers[name] = value
            self._touch()
        elif name in self._buffers and value is not None:
            buffer = self._buffers[name]
            try:
                if buffer is None:
                    self.register_buffer(name, value)
                else:
                    buffer.value = value
            except TypeError as error:
                raise TypeError(
                    f"cannot assign {type(value).__name__} to buffer {name!r} of {type(self).__name__}: expected "
                    "an array, a Buffer or None"
                ) from error
        elif name in self._parameters or name in self._modules or name in self._buffers:
            self._unset(name, value)
        else:
            self._set_plain(name, value)

    def _unset(self, name: str, value: Any) -> None:
        """Assign to a registered name what is not a cell or module: None empties it, all else is refused."""
        kinds = ((self._parameters, "Parameter"), (self._modules, "Module"), (self._buffers, "Buffer"))
        table, kind = next((table, kind) for table, kind in kinds if name in table)
        if value is not None:
            hint = f"; write `self.{name}.value = ...` to change its array" if kind == "Parameter" else ""
            raise TypeError(
                f"cannot assign {type(value).__name__} to {name!r} of {type(self).__name__}: expected a {kind} "
                f"or None{hint}"
            )
        table[name] = None
        self._touch()

    def _set_plain(self, name: str, value: Any) -> None:
        self._refuse_in_frame(name)
        if any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(value)):
            raise InputError(
                f"a traced value was assigned to the plain attribute {type(self).__name__}.{name}, where it "
                f"would leak; make it a Buffer: `self.register_buffer({name!r}, ...)`"
            )
        object.__setattr__(self, name, value)
        self._touch()

    def _refuse_in_frame(self, name: str) -> None:
        frame = current_frame()
        if frame is not None and id(self) in frame.numbers:
            raise InputError(
                f"{type(self).__name__}.{name} was assigned inside a compiled call, which runs Python only "
                f"once; make it a Buffer (`self.register_buffer({name!r}, ...)`) or return it"
            )

    def _compute(self, name: str, function: Callable[[Module], Any] | None) -> None:
        """Answer for `name` with what `function(self)` returns; None ends that."""
        computed = {k: f for k, f in self._computed.items() if k != name}
        if function is not None:
            computed[name] = function
        object.__setattr__(self, "_computed", computed)
        self._touch()

    def _clear(self, name: str, keep: dict) -> None:
        """Free a name of what it stood for in any other table."""
        for table in (self.__dict__, self._parameters, self._buffers, self._modules):
            if table is not keep:
                table.pop(name, None)

    def _touch(self) -> None:
        self._version[0] += 1
        structure.touch()

    def __getattr__(self, name: str) -> Any:
        if "_modules" not in self.__dict__ or name.startswith("__"):
            raise AttributeError(name)
        for table in (self._parameters, self._buffers, self._modules):
            if name in table:
                return table[name]
        if name in self._computed:
            return Computed(self._computed[name](self), name)
        if name in _INSTEAD:
            raise AttributeError(f"{type(self).__name__} has no {name!r} in normax: {_INSTEAD[name]}")
        raise AttributeError(
            f"{type(self).__name__} has no attribute {name!r}{suggest(name, dir(self))}", name=name, obj=self
        )

    def __delattr__(self, name: str) -> None:
        for table in (self._parameters, self._buffers, self._modules):
            if name in table:
                del table[name]
                return self._touch()
        object.__delattr__(self, name)
        return self._touch()

    def __dir__(self) -> list[str]:
        return sorted(
            {*super().__dir__(), *self._parameters, *self._buffers, *self._modules, *self._computed}
        )

    def _check_name(self, name: str, table: dict, kind: str) -> None:
        if not isinstance(name, str):
            raise TypeError(f"{kind} name: expected a string, got {type(name).__name__}")
        if name == "" or "." in name:
            raise KeyError(f"{kind} name: expected a non-empty string without '.', got {name!r}")
        if hasattr(self, name) and name not in table:
            raise KeyError(f"attribute {name!r} already exists in {type(self).__name__}")

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Register a parameter under a name; None keeps the place empty (`bias=False`)."""
        if "_parameters" not in self.__dict__:
            raise AttributeError("cannot assign parameter before Module.__init__(): call super().__init__()")
        self._check_name(name, self._parameters, "parameter")
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"cannot assign {type(param).__name__} to parameter {name!r}: expected nn.Parameter or None"
            )
        if param is not None and param.role is None:
            param.role = "bias" if "bias" in name.split("_") else "weight"
        self._parameters[name] = param
        self._touch()

    def register_buffer(self, name: str, tensor: Any, persistent: bool = True) -> None:
        """Register an array (or Buffer, or None) as state that is not trained."""
        if "_buffers" not in self.__dict__:
            raise AttributeError("cannot assign buffer before Module.__init__(): call super().__init__()")
        self._check_name(name, self._buffers, "buffer")
        if tensor is not None and not isinstance(tensor, Buffer):
            tensor = Buffer(tensor, persistent)
        self._buffers[name] = tensor
        self._touch()

    def register_module(self, name: str, module: Module | None) -> None:
        """Register a submodule under a name; the same as `add_module`."""
        self._check_name(name, self._modules, "module")
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"{type(module).__name__} is not a Module (submodule {name!r})")
        self._modules[name] = module
        self._touch()

    add_module = register_module

    # Walking the tree -----------------------------------------------------------------------------

    def named_modules(
        self, memo: set | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """Every module of the tree with its path, this one first under the prefix alone."""
        memo = set() if memo is None else memo
        if id(self) in memo:
            return
        if remove_duplicate:
            memo.add(id(self))
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                yield from module.named_modules(memo, _join(prefix, name), remove_duplicate)

    def _named_cells(self, table: str, prefix: str, recurse: bool, remove_duplicate: bool):
        seen: set[int] = set()
        modules = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate)
        for path, module in modules if recurse else [(prefix, self)]:
            for name, cell in getattr(module, table).items():
                if cell is None or (remove_duplicate and id(cell) in seen):
                    continue
                seen.add(id(cell))
                yield _join(path, name), cell

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """Parameters with their paths; a tied one comes once, under its first path."""
        yield from self._named_cells("_parameters", prefix, recurse, remove_duplicate)

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Buffer]]:
        """Buffers with their paths."""
        yield from self._named_cells("_buffers", prefix, recurse, remove_duplicate)

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """Immediate submodules with their names, each once."""
        seen: set[int] = set()
        for name, module in self._modules.items():
            if module is not None and id(module) not in seen:
                seen.add(id(module))
                yield name, module

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        for _, parameter in self.named_parameters(recurse=recurse):
            yield parameter

    def buffers(self, recurse: bool = True) -> Iterator[Buffer]:
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    def children(self) -> Iterator[Module]:
        for _, module in self.named_children():
            yield module

    def modules(self) -> Iterator[Module]:
        for _, module in self.named_modules():
            yield module

    def get_submodule(self, target: str) -> Module:
        """The module at a dotted path; an unknown part is named with the closest that exists."""
        module = self
        for i, name in enumerate(target.split(".") if target else []):
            child = module._modules.get(name)
            if child is None:
                where = ".".join(target.split(".")[:i]) or type(self).__name__
                raise AttributeError(f"{where} has no submodule {name!r}{suggest(name, module._modules)}")
            module = child
        return module

    def set_submodule(self, target: str, module: Module, strict: bool = False) -> None:
        """Put a module at a dotted path, whose parent exists.

        Args:
            target: the path.
            module: what to put there.
            strict: refuse a path at which there is nothing yet.
        """
        if not target:
            raise ValueError("set_submodule: expected a path, got an empty string")
        if not isinstance(module, Module):
            raise ValueError(f"set_submodule: expected a Module, got {type(module).__name__}")
        path, _, name = target.rpartition(".")
        parent = self.get_submodule(path)
        if strict or name in parent.__dict__:
            self.get_submodule(target)
        setattr(parent, name, module)

    def get_parameter(self, target: str) -> Parameter:
        """The parameter at a dotted path."""
        return self._get_cell(target, "_parameters", "parameter")

    def get_buffer(self, target: str) -> Buffer:
        """The buffer at a dotted path."""
        return self._get_cell(target, "_buffers", "buffer")

    def _get_cell(self, target: str, table: str, kind: str) -> Any:
        path, _, name = target.rpartition(".")
        cells = getattr(self.get_submodule(path), table)
        if cells.get(name) is None:
            raise AttributeError(
                f"{path or type(self).__name__} has no {kind} {name!r}{suggest(name, cells)}"
            )
        return cells[name]

    def apply(self, fn: Callable[[Module], Any]) -> Module:
        """Call `fn` on every module, children first; returns the module."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    # Modes, devices and dtypes --------------------------------------------------------------------

    def train(self, mode: bool = True) -> Module:
        """Training mode: dropout on, batch norm on batch statistics. Switching never recompiles twice."""
        if not isinstance(mode, bool):
            raise ValueError(f"train: expected True or False, got {mode!r}")
        for module in self.modules():
            if module.training is not mode:
                module.training = mode
        return self

    def eval(self) -> Module:
        """Evaluation mode: dropout off, batch norm on running statistics."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Module:
        """Freeze (False) or free every parameter below."""
        for parameter in self.parameters():
            parameter.requires_grad = requires_grad
        return self

    def to(self, device: Any = None, dtype: Any = None) -> Module:
        """Move the whole tree to a device, a sharding or a floating dtype; returns the module.

        Args:
            device: a JAX device, `"cpu"`, `"cuda:0"`, a `jax.sharding.Sharding`, or a dtype in its place.
            dtype: a floating dtype; integer buffers keep theirs, as in PyTorch.
        """
        if device is not None and not _is_place(device):
            device, dtype = None, device
        if dtype is not None:
            dtype = _floating(dtype)
        place = find_device(device) if isinstance(device, str) else device
        for cell in (*self.parameters(), *self.buffers()):
            if cell.uninitialized:
                cell.convert(place, dtype)
                continue
            value = cell.value
            if dtype is not None and jnp.issubdtype(value.dtype, jnp.floating):
                value = value.astype(dtype)
            cell.value = value if place is None else jax.device_put(value, place)
        return self

    def cpu(self) -> Module:
        return self.to("cpu")

    def cuda(self, index: int = 0) -> Module:
        return self.to(f"cuda:{index}")

    def float(self) -> Module:
        return self.to(jnp.float32)

    def double(self) -> Module:
        return self.to(jnp.float64)

    def half(self) -> Module:
        return self.to(jnp.float16)

    def bfloat16(self) -> Module:
        return self.to(jnp.bfloat16)

    # State ----------------------------------------------------------------------------------------

    def _own_state(self) -> Iterator[tuple[str, Cell]]:
        for name, cell in (*self._parameters.items(), *self._buffers.items()):
            if cell is not None and cell.persistent:
                yield name, cell

    def _named_state(self) -> Iterator[tuple[str, Cell]]:
        """Cells in state-dict order: module by module, parameters then persistent buffers, ties repeated."""
        for path, module in self.named_modules(remove_duplicate=False):
            for name, cell in module._own_state():
                yield _join(path, name), cell

    def _named_extra(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """Modules with state of their own beside cells, under PyTorch's key."""
        for path, module in self.named_modules(prefix=prefix, remove_duplicate=False):
            if type(module).get_extra_state is not Module.get_extra_state:
                yield _join(path, "_extra_state"), module

    def get_extra_state(self) -> Any:
        """What `state_dict` carries beside cells, under `_extra_state`: override it with `set_extra_state`."""
        raise RuntimeError(f"{type(self).__name__} has no extra state: override get_extra_state")

    def set_extra_state(self, state: Any) -> None:
        """Take back what `get_extra_state` returned."""
        raise RuntimeError(f"{type(self).__name__} cannot load extra state: override set_extra_state")

    def state_dict(self, *, prefix: str = "", keep_vars: bool = False) -> dict[str, Any]:
        """Copies of all parameters and persistent buffers by path, with PyTorch's keys and in its order.

        Args:
            prefix: stands before every key as it is; with PyTorch it ends in a dot.
            keep_vars: the cells themselves instead of copies of their arrays.
        """
        state: dict[str, Any] = {}
        for path, module in self.named_modules(remove_duplicate=False):
            for name, cell in module._own_state():
                held = keep_vars or cell.uninitialized
                state[prefix + _join(path, name)] = cell if held else jnp.array(cell.value, copy=True)
            if type(module).get_extra_state is not Module.get_extra_state:
                state[prefix + _join(path, "_extra_state")] = module.get_extra_state()
        return state

    def load_state_dict(self, state_dict: Any, strict: bool = True, assign: bool = False) -> LoadResult:
        """Copy arrays (JAX, NumPy or PyTorch) into the cells by path; dtypes follow the cells.

        Args:
            state_dict: path -> array.
            strict: refuse missing and unexpected keys; misshapen ones are refused always.
            assign: take the arrays as they are, with their dtype and device; the cells, and so their ties,
                penalties and `requires_grad`, stay.

        Raises:
            InputError: with every fault at once; the module is then untouched.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"load_state_dict: expected a dict of arrays, got {type(state_dict).__name__}")
        own = dict(self._named_state())
        extra = dict(self._named_extra())
        missing = [name for name in (*own, *extra) if name not in state_dict]
        unexpected = [name for name in state_dict if name not in own and name not in extra]
        faults, values = [], {}
        if strict:
            faults += [f"missing: {name}{suggest(name, unexpected)}" for name in missing]
            faults += [f"unexpected: {name}{suggest(name, missing)}" for name in unexpected]
        for name, cell in own.items():
            if name not in state_dict:
                continue
            try:
                values[name] = _cast(state_dict[name], cell, assign)
            except InputError as error:
                faults.append(f"{name}: {error}")
        if faults:
            raise InputError(f"state dict does not fit {type(self).__name__}:\n  " + "\n  ".join(faults))
        for name, value in values.items():
            own[name]._fill(value)
        for name, module in extra.items():
            if name in state_dict:
                module.set_extra_state(state_dict[name])
        return LoadResult(missing, unexpected)

    def __copy__(self) -> Module:
        """A second module over the same cells and children, whose attributes can be changed by themselves."""
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__, _version=[0])
        for table in ("_parameters", "_buffers", "_modules"):
            twin.__dict__[table] = dict(self.__dict__[table])
        return twin

    # Representation and what PyTorch has and normax answers ------------------------------------------

    def extra_repr(self) -> str:
        """What stands in the parentheses of `repr`."""
        return ""

    def _get_name(self) -> str:
        """The class's name in `repr`, marked as PyTorch marks it where parameters are computed."""
        return "Parametrized" * ("parametrizations" in self._modules) + type(self).__name__

    def __repr__(self) -> str:
        children = [
            f"({name}): " + repr(module).replace("\n", "\n  ") for name, module in self._modules.items()
        ]
        extra = self.extra_repr()
        if not children and "\n" not in extra:
            return f"{self._get_name()}({extra})"
        lines = [*extra.splitlines(), *children]
        return f"{self._get_name()}(\n  " + "\n  ".join(lines) + "\n)"


_INSTEAD = {
    "backward": "write `loss, grads = nx.value_and_grad(net, loss_fn)(x, y)`, or let `nx.train_step` do the step",
    "zero_grad": "gradients are returned, not accumulated; delete the line",
    **dict.fromkeys(
        ("register_full_backward_hook", "register_full_backward_pre_hook", "register_backward_hook"),
        "gradients are values here: change them after `loss, grads = nx.value_and_grad(net, loss_fn)(x, y)`, in "
        "an optax transformation of `nx.train_step`, or in a `jax.custom_vjp` that the forward calls",
    ),
    **dict.fromkeys(
        (
            "register_state_dict_post_hook",
            "register_state_dict_pre_hook",
            "register_load_state_dict_pre_hook",
            "register_load_state_dict_post_hook",
        ),
        "a state dict is a plain dict: rename its keys before `net.load_state_dict(state)` or after "
        "`net.state_dict()`, or override these methods",
    ),
    "share_memory": "arrays are shared by their processes' own means; delete the line",
    "compile": "write `nx.jit(net)`",
    "type": "write `net.to(dtype)`",
    "to_empty": "arrays are never without values; move them, `net.to(device)`",
}


def _join(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name


def _is_place(where: Any) -> bool:
    """Whether `to`'s first argument says where, not in which dtype."""
    if isinstance(where, str):
        try:
            jnp.dtype(where)
        except TypeError:
            return True
        return False
    return isinstance(where, (jax.Device, jax.sharding.Sharding))


def _floating(dtype: Any) -> Any:
    name = str(dtype).removeprefix("torch.")
    try:
        dtype = jnp.dtype(name if "torch." in str(dtype) else dtype)
    except TypeError:
        raise TypeError(f"to: expected a device, a sharding or a floating dtype, got {dtype!r}") from None
    if not jnp.issubdtype(dtype, jnp.floating):
        raise TypeError(f"to: expected a floating dtype, got {dtype}")
    if dtype == jnp.float64 and not in_64_bits():
        raise InputError(
            "float64 needs JAX in 64 bits: `jax.config.update('jax_enable_x64', True)` before the first array"
        )
    return dtype


def _cast(data: Any, cell: Cell, assign: bool) -> Any:
    """A copy of `data` in the cell's shape and dtype, where the cell lies, or an InputError."""
    if isinstance(data, Cell) and data.uninitialized:
        if not cell.uninitialized:
            raise InputError(f"expected shape {tuple(cell.shape)}, got a parameter without one")
        return data
    try:
        value = as_array(data)
    except TypeError as error:
        raise InputError(f"expected an array, got {type(data).__name__}") from error
    if not cell.uninitialized and value.shape != cell.shape:
        raise InputError(f"expected shape {tuple(cell.shape)}, got {tuple(value.shape)}")
    if assign or cell.uninitialized:
        return value
    value = jnp.array(value, dtype=cell.dtype, copy=True)
    return jax.device_put(value, cell.value.sharding) if cell.value.committed else value


def _locate(module: Module, error: Exception) -> None:
    """Write the path of the module that failed into the error, growing it call by call outwards."""
    inner, path = getattr(error, "_normax_trail", (None, ""))
    if inner is not None and inner is not module:
        names = (name for name, m in module.named_modules() if m is inner)
        path = ".".join(part for part in (next(names, ""), path) if part)
    label = (
        f"{path or type(module).__name__} ({module.get_submodule(path)._get_name()})"
        if path
        else (type(module).__name__)
    )
    try:
        if isinstance(error, InputError) and error.args:
            text = getattr(error, "_normax_text", error.args[0])
            error._normax_text = text  # type: ignore[attr-defined]
            error.args = (f"in {label}: {text}",)
        else:
            notes = [n for n in getattr(error, "__notes__", []) if not n.startswith("normax: in ")]
            error.__notes__ = [*notes, f"normax: in {label}"]
        error._normax_trail = (module, path)  # type: ignore[attr-defined]
    except AttributeError:  # an exception without a __dict__ keeps its own words
        pass
