"""Module: a tree of cells that registers parameters, buffers and submodules by attribute assignment."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import jax

from normax.errors import InputError, suggest
from normax.nn import attributes
from normax.nn.backend import check_process
from normax.nn.cells import Buffer, Cell, Computed, Parameter
from normax.nn.frames import current_frame, structure
from normax.nn.hooks import Hook, RemovableHandle, call_with_hooks, register
from normax.nn.placement import Placement
from normax.nn.state import LoadResult, State
from normax.text import folded, markup

__all__ = ["LoadResult", "Module"]


class Module(State, Placement):
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
    _kept: Mapping[str, attributes.Kept] = {}  # plain attributes that a compiled forward writes

    def __init__(self) -> None:
        for name in ("_parameters", "_buffers", "_modules"):
            object.__setattr__(self, name, {})
        object.__setattr__(self, "training", True)
        object.__setattr__(self, "_version", [0])  # a box: bindings watch it without keeping the module

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        raise InputError(f"{type(self).__name__} has no forward: write `def forward(self, x): ...`")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        check_process()
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
            return self._set_early(name, value)
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

    def _set_early(self, name: str, value: Any) -> None:
        """Assign before `Module.__init__`, which keeps plain attributes that are there."""
        if isinstance(value, (Cell, Module)):
            raise AttributeError(
                f"cannot assign {type(value).__name__} {name!r} before Module.__init__(): begin "
                f"{type(self).__name__}.__init__ with super().__init__()"
            )
        object.__setattr__(self, name, value)

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
        frame = current_frame()
        if frame is not None and frame.runs(self):
            if hasattr(
                getattr(type(self), name, None), "__set__"
            ):  # a property, whose setter comes back here
                return object.__setattr__(self, name, value)
            if name == "training" or hasattr(type(self), name):
                self._refuse_in_frame(name)
            return attributes.write(frame, self, name, value)
        if any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(value)):
            raise InputError(
                f"a traced value was assigned to the plain attribute {type(self).__name__}.{name}, where it "
                f"would leak; make it a Buffer: `self.register_buffer({name!r}, ...)`"
            )
        if name in self._kept:
            self._kept[name].value = value
        else:
            object.__setattr__(self, name, value)
        return self._touch()

    def _refuse_in_frame(self, name: str) -> None:
        frame = current_frame()
        if frame is not None and frame.runs(self):
            raise InputError(
                f"{type(self).__name__}.{name} was assigned inside a compiled call, which runs Python only "
                f"once; make it a Buffer in __init__ (`self.register_buffer({name!r}, ...)`) or return it"
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
        tables: tuple[Any, ...] = self.__dict__, self._parameters, self._buffers, self._modules
        for table in (*tables, self._kept) if self._kept else tables:
            if table is not keep:
                table.pop(name, None)

    def _touch(self) -> None:
        self._version[0] += 1
        structure.touch()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if "_modules" not in self.__dict__:
            begin = f"begin {type(self).__name__}.__init__ with super().__init__()" * (name in _TABLES)
            raise AttributeError(begin or name)
        for table in (self._parameters, self._buffers, self._modules):
            if name in table:
                value = table[name]
                return (
                    attributes.read_empty(self, name) if value is None and table is self._buffers else value
                )
        if name in self._kept:
            return attributes.read(self, name)
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
        self._refuse_in_frame(name)
        if name in self._kept:
            object.__setattr__(self, "_kept", {k: kept for k, kept in self._kept.items() if k != name})
            return self._touch()
        object.__delattr__(self, name)
        return self._touch()

    def __dir__(self) -> list[str]:
        return sorted(
            {
                *super().__dir__(),
                *self._parameters,
                *self._buffers,
                *self._modules,
                *self._computed,
                *self._kept,
            }
        )

    def _check_name(self, name: str, table: dict, kind: str) -> None:
        if not isinstance(name, str):
            raise TypeError(f"{kind} name: expected a string, got {type(name).__name__}")
        if name == "" or "." in name:
            raise KeyError(f"{kind} name: expected a non-empty string without '.', got {name!r}")
        self._refuse_in_frame(name)
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
        frame = current_frame()
        if frame is not None and frame.runs(self) and tensor is not None:
            buffer = self._buffers.get(name)
            if buffer is None:
                return attributes.write_empty(frame, self, name, tensor)
            buffer.value = tensor
            return None
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

    # Modes --------------------------------------------------------------------------------------

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

    def __copy__(self) -> Module:
        """A second module over the same cells and children, whose attributes can be changed by themselves."""
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__, _version=[0])
        for table in ("_parameters", "_buffers", "_modules"):
            twin.__dict__[table] = dict(self.__dict__[table])
        twin.__dict__["_kept"] = {name: copy.copy(kept) for name, kept in self._kept.items()}
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

    def _repr_html_(self) -> str:
        """For a notebook: one line, which opens into the tree."""
        cells = list(self.parameters())
        empty = any(cell.uninitialized for cell in cells)
        count = "sizes not known yet" if empty else f"{sum(cell.numel() for cell in cells):,} parameters"
        mode = "" if self.training else ", eval"
        line = f"{markup(self._get_name())}: {count}{mode}"
        return folded(line, f"<pre>{markup(repr(self))}</pre>")


_TABLES = {"_parameters", "_buffers", "_modules", "_version"}
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


def _locate(module: Module, error: Exception) -> None:
    """Write the path of the module that failed into the error, growing it call by call outwards."""
    inner, path = getattr(error, "_normax_trail", (None, ""))
    if inner is not None and inner is not module:
        # By their __dict__, which a rematerialised twin shares.
        names = [name for name, m in module.named_modules() if m.__dict__ is inner.__dict__]
        if not names:  # no part of this one: a closure's, or one of a plain list
            return
        path = ".".join(part for part in (names[0], path) if part)
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
