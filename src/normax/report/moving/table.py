"""The table behind a path, and the fields in which one types a row of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Tabled", "fields"]


@dataclass(frozen=True)
class Tabled:
    """What the command has read: the schema of the columns and the target."""

    schema: Any
    target: Any


def fields(path: Any, details: Mapping[str, Any], table: Tabled | None) -> dict[str, Any] | None:
    """How a row becomes features: its fields, and what fills and scales them."""
    return None
