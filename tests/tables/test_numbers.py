"""Numbers written in many ways are the numbers that were written, and what is none stays none."""

import numpy as np
import pyarrow as pa
import pytest

from normax.tables import Locale, kinds
from normax.tables.numbers import DIGITS, NumberForm, is_form, numbers

VALUES = np.random.default_rng(0).normal(size=60).round(4) * 10_000


def written(value, thousands, decimal):
    """Python's own grouping, with other marks."""
    return f"{value:,.2f}".replace(",", "\0").replace(".", decimal).replace("\0", thousands)


@pytest.mark.parametrize(
    ("digits", "thousands", "decimal"),
    [("1,234.5", ",", "."), ("1.234,5", ".", ","), ("1 234,5", "\u202f", ","), ("1 234.5", " ", ".")]
    + [("1'234.5", "’", "."), ("1'234,5", "'", ","), ("1234.5", "", ".")],
)
@pytest.mark.parametrize(
    ("before", "after", "factor"),
    [
        ("", "", 1),
        ("$", "", 1),
        ("CHF ", "", 1),
        ("", " €", 1),
        ("", "%", 100),
        ("", " km/h", 1),
        ("", "kg", 1),
    ],
)
def test_every_form_reads_what_was_written_in_it(digits, thousands, decimal, before, after, factor):
    cells = pa.array([f"{before}{written(value, thousands, decimal)}{after}" for value in VALUES])
    kind, form = kinds.infer(cells)
    if digits == "1234.5" and not before + after:
        assert (kind, form) == ("numeric", None)
    else:
        assert (kind, NumberForm.named(form)) == (
            "numeric",
            NumberForm(digits, before.strip(), after.strip()),
        )
    np.testing.assert_allclose(kinds.read(cells, kind, form), VALUES.round(2) / factor, rtol=1e-15)


@pytest.mark.parametrize(
    "minus", ["-{}", "\u2212{}", "\u2013{}", "({})", "$({})", "{}-", "-${}", "$-{}", "(${})", "($ {} )"]
)
def test_every_minus(minus):
    cells = pa.array(["$7" if "$" in minus else "7", minus.format("1,200.5")])
    assert kinds.read(cells, *kinds.infer(cells)).tolist() == [7, -1200.5]


@pytest.mark.parametrize(
    "cells",
    [
        ["-(5)", "$3"],
        ["--5", "$1"],
        ["(5", "$1"],
        ["$((5)", "$1"],
        ["5 km", "7"],
        ["5 km", "7 lb"],
        ["75-", "80-"],
        ["A5", "A6"],
    ]
    + [
        ["9 AM", "12"],
        ["12 May", "14 May"],
        ["1st", "1st"],
        ["007 km", "008 km"],
        ["1,2,3", "4"],
        ["$1,23", "€4"],
    ],
)
def test_what_is_no_number(cells):
    assert kinds.infer(pa.array(cells))[0] != "numeric"


def test_hidden_blanks_and_wide_digits_are_nothing_to_see():
    cells = pa.array(["１，２３４．５", "7\u200b", "\u00a08"])
    assert kinds.read(cells, *kinds.infer(cells)).tolist() == [1234.5, 7, 8]


def test_a_later_cell_is_read_as_the_form_and_no_other():
    form = NumberForm.named("1234.5 km")
    assert numbers(pa.array(["5KM", "0", "7 km", None]), form).to_pylist() == [5, 0, 7, None]
    for cell in ("5", "5 mi", "5,5 km", "km"):
        with pytest.raises(pa.ArrowInvalid):
            numbers(pa.array([cell]), form)
    assert numbers(pa.array(["5"]), NumberForm.named("$1,234.5")).to_pylist() == [5]


def test_names_of_forms_come_back_equal():
    for digits in DIGITS:
        for before, after in (("", ""), ("$", ""), ("", "%"), ("", "m2"), ("CHF", "per kg"), ("€", "")):
            form = NumberForm(digits, before, after)
            assert NumberForm.named(str(form)) == form
    assert NumberForm.named("\u22121.5") == NumberForm("1234.5")  # as folders of version 0.1 have it
    assert not is_form("12")
    assert not is_form("")


@pytest.mark.parametrize(
    ("locale", "values"),
    [(Locale(), [1250, 3]), (Locale(decimal=","), [1.25, 3]), (Locale(thousands=","), [1250, 3])],
)
def test_the_locale_tells_what_can_be_read_in_two_ways(locale, values):
    cells = pa.array(["1,250", "3"])
    assert kinds.read(cells, *kinds.infer(cells, locale)).tolist() == values


def test_points_are_between_thousands_where_commas_are_before_decimals():
    cells = pa.array(["1.250", "3"])
    assert kinds.infer(cells, Locale(decimal=",")) == ("numeric", "1.234,5")
    assert kinds.infer(cells) == kinds.infer(pa.array(["1", "3"]), Locale(decimal=",")) == ("numeric", None)
