"""`normax explain NAME`: what a penalty, a layer that regularises, or an option is, in the user's language."""

from __future__ import annotations

import os
from collections.abc import Iterator

from normax.cli.lessons import LESSON_OF, TITLES
from normax.cli.meanings import MEANINGS, OPTIONS_ZH
from normax.cli.options.words import parsers
from normax.errors import InputError, suggest
from normax.instead import penalty_name
from normax.language import language_of
from normax.text import wrapped

__all__ = ["explain", "options_by_name"]

_WHEN = {"en": "When: ", "zh": "何时用："}
_USED = {"en": "In: ", "zh": "用于："}
_LESSON = {"en": "Lesson: ", "zh": "课程："}
_HEADS = {"en": ("Penalties and layers", "Options"), "zh": ("惩罚与层", "选项")}


def explain(name: str | None, lang: str | None) -> str:
    """What to print for a name, or without one every name that is known.

    Args:
        name: of a penalty, a layer or an option, its dashes left out.
        lang: "en" or "zh"; None is the user's own.

    Raises:
        InputError: for a name that there is not; the closest one is suggested.

    Example:
        >>> print(explain("ridge", "en").splitlines()[0])
        l2    s/2 · Σ_j w_j²
    """
    lang, options = lang or language_of(os.environ), options_by_name()
    if name is None:
        lists = zip(_HEADS[lang], (list(MEANINGS), list(options)))
        return "\n\n".join(f"{head}\n{_wrapped(', '.join(names))}" for head, names in lists)
    meant = penalty_name(name).lstrip("-")
    if meant not in MEANINGS and meant not in options:
        known = [*MEANINGS, *options]
        raise InputError(f"explain: no {name!r}{suggest(meant, known)} (all names: normax explain)")
    return "\n\n".join((*_concept(meant, lang), *_option(meant, lang, options), *_lesson(meant, lang)))


def options_by_name() -> dict[str, tuple[str, list[str]]]:
    """Name of an option without dashes -> its help, and the commands that have it."""
    found: dict[str, tuple[str, list[str]]] = {}
    for command, parser in parsers()[1].items():
        for action in parser._actions:
            option = next((o for o in action.option_strings if o.startswith("--") and o != "--help"), None)
            if option:
                found.setdefault(option[2:], ((action.help or "").replace("%%", "%"), []))[1].append(command)
    return found


def _concept(name: str, lang: str) -> Iterator[str]:
    if name in MEANINGS:
        entry = MEANINGS[name]
        what, when = entry.zh if lang == "zh" else entry.en
        yield f"{name}    {entry.formula}\n\n{_wrapped(what)}\n\n{_wrapped(_WHEN[lang] + when)}"


def _option(name: str, lang: str, options: dict[str, tuple[str, list[str]]]) -> Iterator[str]:
    if name in options:
        text, commands = options[name]
        said = OPTIONS_ZH[f"--{name}"] if lang == "zh" else text
        yield f"--{name}\n\n{_wrapped(said)}\n\n{_USED[lang]}{', '.join(f'normax {c}' for c in commands)}"


def _lesson(name: str, lang: str) -> Iterator[str]:
    if name in LESSON_OF:
        lesson = LESSON_OF[name]
        yield f"{_LESSON[lang]}{TITLES[lesson][lang == 'zh']}\nlessons/{lang}/{lesson}.ipynb"


def _wrapped(text: str) -> str:
    return "\n".join(wrapped(text, 88))
