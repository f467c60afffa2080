"""How numbers are written: marks between thousands and before decimals, signs, money, percent and units.

A form is written as an example: `$1,234.5`, `1.234,5 €`, `1234.5%`, `1234.5 km`. Its digits tell the marks, what stands
about them is shared by every cell. A minus may stand before, after the sign of money or at the end, be one of
typography, or be brackets about the whole, `(1,200)`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from normax.tables.words import plain

__all__ = [
    "DIGITS",
    "NumberForm",
    "affixes",
    "candidates",
    "is_form",
    "marked",
    "nearly",
    "number_like",
    "numbers",
    "pattern",
    "unit",
]

_BLANK = "[ \u00a0\u2009\u202f]"
_SIGN = r"[+\-\x{2212}\x{2013}]"
_EXPONENT = r"(?:[eE][+\-\x{2212}]?\d+)?"


def _grouped(between: str, decimal: str) -> str:
    """The pattern of numbers with such a mark between thousands (or lakhs) and such a one before decimals."""
    whole = rf"(?:\d+|[1-9]\d{{0,2}}(?:{between}\d{{2}})*(?:{between}\d{{3}})+)"
    return rf"(?:{whole}(?:{decimal}\d*)?|{decimal}\d+){_EXPONENT}"


#: The digits of a form: the marks between thousands and before decimals, the pattern, and what to replace to have
#: what a parser of numbers reads.
DIGITS: dict[str, tuple[str, str, str, tuple[tuple[str, str], ...]]] = {
    "1234.5": ("", ".", rf"(?:\d+[.]?\d*|[.]\d+){_EXPONENT}", ()),
    "1,234.5": (",", ".", _grouped(",", "[.]"), ((",", ""),)),
    "1.234,5": (".", ",", _grouped("[.]", ","), (("[.]", ""), (",", "."))),
    "1 234,5": (" ", ",", _grouped(_BLANK, ","), ((_BLANK, ""), (",", "."))),
    "1 234.5": (" ", ".", _grouped(_BLANK, "[.]"), ((_BLANK, ""),)),
    "1'234.5": ("'", ".", _grouped("['’]", "[.]"), (("['’]", ""),)),
    "1'234,5": ("'", ",", _grouped("['’]", ","), (("['’]", ""), (",", "."))),
    "1.5D+03": ("", ".", r"(?:\d+[.]?\d*|[.]\d+)(?:[eEdD][+\-]?\d+)?", (("[dD]", "e"),)),
}
_OLD = {"\u22121.5": "1234.5"}  # what a folder of version 0.1 may say

_CODES = "AED|AUD|BRL|CAD|CHF|CLP|CNY|COP|CZK|DKK|EUR|GBP|HKD|HUF|IDR|ILS|INR|JPY|KRW|MXN|MYR|NOK|NZD|PHP|PLN|RMB|RUB"
_CODES += "|SAR|SEK|SGD|THB|TRY|TWD|UAH|USD|VND|ZAR"
#: Money, before or after a number; a cell without it is of the same money.
_MONEY = rf"(?:[A-Z]{{0,3}}\p{{Sc}}|(?i:{_CODES})|(?i:fr|rs|kr|zł|kč|元|円|원)[.]?)"
_UNIT = r"[\p{L}°%‰\p{Sc}\"“”″′/][\p{L}°%‰\p{Sc}\"“”″′./·²³^* \-]*[23]?"
_ANY_DIGITS = rf"\d(?:[\d.,'’]|{_BLANK}\d)*(?:[eEdD][+\-]?\d+)?|[.,]\d+{_EXPONENT}"
_NO_UNIT = re.compile(
    r"(?i)(jan|feb|m[aä]r|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz]|a\.?m|p\.?m|st|nd|rd|th|q)\w*\.?"
)


@dataclass(frozen=True)
class NumberForm:
    """One way of writing numbers.

    Args:
        digits: a name of `DIGITS`.
        before, after: what every cell has before and after its digits.

    Example:
        >>> form = NumberForm.named("€ 1.234,5")
        >>> form, str(form)
        (NumberForm(digits='1.234,5', before='€', after=''), '€1.234,5')
        >>> numbers(pa.array(["€ 1.200,50", "-€3", "(€ 7)"]), form).to_pylist()
        [1200.5, -3.0, -7.0]
        >>> numbers(pa.array(["45%", "7.5 %"]), NumberForm.named("1234.5%")).to_pylist()
        [0.45, 0.075]
    """

    digits: str
    before: str = ""
    after: str = ""

    @classmethod
    def named(cls, name: str) -> NumberForm:
        """The form that `str` wrote.

        Raises:
            ValueError: if it is none.
        """
        found = re.fullmatch(
            rf"(\D*?) ?({'|'.join(map(re.escape, (*DIGITS, *_OLD)))}) ?(.*)", name, re.DOTALL
        )
        if not found:
            raise ValueError(f"{name!r} is no form of numbers")
        before, digits, after = found.groups()
        return cls(_OLD.get(digits, digits), before, after)

    def __str__(self) -> str:
        blank = " " if re.match(r"\w", self.after) else ""
        return f"{self.before}{self.digits}{blank}{self.after}"

    @property
    def thousands(self) -> str:
        """The mark between thousands."""
        return DIGITS[self.digits][0]

    @property
    def decimal(self) -> str:
        """The mark before decimals."""
        return DIGITS[self.digits][1]

    @property
    def factor(self) -> float:
        """What a number is divided by: 100 for percent."""
        return {"%": 100.0, "‰": 1000.0}.get(self.after, 1.0)


@cache
def pattern(form: NumberForm) -> str:
    """What a whole cell looks like; the affixes are in groups, for some cells may be without."""
    before = rf"(?:(?P<before>{_literal(form.before)}) ?)?" if form.before else "(?P<before>)"
    after = rf"(?: ?(?P<after>{_literal(form.after)}))?" if form.after else "(?P<after>)"
    return _about(before, DIGITS[form.digits][2], after)


def _about(before: str, digits: str, after: str) -> str:
    signs = rf"(?P<sign>{_SIGN})? ?{before}(?P<inner>{_SIGN}|[(])? ?"
    return rf"^(?P<open>[(])? ?{signs}(?P<digits>{digits}){after} ?(?P<end>[\-\x{{2212}}\x{{2013}}])?(?P<close> ?[)])?$"


def _literal(affix: str) -> str:
    """An affix in any case, with any blanks, with or without a dot or a plural's s at its end."""
    core = re.sub(r"(?<=\w\w)s$", "", affix.rstrip("."), flags=re.IGNORECASE)
    more = r"s?" if re.search(r"\w\w$", core) else ""
    return "(?i:" + " *".join(re.escape(word) for word in core.split()) + rf"{more})[.]?"


