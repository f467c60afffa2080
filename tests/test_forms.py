"""What is read from a file becomes what its form says, whatever day it is of."""

from dataclasses import dataclass

import pytest

from normax.errors import InputError
from normax.forms import Open, check, made


@dataclass
class Inner(Open):
    name: str
    share: float | None
    since: str = "always"


@dataclass
class Outer:
    inner: list[Inner]
    pairs: tuple[tuple[str, float], ...] = ()
    other: Inner | None = None


def test_a_form_is_made_of_entries_with_all_that_they_hold():
    entry = {"name": "a", "share": None, "later": 1}
    value = {"inner": [entry], "pairs": [["b", 2]], "other": entry}
    check(value, Outer, "file")
    assert made(value, Outer) == Outer([Inner("a", None)], (("b", 2),), Inner("a", None))


def test_only_an_open_form_has_room_for_more():
    with pytest.raises(InputError, match="file: later: unexpected"):
        check({"inner": [], "later": 1}, Outer, "file")
