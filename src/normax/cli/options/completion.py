"""What makes a shell complete the command's words, out of its parsers, by shtab."""

from __future__ import annotations

from normax.cli.options.words import parsers

__all__ = ["completion"]

_FILES = ("data", "out", "test", "config", "model")
_FOLDERS = ("dir",)


def completion(shell: str) -> str:
    """The script for a shell: commands, options, and files where the command takes them.

    Args:
        shell: bash or zsh.
    """
    import shtab

    parser, commands = parsers()
    for command in commands.values():
        for action in command._actions:
            if action.dest in _FILES + _FOLDERS:
                kind = shtab.FILE if action.dest in _FILES else shtab.DIRECTORY
                action.complete = kind  # type: ignore[attr-defined]
    return shtab.complete(parser, shell)
