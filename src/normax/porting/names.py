"""Torch's names as they are found in `normax.torch`."""

from __future__ import annotations

import importlib
import os
import traceback
from types import ModuleType
from typing import Any

from normax import torch
from normax.errors import InputError
from normax.torch.absent import reason

__all__ = ["NotHere", "find", "last_place"]


class NotHere(InputError, ImportError):
    """A name of torch's that normax has not: an `InputError`, and what `try: ... except ImportError:` waits for."""


def find(path: str) -> Any:
    """The object at a dotted name of torch's.

    Raises:
        AttributeError: if there is none; its message says what there is instead.

    Example:
        >>> find("torch.nn.Linear").__name__
        'Linear'
    """
    _, *parts = path.split(".")
    found: Any = torch
    for count, part in enumerate(parts, 1):
        try:
            found = getattr(found, part)
        except AttributeError:
            if not isinstance(found, ModuleType):
                raise
            name = ".".join(["normax.torch", *parts[:count]])
            try:
                found = importlib.import_module(name)
            except ModuleNotFoundError as error:
                if error.name != name and not name.startswith(f"{error.name}."):
                    raise
                found = _there(found, part, ".".join(parts[:count]))
    return found


def _there(module: ModuleType, part: str, path: str) -> Any:
    """A module's attribute, whose error says what there is instead."""
    try:
        return getattr(module, part)
    except AttributeError as error:
        said = reason(path)
        if not said or said in str(error):
            raise
        raise AttributeError(f"module 'torch' has no attribute {path!r}: {said}", name=part) from None


def last_place(error: BaseException) -> str:
    """The last file and line outside normax that an error went through."""
    places = traceback.extract_tb(error.__traceback__)
    outside = [place for place in places if not place.filename.startswith(_HERE)] or places
    return f"{outside[-1].filename}, line {outside[-1].lineno}"


_HERE = os.path.dirname(os.path.dirname(__file__))
