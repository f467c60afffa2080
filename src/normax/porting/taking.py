"""`from_torch`: a class of a PyTorch file, or a PyTorch module with its weights."""

from __future__ import annotations

import ast
import os
from pathlib import Path
from types import FunctionType
from typing import Any

from normax.errors import InputError, suggest

__all__ = ["from_torch"]


def from_torch(source: Any, *args: Any, **kwargs: Any) -> Any:
    """Take over what was written for PyTorch: a class of a file, or a module that exists, with its weights.

    A file runs as it is, with `normax.torch` under the name torch; torch need not be installed, and one that is
    stays as it is. So do the modules that it imports from beside it, from the packages it lies in, and from packages
    built on torch.
    They are modules of their own: one that the caller has imported too is there twice. What of torch the file needs and
    normax has not is told before anything runs, every name with its line.

    Of a module in memory the files of its classes are read again in this way, and the tree is copied attribute by
    attribute: parameters, buffers, modes, frozen parameters, plain attributes; tied weights stay tied. Nothing is
    drawn.

    Args:
        source: `"FILE.py:NAME"`, or an instance of `torch.nn.Module`.
        args: of the class or function named; a class is returned as it is if there are none.
        kwargs: likewise.

    Returns:
        The class; the object that it makes of `args`; what a function returns; any other object of that name; for a
        torch module the normax module.

    Raises:
        InputError: if there is no such file or name, if the file needs what normax has not, or if a part of the
            module (a hook, a class of a notebook) cannot be taken over; every fault at once.

    Example:
        >>> import pathlib, tempfile
        >>> import numpy as np
        >>> import normax as nx
        >>> file = pathlib.Path(tempfile.mkdtemp(), "model.py")
        >>> _ = file.write_text('''
        ... import torch
        ... from torch import nn
        ...
        ... class Net(nn.Module):
        ...     def __init__(self, p):
        ...         super().__init__()
        ...         self.fc = nn.Linear(p, 2)
        ...
        ...     def forward(self, x):
        ...         return self.fc(x.view(x.size(0), -1)).softmax(dim=1)
        ... ''')
        >>> Net = nx.from_torch(f"{file}:Net")
        >>> Net(6)(np.ones((5, 2, 3), "float32")).shape
        (5, 2)
    """
    if isinstance(source, (str, os.PathLike)):
        return _of_file(os.fspath(source), args, kwargs)
    from normax.nn.module import Module
    from normax.porting.live.modules import convert, is_torch_module

    if not is_torch_module(source):
        of_class = isinstance(source, type)
        kind = f"the class {source.__name__}" if of_class else type(source).__name__
        hint = "; give an instance of it, or name its file" if of_class else ""
        if issubclass(source if of_class else type(source), Module):
            hint = ", which is normax's already: use it as it is"
        raise InputError(f'from_torch: expected "FILE.py:NAME" or a torch.nn.Module, got {kind}{hint}')
    if args or kwargs:
        raise InputError("from_torch: a module that exists takes no further arguments")
    return convert(source)


def _of_file(text: str, args: tuple, kwargs: dict[str, Any]) -> Any:
    from normax.porting.files import load_file

    file, colon, name = text.rpartition(":")
    if not colon or not file.endswith(".py") or not name.isidentifier():
        raise InputError(f'from_torch: expected "FILE.py:NAME", got {text!r}{_choices(text)}')
    module = load_file(Path(file), name)
    found = vars(module).get(name)
    if found is None:
        known = [key for key in vars(module) if not key.startswith("_")]
        raise InputError(f"{file}: nothing of the name {name!r}{suggest(name, known)}")
    called = isinstance(found, FunctionType) or (isinstance(found, type) and (args or kwargs))
    return found(*args, **kwargs) if called else found


def _choices(text: str) -> str:
    """What a file that was given without a name has to offer: its classes."""
    file = Path(text)
    if file.suffix != ".py" or not file.is_file():
        return ""
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):
        return ""
    classes = [f"{text}:{node.name}" for node in tree.body if isinstance(node, ast.ClassDef)]
    return f"; its classes: {', '.join(classes)}" if classes else ""
