"""What files need of torch and normax has not: found by reading them, all of it at once, before anything runs."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from normax.porting.names import find

__all__ = ["Need", "Source", "needs_of"]

# What runs by itself once a class is used.
_STARTS = ("forward", "extra_repr", "reset_parameters")
_SETTLED = {"ImportError", "ModuleNotFoundError", "AttributeError", "Exception", "BaseException"}


@dataclass(frozen=True)
class Need:
    """A name of torch's that is not there.

    Attributes:
        file: the file that asks for it.
        line: where.
        name: its full name, `torch.nn.Linear`.
        instead: what to write.
    """

    file: str
    line: int
    name: str
    instead: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.name}{self.instead and f': {self.instead}'}"


@dataclass
class Source:
    """A file as read: its tree, and which of its names stand for what of torch's."""

    file: str
    tree: ast.Module
    aliases: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, text: bytes | str, file: str) -> Source:
        source = cls(file, ast.parse(text, file))
        for node in ast.walk(source.tree):
            for alias, full in _bindings(node):
                source.aliases[alias] = full
        return source


def _bindings(node: ast.AST) -> Iterator[tuple[str, str]]:
    """(name, torch's name that it stands for) of an import."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            if alias.name.split(".")[0] == "torch":
                yield (alias.asname, alias.name) if alias.asname else ("torch", "torch")
    elif isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").split(".")[0] == "torch":
        for alias in node.names:
            yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def needs_of(sources: list[Source], wanted: str | None = None) -> list[Need]:
    """Everything of torch that what runs in these files asks for in vain, in the order of the files and lines.

    What runs is what stands outside functions, and the functions, classes and methods that are spoken of in what runs:
    a training loop that nobody calls may need more.

    Args:
        sources: the files.
        wanted: the name of the class or function that is to be used; None takes all for used.
    """
    reached = {wanted} if wanted else set()
    while True:
        walks = [_Walk(source, reached, everything=wanted is None) for source in sources]
        spoken = reached.union(*(walk.spoken for walk in walks))
        if spoken == reached:
            break
        reached = spoken
    found = {need: None for walk in walks for need in walk.needs}
    return sorted(found, key=lambda need: ([s.file for s in sources].index(need.file), need.line))


class _Walk(ast.NodeVisitor):
    """One reading of a file, given the names that are known to be spoken of."""

    def __init__(self, source: Source, reached: set[str], everything: bool):
        self.source, self.reached, self.everything = source, reached, everything
        self.spoken: set[str] = set()
        self.needs: list[Need] = []
        self.inside = False  # a class that is spoken of
        self.hidden: list[set[str]] = []  # names of functions' own, which stand for nothing of torch's
        self.visit(source.tree)

    def visit_If(self, node: ast.If) -> None:
        test = ast.unparse(node.test)
        if "TYPE_CHECKING" in test or "__main__" in test:
            branches = node.orelse
        elif (
            "hasattr" in test or "__version__" in test or "is_available" in test
        ):  # the file sees to it itself
            branches = []
        else:
            return self.generic_visit(node)
        for child in branches:
            self.visit(child)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        if "hasattr" not in ast.unparse(node.test):
            self.generic_visit(node)

    def visit_Try(self, node: ast.Try) -> None:
        caught = {
            name.id
            for h in node.handlers
            for name in ast.walk(h.type or ast.Name("Exception"))
            if isinstance(name, ast.Name)
        }
        for child in (*node.orelse, *node.finalbody, *([] if caught & _SETTLED else node.body)):
            self.visit(child)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for part in (*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)):
            self.visit(part)
        starts = self.inside and (node.name.startswith("__") or node.name in _STARTS)
        if not (self.everything or starts or node.name in self.reached):
            return
        own = {arg.arg for arg in ast.walk(node.args) if isinstance(arg, ast.arg)}
        own |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        self.hidden.append(own)
        for child in node.body:
            self.visit(child)
        self.hidden.pop()

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        for part in filter(None, (node.target, node.value)):
            self.visit(part)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """The body of a class runs when the file does, what its objects start with once it is spoken of."""
        outer, self.inside = self.inside, self.everything or node.name in self.reached
        self.generic_visit(node)
        self.inside = outer

    def visit_Name(self, node: ast.Name) -> None:
        self.spoken.add(node.id)
        full = self._torch_name(node.id)
        if full is not None:
            self._check(full, node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self.spoken.add(node.attr)
        parts, inner = [node.attr], node.value
        while isinstance(inner, ast.Attribute):
            parts.append(inner.attr)
            inner = inner.value
        full = self._torch_name(inner.id) if isinstance(inner, ast.Name) else None
        if full is None:
            return self.generic_visit(node)
        self._check(".".join([full, *reversed(parts)]), node)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            if alias.name.split(".")[0] == "torch":
                self._check(alias.name, node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self.spoken.update(alias.name for alias in node.names)
        for _, full in _bindings(node):
            self._check(full.removesuffix(".*"), node)

    def _torch_name(self, name: str) -> str | None:
        hidden = any(name in own for own in self.hidden)
        return None if hidden else self.source.aliases.get(name)

    def _check(self, full: str, node: ast.AST) -> None:
        """Note a name that is not there, up to the first part that is missing."""
        try:
            find(full)
        except AttributeError as error:
            line = getattr(node, "lineno", 0)
            short = full
            while short.count(".") > 1 and not _is_there(short.rpartition(".")[0]):
                short = short.rpartition(".")[0]
            said = str(error).partition(": ")[2] or str(error).partition("; ")[2]
            self.needs.append(Need(self.source.file, line, short, said))


def _is_there(full: str) -> bool:
    try:
        find(full)
    except AttributeError:
        return False
    return True
