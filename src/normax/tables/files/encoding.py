"""From the bytes of a text file to UTF-8: by its mark, as it is, by its look, or as its reader says."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from encodings.aliases import aliases

from normax.errors import InputError, quoted, suggest
from normax.tables.wording import notice

__all__ = ["as_utf8"]

# UTF-32's little-endian mark begins as UTF-16's does.
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_WIDE = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")

# Western text has its accents by one or two among plain letters, and no signs but these inside a word.
_WORD = re.compile(r"[^\W\d_]+")
_NEIGHBOURS = re.compile(r"[^\W\d_a-zA-Z]{2,}")
_PAIR_WITHIN = re.compile(
    r"(?<=[a-zA-Z])[^a-zA-Z]{2}(?=[a-zA-Z])|^[^a-zA-Z]{2}(?=[a-z])|(?<=[A-Z])(ÄÄ|ÉÉ)$|^(ÄÄ|ÉÉ)(?=[A-Z])"
)

# Syllables that make up most of Korean in writing: a hanzi alone seldom reads as one of them.
_HANGUL = frozenset(
    "가각간감강개거건것게격결경계고공과관광교구국군그금급기길김까나날남내너네년노는능니다단달당대더데도독동되된두드든들등"
    "때또라락람랑래량러런레려력령로록론료루류르른를름리린마만말망매면명모목무문물미민바박반발방배백버번법벽변별병보복본봉"
    "부북분불비사산살상새생서석선설성세소속손송수순술스습승시식신실심십아안알않암압앙애야약양어언업없에여역연열영예오온올와왔외"
    "요용우운울원월위유육윤으은을음응의이익인일임입있자작장재저적전점정제조족종좌주준중증지직진질집차참창채처천철청체초최추축출"
    "충치친카코크타탄태토통트특파판평포표품피하학한할함합항해행향허험현형호홍화환활황회후훈히액혈값끝높늘답률립몸벌빛색쓰씨왕잘째쪽층칭"
)
_SIGN_IN_A_WORD = re.compile(r"[^\W\d_]([^\x00-\x7f\w’–—·\xad]|[¹²³])[^\W\d_]")


def as_utf8(data: bytes, source: str, encoding: str | None = None) -> bytes:
    """The text in UTF-8 without a byte-order mark.

    A mark decides. Text without one is UTF-8 where it can be; else, each with a `Notice`, UTF-16 or UTF-32 if
    that makes it text, GB18030 (and so GBK and GB2312) if that makes it Chinese in common characters,
    Windows-1252 (and so Latin-1) if it looks like a Western language in that encoding, which spreadsheets on
    Windows write.

    Args:
        data: the bytes of the file.
        source: what messages call the file.
        encoding: the name of its encoding, as Python's `codecs` have it, for text that does not show it.

    Raises:
        InputError: for binary files, damaged text and other encodings, with the line where it shows.

    Example:
        >>> as_utf8("\\ufeffcafé".encode("utf-16-le"), "t.csv").decode()
        'café'
        >>> as_utf8("имя".encode("cp1251"), "t.csv", "cp1251").decode()
        'имя'
    """
    if encoding is not None:
        return _as_said(data, source, encoding)
    for mark, codec in _MARKS.items():
        if data.startswith(mark):
            try:
                return data.decode(codec).lstrip("\ufeff").encode()
            except UnicodeError:
                raise InputError(
                    f"{source}: its mark says {codec}, and it is not; save it as UTF-8"
                ) from None
    if b"\0" in data:
        return _unmarked(data, source).encode()
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return _guessed(data, error, source).encode()
    return data


def _as_said(data: bytes, source: str, encoding: str) -> bytes:
    try:
        known = codecs.lookup(encoding)
    except (LookupError, UnicodeError, ValueError):
        known = None
    if known is None or not known._is_text_encoding:  # as hex and the like are not
        close = suggest(encoding, {*aliases, *aliases.values()}) if known is None else ""
        raise InputError(f"--encoding {quoted(encoding)}: no such encoding of text{close}")
    try:
        return data.decode(encoding).lstrip("\ufeff").encode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{source}, line {line}: byte 0x{data[error.start]:02x} is not {known.name}; say another"
            " --encoding"
        ) from None
    except UnicodeError as error:
        raise InputError(f"{source}: not {known.name} ({error}); say another --encoding") from None


def _unmarked(data: bytes, source: str) -> str:
    """UTF-16 or UTF-32 without its mark: whichever makes lines of text out of bytes with zeros among them."""
    for codec in _WIDE:
        try:
            text = data.decode(codec)
        except UnicodeError:
            continue
        letters = set(text)
        if "\n" in letters and not any(
            unicodedata.category(c) in ("Cc", "Cn", "Co") for c in letters - set("\t\r\n")
        ):
            notice(f"{source}: no mark says its encoding; read as {codec}, which makes it text")
            return text
    raise InputError(f"{source}: expected text in UTF-8, got a binary file (or name its --encoding)")


def _guessed(data: bytes, error: UnicodeDecodeError, source: str) -> str:
    """Text that is not UTF-8, as what it looks like."""
    line = data.count(b"\n", 0, error.start) + 1
    where = f"{source}, line {line}: byte 0x{data[error.start]:02x} is not UTF-8"
    lenient = data.decode(errors="replace")
    broken = lenient.count("\ufffd")
    looks: list[tuple[str, str, Callable[[str], bool]]] = [
        ("cp1252", "Windows-1252", _is_plainly_western),
        ("gb18030", "GB18030", _is_chinese),
        ("cp1252", "Windows-1252", _is_western),
    ]
    damaged = sum(letter > "\x7f" for letter in lenient) - broken > broken  # UTF-8 elsewhere
    for codec, name, fits in looks:
        try:
            text = data.decode(codec)
        except UnicodeDecodeError:
            continue
        if fits(text) and not (damaged and codec == "cp1252"):
            if codec == "gb18030" and _is_korean(data):
                raise InputError(
                    f"{where}; name its encoding, --encoding gb18030 if it is Chinese, euc-kr if Korean"
                )
            example = re.search(r"[\w ]*[^\x00-\x7f][\w ]*", text)
            assert example is not None
            notice(
                f"{source}: not UTF-8, read as {name} (line {line}: {quoted(example[0].strip())}); if letters"
                " are wrong, name its --encoding or save it as UTF-8"
            )
            return text
    if damaged:
        raise InputError(f"{where}, though other lines are; mend it and save the file as UTF-8")
    raise InputError(
        f"{where}, nor does it look like Windows-1252 or GB18030; name its encoding, as in --encoding cp1251,"
        " or save the file as UTF-8"
    )


def _is_plainly_western(text: str) -> bool:
    """Whether all that is not ASCII are accents of cased words, and two together have plain letters about them.

    Capitals in pairs are common Chinese too, beside plain letters at most: `SÄÄST`, but not `AÐÍ`, which is A型.
    """
    signs = any(letter > "\x7f" and not (letter.isupper() or letter.islower()) for letter in text)
    return not signs and all(
        _is_cased(word) and not _NEIGHBOURS.search(_PAIR_WITHIN.sub("", word)) for word in _accented(text)
    )


def _is_western(text: str) -> bool:
    accents = sum(letter > "\x7f" for letter in text)
    together = sum(
        len(run)
        for word in _accented(text)
        for run in _NEIGHBOURS.findall(word)
        if not (len(run) <= 3 and len(run) < len(word) and _is_cased(word))  # größe
    )
    return 2 * together <= accents and not _SIGN_IN_A_WORD.search(text)


def _accented(text: str) -> list[str]:
    return [word for word in _WORD.findall(text) if not word.isascii()]


def _is_cased(word: str) -> bool:
    """Small, all capitals, or small after the first; letters that are bytes of pairs are of either case."""
    return word.replace("ß", "").isupper() or word[1:] == word[1:].lower()


def _is_chinese(text: str) -> bool:
    """Whether nearly all letters are of GB2312's first level, the 3755 that are in daily use.

    Other encodings read as GB18030 give rare characters, kana, or none where a word of an odd number of bytes
    ends.
    """
    counts = Counter(letter for letter in text if letter > "\x7f")
    rows: Counter[int] = Counter()
    for letter, count in counts.items():
        written = letter.encode("gb2312", "ignore")
        rows[written[0] if written else 0] += count
    daily, signs, kana = (
        sum(count for row, count in rows.items() if low <= row <= high)
        for low, high in ((0xB0, 0xD7), (0xA1, 0xA3), (0xA4, 0xA5))
    )
    letters = rows.total() - signs
    rare = 1 if daily >= 3 else 0  # as names have
    return daily > 0 and letters - daily <= max(rare, 0.2 * letters) and kana < 0.02 * daily


def _is_korean(data: bytes) -> bool:
    """Whether nearly all letters are Hangul in EUC-KR, most of them common: little tells it from Chinese."""
    try:
        letters = [letter for letter in data.decode("euc-kr") if letter > "\x7f"]
    except UnicodeDecodeError:
        return False
    hangul = sum("가" <= letter <= "힣" for letter in letters)
    return hangul >= 0.9 * len(letters) and sum(letter in _HANGUL for letter in letters) > 0.5 * hangul
