"""The places of the page that its script fills."""

from __future__ import annotations

from normax.report.html import Raw, escape

__all__ = ["part"]


def part(name: str) -> Raw:
    """An empty place that the script fills, by the name of what belongs there."""
    return Raw(f'<div data-part="{escape(name)}"></div>')
