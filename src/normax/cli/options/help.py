"""The help of the command, in the language that is spoken."""

from __future__ import annotations

import argparse
import re
from typing import Any

from normax.cli.meanings import OPTIONS_ZH
from normax.language import say, spoken
from normax.text import columns_of, wrapped

__all__ = ["Formatter", "in_language"]


class Formatter(argparse.RawDescriptionHelpFormatter):
    """argparse's, 100 columns wide, of which a Chinese letter takes two."""

    def __init__(self, prog: str, **_: Any) -> None:
        super().__init__(prog, max_help_position=32, width=100)

    def _format_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None) -> str:
        said = say("usage: ") if prefix is None else prefix
        blank = " " * columns_of(said)  # which argparse indents by
        return super()._format_usage(usage, actions, groups, blank).replace(blank, said, 1)

    def _split_lines(self, text: str, width: int) -> list[str]:
        return wrapped(" ".join(text.split()), width)


def in_language(parser: argparse.ArgumentParser) -> None:
    """Let a parser's help speak: its options by their meanings, all else sentence by sentence."""
    if spoken() == "en":
        return
    parser.description, parser.epilog = (text and say(text) for text in (parser.description, parser.epilog))
    for group in parser._action_groups:
        group.title, group.description = (text and say(text) for text in (group.title, group.description))
    for action in parser._actions:
        action.help = _said(action)
        for choice in getattr(action, "_choices_actions", ()):
            choice.help = say(choice.help)


def _said(action: argparse.Action) -> str | None:
    """An option's meaning, and its default where that is a value."""
    english = action.help or ""
    meaning = next((OPTIONS_ZH[o] for o in action.option_strings if o in OPTIONS_ZH), None)
    if meaning is None:
        return say(english)
    default = re.search(r"\(default: ([\w.,-]+)\)$", english)
    told = default is not None and "默认" not in meaning
    return (meaning + (f"（默认：{default[1]}）" if told and default else "")).replace("%", "%%")
