"""The table behind a path, where the command has read one."""

from __future__ import annotations

from dataclasses import dataclass

from normax.tables import Schema, Target

__all__ = ["Tabled"]


@dataclass(frozen=True)
class Tabled:
    """What the columns are, and what is predicted of them."""

    schema: Schema
    target: Target
