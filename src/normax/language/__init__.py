"""The language in which a page or a command speaks: chosen once, and then of every sentence that is said."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

__all__ = ["LANGUAGES", "language_of", "say", "speak", "speaking", "spoken", "translations"]

#: Each has its tables in a package of its own, but English, in which the code speaks.
LANGUAGES = {"en": None, "zh": "normax.language.chinese"}

_SPOKEN: ContextVar[str | None] = ContextVar("normax_language", default=None)  # by the innermost block
_otherwise = "en"


def language_of(environment: Mapping[str, str]) -> str:
    """The language of the user's locale: "zh" where it is Chinese, else "en".

    Example:
        >>> language_of({"LANG": "zh_CN.UTF-8"}), language_of({"LC_ALL": "C", "LANG": "zh_CN.UTF-8"})
        ('zh', 'en')
    """
    told = (environment.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return "zh" if next(filter(None, told), "").startswith("zh") else "en"


@contextmanager
def speaking(language: str | None) -> Iterator[None]:
    """Say what the block says in a language, one of `LANGUAGES`; None goes on in the one that is spoken.

    Example:
        >>> with speaking("zh"):
        ...     say("{count} rows", count=3)
        '3 行'
    """
    before = _SPOKEN.set(language or _SPOKEN.get())
    try:
        yield
    finally:
        _SPOKEN.reset(before)


def speak(language: str) -> None:
    """Speak a language from now on, in a notebook say: in pictures, pages and sentences, outside of any `speaking`.

    Args:
        language: one of `LANGUAGES`, "en" or "zh".

    Raises:
        ValueError: for a language that there is not.

    Example:
        >>> speak("zh")
        >>> say("{count} rows", count=3)
        '3 行'
        >>> speak("en")
    """
    global _otherwise
    if language not in LANGUAGES:
        raise ValueError(f"language: expected one of {', '.join(LANGUAGES)}, got {language!r}")
    _otherwise = language


def spoken() -> str:
    """The language that is spoken: that of the innermost `speaking`, else of `speak`, else "en"."""
    return _SPOKEN.get() or _otherwise


def say(text: str, **values: Any) -> str:
    """A sentence in the language that is spoken; one that it has no words for is said in English.

    Args:
        text: the English sentence, with `{name}` where a value goes.
        values: what goes there; without any, braces are letters.

    Example:
        >>> say("{count} rows", count=3)
        '3 rows'
    """
    said = translations(spoken()).get(text, text)
    return said.format(**values) if values else said


@cache
def translations(language: str) -> Mapping[str, str]:
    """English sentence -> sentence, of a language; empty for English."""
    package = LANGUAGES[language]
    return {} if package is None else importlib.import_module(package).TABLE