def numbers(cells: pa.Array, form: NumberForm) -> pa.Array:
    """Text cells, nulls where missing, as float64.

    Raises:
        pa.ArrowInvalid: if a cell is not a number written this way.
    """
    cells = plain(cells)
    parts = pc.extract_regex(cells, pattern(form))
    if parts.null_count > cells.null_count:
        raise pa.ArrowInvalid("not a number written this way")
    part = {name: pc.struct_field(parts, name) for name in ("sign", "inner", "end", "open", "close")}
    signed = [
        pc.is_in(part[name], value_set=pa.array(["-", "\u2212", "\u2013"]))
        for name in ("sign", "inner", "end")
    ]
    opened = [pc.equal(part[name], "(") for name in ("open", "inner")]  # (€7) or €(7)
    closed = pc.not_equal(part["close"], "")
    count = sum(pc.cast(mask, pa.int8()).fill_null(0).to_numpy() for mask in [*signed, *opened])
    if np.any(count > 1) or pc.any(pc.not_equal(pc.or_(*opened), closed)).as_py():
        raise pa.ArrowInvalid("more than one minus")
    digits = pc.struct_field(parts, "digits")
    for written, plainly in (*DIGITS[form.digits][3], ("\u2212", "-")):
        digits = pc.replace_substring_regex(digits, written, plainly)
    values = pc.divide(pc.cast(digits, pa.float64()), form.factor)
    for name, affix in (("before", form.before), ("after", form.after)):
        if affix and not _is_money(affix):  # a bare 0 is 0 in any unit
            bare = pc.equal(pc.struct_field(parts, name), "")
            if pc.any(pc.and_(bare, pc.not_equal(values, 0.0))).as_py():
                raise pa.ArrowInvalid("a number without the unit")
    return pc.multiply(values, pa.array(np.where(count > 0, -1.0, 1.0)))


