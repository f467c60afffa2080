"""What the words of the command line may be: each says what was expected, and what was meant."""

from __future__ import annotations

import argparse
import csv
import math
import re
from collections.abc import Callable, Sequence

from normax.errors import suggest

__all__ = [
    "FAMILIES",
    "family",
    "is_family",
    "columns",
    "mark",
    "number",
    "one_of",
    "probabilities",
    "several",
    "strengths",
    "whole",
]


def columns(text: str) -> list[str]:
    """Names with commas between; one that holds a comma stands in double quotes."""
    names = [name.strip() for name in next(csv.reader([text], skipinitialspace=True), [])]
    if not all(names) or not names:
        raise argparse.ArgumentTypeError(f"expected names with commas between, got {text!r}")
    return names


def mark(*known: str) -> Callable[[str], str]:
    """One of these marks, or its name."""
    names = {"comma": ",", "point": ".", "dot": ".", "space": " ", "blank": " ", "apostrophe": "'"}

    def check(text: str) -> str:
        found = names.get(text.lower(), text)
        if found not in known:
            expected = " or ".join(repr(each) for each in known)
            raise argparse.ArgumentTypeError(f"expected {expected}, got {text!r}{suggest(text, names)}")
        return found

    return check


def one_of(*known: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if text not in known:
            expected = " or ".join(", ".join(known).rsplit(", ", 1))
            raise argparse.ArgumentTypeError(f"expected {expected}, got {text!r}{suggest(text, known)}")
        return text

    return check


def several(known: Sequence[str]) -> Callable[[str], list[str]]:
    check = one_of(*known)
    return lambda text: list(dict.fromkeys(check(part.strip()) for part in text.split(",")))


def probabilities(text: str) -> list[float]:
    check = number("probabilities from 0 to 0.99 with commas between", low=0, high=0.99)
    return list(dict.fromkeys(check(part) for part in text.split(",")))


def whole(low: int) -> Callable[[str], int]:
    def check(text: str) -> int:
        if not re.fullmatch(r"\+?\d+", text) or int(text) < low:
            raise argparse.ArgumentTypeError(f"expected a whole number >= {low}, got {text!r}")
        return int(text)

    return check


def number(expected: str, low: float, high: float = math.inf, open_low: bool = False) -> Callable:
    def check(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not (low <= value <= high and value < math.inf) or (open_low and value == low):
            raise argparse.ArgumentTypeError(f"expected {expected}, got {text!r}")
        return value

    return check


def strengths(text: str) -> int | list[float]:
    """A count, or the values themselves; a lone whole number is a count."""
    if text in ("0", "1"):
        raise argparse.ArgumentTypeError(f"expected a count >= 2 or values such as 1.0,0.1, got {text!r}")
    if re.fullmatch(r"\+?\d+", text):
        return int(text)
    check = number("finite strengths >= 0 with commas between, or how many", low=0)
    return [check(part) for part in text.split(",")]


#: Families by name, and for those that take a parameter what it is, its least, its most, and whether these are allowed.
FAMILIES: dict[str, tuple[str, float, float, bool] | None] = {
    "gaussian": None,
    "binomial": None,
    "multinomial": None,
    "ordinal": None,
    "poisson": None,
    "negative-binomial": ("a dispersion above 0", 0.0, math.inf, False),
    "gamma": None,
    "tweedie": ("a power from 1 to 2", 1.0, 2.0, True),
    "huber": ("a size of residuals above 0", 0.0, math.inf, False),
    "quantile": ("a level between 0 and 1", 0.0, 1.0, False),
    "cox": None,
}


def family(text: str) -> str:
    """A family's name, with its parameter behind a colon where it takes one: `quantile:0.9`."""
    name, colon, parameter = text.partition(":")
    one_of(*FAMILIES)(name)
    known = FAMILIES[name]
    if not colon:
        return name
    if known is None:
        raise argparse.ArgumentTypeError(f"{name} takes no parameter, got {text!r}")
    expected, low, high, closed = known
    value = number(expected, low, high, open_low=not closed)(parameter)
    if value == high and not closed:
        raise argparse.ArgumentTypeError(f"expected {expected}, got {parameter!r}")
    return f"{name}:{value:g}"


def is_family(text: str) -> bool:
    """Whether `family` takes it."""
    try:
        return family(text) == text
    except argparse.ArgumentTypeError:
        return False
