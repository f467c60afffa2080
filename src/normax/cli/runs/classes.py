"""Classes, which a fit knows by number, called by their labels in what it says of folds that train without some."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from normax.errors import InputError, quoted

__all__ = ["called_by_label"]

_ABSENT = re.compile(r"(?:(?<=trains without class )|(?<=trains without level ))\d+(?:, \d+)*")


@contextmanager
def called_by_label(labels: Sequence[Any]) -> Iterator[None]:
    """Let notices and refusals of the block name the classes by these labels, in the order of their numbers."""

    def named(text: str) -> str:
        return _ABSENT.sub(
            lambda found: ", ".join(_label(labels[int(k)]) for k in found[0].split(", ")), text
        )

    show = warnings.showwarning
    warnings.showwarning = lambda message, *place, **more: show(named(str(message)), *place, **more)
    try:
        yield
    except InputError as error:
        raise InputError(named(str(error))) from error
    finally:
        warnings.showwarning = show


def _label(label: Any) -> str:
    return quoted(label) if isinstance(label, str) else repr(label)