_ANY = _about(rf"(?:(?P<before>{_MONEY}) ?)?", _ANY_DIGITS, rf"(?: ?(?P<after>{_UNIT}))?")


def nearly(values: pa.Array) -> np.ndarray:
    """Which of these text values are digits with no more than signs, marks and units about them."""
    return pc.fill_null(pc.match_substring_regex(plain(values), _ANY), False).to_numpy(zero_copy_only=False)


def affixes(cell: str) -> tuple[str, str]:
    """What stands before and after the digits of a cell, in small letters."""
    parts = pc.extract_regex(pa.array([cell]), _ANY)[0].as_py() or {"before": "", "after": ""}
    return parts["before"].strip().lower(), parts["after"].strip().lower()


def candidates(cells: pa.Array) -> Iterator[NumberForm]:
    """The forms that the cells may have, from the plainest, by what stands about their digits; they are tried, not
    proven."""
    cells = plain(cells)
    parts = pc.extract_regex(cells, _ANY)
    if parts.null_count > cells.null_count:
        return
    before, after = (_shared(pc.struct_field(parts, name)) for name in ("before", "after"))
    if before is None or after is None or _NO_UNIT.fullmatch(after):
        return
    if pc.all(
        pc.not_equal(pc.struct_field(parts, "end"), ""), min_count=0
    ).as_py():  # 75-, 80-: from there on
        return
    yield from (NumberForm(digits, before, after) for digits in DIGITS)


def _shared(affixes: pa.Array) -> str | None:
    """What all cells have there that have anything, as most write it; None if they differ."""
    counted = sorted(pc.value_counts(affixes.drop_null()).to_pylist(), key=lambda entry: -entry["counts"])
    found = [entry["values"].strip() for entry in counted if entry["values"].strip()]
    folded = {re.sub(r"(?<=\w\w)s$|[\s.]", "", affix.lower()) for affix in found}
    return (found[0] if found else "") if len(folded) <= 1 else None


@cache
def _is_money(affix: str) -> bool:
    found = pc.match_substring_regex(pa.array([affix]), rf"^{_MONEY}$")
    return found[0].as_py()


def is_form(name: str) -> bool:
    """Whether a name is that of a form."""
    try:
        NumberForm.named(name)
    except ValueError:
        return False
    return True


def unit(name: str | None) -> str:
    """What the numbers of a form are in: `km`, `$`, or nothing; a share is a number of its own.

    Example:
        >>> unit("1234.5 km"), unit("$1,234.5"), unit("1234.5%"), unit(None)
        ('km', '$', '', '')
    """
    form = None if name is None else NumberForm.named(name)
    return "" if form is None or form.factor != 1 else f"{form.before}{form.after}"


def marked(cells: pa.Array) -> np.ndarray:
    """Which rows show how the numbers of a column are written: those that are not plain, or else those with a mark."""
    plainly = number_like(cells)
    if plainly.all():
        plainly = ~pc.match_substring_regex(cells, "[.,]").to_numpy(zero_copy_only=False)
    return np.flatnonzero(~plainly)


def number_like(values: pa.Array) -> np.ndarray:
    """Which of these text values are numbers, as a mask; nulls are not."""
    pattern = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
    return pc.fill_null(pc.match_substring_regex(values, pattern), False).to_numpy(zero_copy_only=False)
