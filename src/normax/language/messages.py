"""Finished messages in the language that is spoken: code says them in English, the command retells them.

A table has them by their English, with a field where a value stands. `{name}` is a value that stays as it is, `{name:n}`
a number, `{name:q}` what is quoted, one or more with commas between, `{name:w}` words of the command line likewise, `{name:i}` a place in a file of JSON,
`{name:t}` a message itself or nothing, and `{s}` the s of a plural. A message is retold with all its parts, or it stays
English as a whole.
"""

from __future__ import annotations

import importlib
import re
import string
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import NamedTuple

from normax.language import LANGUAGES, spoken, translations

__all__ = ["messages", "retold"]

_QUOTED = r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_NUMBER = r"[+-]?(?:\d[\d.,]*(?:e[+-]?\d+)?|inf|nan)"
_WORD = r"[\w.:/+=-]+"
_FIELDS = {
    "": r"(?:(?!; | \(see normax).)+?",  # never two faults as one value
    "n": rf"{_NUMBER}(?:, (?:{_NUMBER}|\.\.\.))*",
    "q": f"{_QUOTED}(?:, {_QUOTED})*",
    "i": r"[\w.]+(?:\[[^]]*\][\w.]*)*",
    "w": f"{_WORD}(?:, {_WORD})*",
    "t": r".*?",
}


class _Message(NamedTuple):
    parts: tuple[str, ...]
    pattern: str
    inner: tuple[str, ...]
    said: str


def retold(text: str) -> str:
    """A finished English message in the language that is spoken; English where there are no words for a part of it.

    Example:
        >>> from normax.language import speaking
        >>> with speaking("zh"):
        ...     retold("d.csv: no column 'aeg'; did you mean 'age'? (columns: 'age', 'y')")
        ...     retold("d.csv: the dog ate it")
        "d.csv：没有列 'aeg'；是否想写 'age'？（列：'age', 'y'）"
        'd.csv: the dog ate it'
    """
    language = spoken()
    return text if LANGUAGES[language] is None else _told(text, language) or text


@cache
def messages(language: str) -> Mapping[str, str]:
    """English message with fields -> message, of a language; empty for English."""
    package = LANGUAGES[language]
    return {} if package is None else importlib.import_module(package).MESSAGES


@lru_cache(1024)
def _told(text: str, language: str) -> str | None:
    if not text:
        return ""
    known = messages(language).get(text) or translations(language).get(text)
    if known is not None and "{" not in text:
        return known
    for message in _compiled(language):
        if all(part in text for part in message.parts):
            found = re.fullmatch(message.pattern, text, re.DOTALL)
            values = found and _values(found, message, language)
            if values is not None:
                return message.said.format(**values)
    for found in re.finditer("; ", text):  # several faults, each of which may hold the mark too
        parts = _told(text[: found.start()], language), _told(text[found.end() :], language)
        if parts[0] and parts[1]:
            return "；".join(filter(None, parts))
    return None


def _values(found: re.Match[str], message: _Message, language: str) -> dict[str, str] | None:
    """What stands in the fields, messages among it retold; None where one has no words."""
    values = dict(found.groupdict())
    for name in message.inner:
        told = _told(values[name], language) if values[name] != found[0] else None
        if told is None:
            return None
        values[name] = told
    return values


@cache
def _compiled(language: str) -> list[_Message]:
    """The messages with fields, those of the most letters first: they say the most."""
    made = [_made(english, said) for english, said in messages(language).items()]
    return sorted(
        (m for m in made if m.pattern != re.escape("".join(m.parts))), key=lambda m: -sum(map(len, m.parts))
    )


def _made(english: str, said: str) -> _Message:
    parts, pattern, inner = [], "", []
    for letters, name, kind, _ in string.Formatter().parse(english):
        parts.append(letters)
        pattern += re.escape(letters)
        if name is not None:
            pattern += f"(?P<{name}>{'s?' if name == 's' else _FIELDS[kind or '']})"
            inner += [name] if kind == "t" else []
    return _Message(tuple(filter(None, parts)), pattern, tuple(inner), said)
