"""The tree of a module: walking it, and finding what stands at a path."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Self

from normax.errors import suggest

if TYPE_CHECKING:
    from normax.nn.cells import Buffer, Parameter
    from normax.nn.module import Module

__all__ = ["Tree", "join"]


class Tree:
    """What `Module` inherits to be walked."""

    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Buffer | None]
    _modules: dict[str, Module | None]

    def named_modules(
        self, memo: set | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """Every module of the tree with its path, this one first under the prefix alone."""
        memo = set() if memo is None else memo
        if id(self) in memo:
            return
        if remove_duplicate:
            memo.add(id(self))
        this: Any = self  # a Module, which this floor does not know
        yield prefix, this
        for name, module in self._modules.items():
            if module is not None:
                yield from module.named_modules(memo, join(prefix, name), remove_duplicate)

    def _named_cells(self, table: str, prefix: str, recurse: bool, remove_duplicate: bool):
        seen: set[int] = set()
        modules = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate)
        for path, module in modules if recurse else [(prefix, self)]:
            for name, cell in getattr(module, table).items():
                if cell is None or (remove_duplicate and id(cell) in seen):
                    continue
                seen.add(id(cell))
                yield join(path, name), cell

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
        module: Any = self
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
        if not isinstance(module, Tree):
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

    def apply(self, fn: Callable[[Any], Any]) -> Self:
        """Call `fn` on every module, children first; returns the module."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self


def join(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name
