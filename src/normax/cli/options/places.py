"""Paths among the options of a configuration: they start at its own folder, so that it is read alike from anywhere."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["from_config", "to_config"]


def to_config(name: str, value: str, folder: str) -> str:
    """An option's value as a configuration in `folder` says it: a path that was typed relative to the working folder
    relative to that one, everything else as it is.

    Example:
        >>> to_config("data", "d.csv", "runs/first"), to_config("out", "/runs/first", "/runs/first")
        ('../../d.csv', '.')
        >>> to_config("test", "0.2", "runs/first"), to_config("model", "net.py:Net", "runs/first")
        ('0.2', '../../net.py:Net')
    """
    if name == "out":
        return "."
    if not _is_relative(name, value):
        return value
    return Path(_from(os.path.realpath(folder), os.path.abspath(value))).as_posix()


def from_config(name: str, value: str, file: str) -> str:
    """The value as it would be typed: a path of the configuration `file` from the working folder on.

    Example:
        >>> from_config("data", "../../d.csv", "runs/first/config.toml")
        'd.csv'
    """
    if not _is_relative(name, value):
        return value
    folder = os.path.dirname(os.path.realpath(file))
    return _from(os.path.realpath(os.curdir), os.path.normpath(os.path.join(folder, value)))


def _from(folder: str, place: str) -> str:
    """The way from a folder to a place; on another drive the place itself."""
    try:
        return os.path.relpath(place, folder)
    except ValueError:
        return place


def _is_relative(name: str, value: str) -> bool:
    """Whether an option's value is a path, and one that depends on where it starts."""
    if os.path.isabs(value):
        return False
    if name == "test":
        return not _is_number(value)
    return name == "out" or (name == "data" and value != "-") or (name == "model" and ":" in value)


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True
