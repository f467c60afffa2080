"""What was typed, as options; what is in force, as reports list it; what was meant by a misspelt word."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from normax.cli.meanings import OPTIONS_ZH
from normax.cli.options.config import config_text, config_words
from normax.cli.options.run import CompareOptions, PathOptions, RunOptions
from normax.cli.options.table import LISTS
from normax.cli.options.words import COMMANDS, parsers
from normax.errors import InputError, suggest
from normax.language import LANGUAGES, spoken

__all__ = ["command_line", "config", "language_asked", "parse", "settings"]

_NO_PART = ("config", "json", "dry_run")  # options that are no part of a run


def language_asked(argv: Sequence[str]) -> str | None:
    """The language that `--lang` names, if it names one, before anything else is known to be good.

    Example:
        >>> language_asked(["path", "d.csv", "--lang", "zh"]), language_asked(["--lang=fr"]), language_asked([])
        ('zh', None, None)
    """
    words = [word for option in argv for word in option.split("=", 1)]
    asked = [word for option, word in pairwise(words) if option == "--lang" and word in LANGUAGES]
    return asked[-1] if asked else None


def parse(argv: Sequence[str]) -> Any:
    """The options of a command line: `PathOptions`, `CompareOptions`, or the words of another command.

    Raises:
        InputError: for a word that does not belong there; the closest right one is suggested.
        SystemExit: after `--help` and `--version`, with 0.
    """
    argv, script = _command_first(argv), []
    if argv and argv[0] == "launch" and "--" in argv:  # what follows is the script's
        at = argv.index("--")
        argv, script = argv[:at], argv[at + 1 :]
    parser, commands = parsers()
    if not argv or argv[0].startswith("--lang"):
        parser.print_help()
        raise SystemExit(0)
    words = [word for word in argv if not word.startswith("-")]
    if words and argv[0] == words[0] and words[0] not in COMMANDS:
        raise InputError(
            f"no command {words[0]!r}{suggest(words[0], COMMANDS)} (commands: {', '.join(COMMANDS)})"
        )
    argv = _joined(argv)
    options, rest = parser.parse_known_args(argv)
    known = [option for action in commands[options.command]._actions for option in action.option_strings]
    if rest:
        wrong = [word.split("=")[0] for word in rest if word.startswith("-")]
        faults = [f"no option {word!r}{suggest(word, known)}" for word in wrong] or [_unexpected(rest, argv)]
        raise InputError(f"{'; '.join(faults)} (see normax {options.command} --help)")
    runs: dict[str, type[RunOptions]] = {"path": PathOptions, "compare": CompareOptions}
    made = runs.get(options.command)
    if made is None:
        options.script = script
        return options
    if options.config:
        options, argv = _with_config(options, argv, parser, commands[options.command], known)
    if not options.data:
        raise InputError(f"the following arguments are required: DATA (see normax {options.command} --help)")
    return made.typed({**vars(options), "argv": argv})


def _with_config(
    options: argparse.Namespace,
    argv: list[str],
    parser: argparse.ArgumentParser,
    command: argparse.ArgumentParser,
    known: list[str],
) -> tuple[argparse.Namespace, list[str]]:
    """The options with those of `--config` where they are not typed, and the whole command line."""
    names = set(known) - {"--config", "--help", "-h"}
    words, data = config_words(options.config, options.command, names, _given(argv))
    command.set_defaults(**vars(command.parse_args(words)))
    merged = parser.parse_args(argv)
    at = next(place for place, word in enumerate(argv) if word.split("=")[0] == "--config")
    typed = argv[1:at] + argv[at + 1 + (argv[at] == "--config") :]
    merged.data = options.data or data
    return merged, [argv[0], *([] if options.data else data), *typed, *words]


def _given(argv: Sequence[str]) -> set[str]:
    """The options among words."""
    return {word.split("=")[0] for word in argv if word.startswith("--")}


def _command_first(argv: Sequence[str]) -> list[str]:
    """The words with a `--lang` that stands before the command behind it."""
    taken = 0 if not argv else 2 if argv[0] == "--lang" else int(argv[0].startswith("--lang="))
    return [*argv[taken : taken + 1], *argv[:taken], *argv[taken + 1 :]]


def _joined(argv: Sequence[str]) -> list[str]:
    """The words with a list that begins with a dash, as in `--missing -999,-`, tied to its option."""
    words: list[str] = []
    for word in argv:
        if words and words[-1] in LISTS and word.startswith("-") and not word.startswith("--"):
            words[-1] += f"={word}"
        else:
            words.append(word)
    return words


def _unexpected(rest: Sequence[str], argv: Sequence[str]) -> str:
    """What is wrong with words that belong to no option, of which lists of columns were once made."""
    before = [word for word in argv[: list(argv).index(rest[0])] if word in LISTS]
    cure = f"; lists have commas: {before[-1]} A,B" if before else ""
    return f"unexpected word {rest[0]!r}{cure}"


def command_line(options: RunOptions) -> str:
    """The command as one would type it again."""
    return shlex.join(["normax", *options.argv])


def settings(options: RunOptions) -> list[dict[str, Any]]:
    """Every option in force, as the report lists them: value, whether it is the default, and its meaning."""
    given = _given(options.argv)
    rows = []
    for action, value in _in_force(options):
        option, text = action.option_strings[0], "yes" if value is True else str(value)
        text = ", ".join(map(str, value)) if isinstance(value, list) else text
        meaning = OPTIONS_ZH[option] if spoken() == "zh" else (action.help or "").split(" (default")[0]
        rows.append({"option": option, "value": text, "default": option not in given, "text": meaning})
    return rows


def config(options: RunOptions, remarks: Iterable[str]) -> str:
    """The file by which `--config` repeats a run, with remarks below."""
    named = {action.option_strings[0].removeprefix("--"): value for action, value in _in_force(options)}
    return config_text(options.command, options.data, named, remarks)


def _in_force(options: RunOptions) -> Iterator[tuple[argparse.Action, Any]]:
    """Every option of a run that has a value, but for that which only tells where options are."""
    _, commands = parsers()
    for action in commands[options.command]._actions:
        value = getattr(options, action.dest, None)
        if (
            action.option_strings
            and action.dest not in _NO_PART
            and value is not None
            and value is not False
            and value != []
        ):
            yield action, value
