"""What columns are, and how a file is written, said by hand: each option does what it says, and no more."""

import warnings

import numpy as np
import pytest

from normax.cli.options.typed import parse
from normax.cli.runs.data import prepare
from normax.errors import InputError, Notice

ROWS = 60


@pytest.fixture
def file(tmp_path, monkeypatch):
    """Columns that can be read in two ways, in Cyrillic, apart by `^`."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    words = random.choice(["тёплый", "холодный", "новый", "старый", "яркий"], size=(ROWS, 12))
    lines = ["код^цена^когда^at:noon^отзыв^y"]
    for k in range(ROWS):
        day, month = k % 12 + 1, 5 * k % 12 + 1
        price = f"{random.integers(1, 9)}.{random.integers(100, 999)}"
        lines.append(
            f"{k % 5}^{price}^{day:02d}/{month:02d}/20^{day}.{month}.2020^{' '.join(words[k])}^{k % 7},{k % 9}1"
        )
    (tmp_path / "d.txt").write_bytes("\n".join(lines).encode("cp1251"))
    return ["path", "d.txt", "--encoding", "cp1251", "--delimiter", "^", "--target", "y"]


def learned(words):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Notice)
        data = prepare(parse(words))
    return data, {column.name: column for column in data.schema.columns}


def test_kinds_and_forms(file):
    data, columns = learned([*file, "--drop", "отзыв"])
    assert {name: column.kind for name, column in columns.items()} == {
        "код": "numeric",
        "цена": "numeric",
        "когда": "date",
        "at:noon": "date",
    }
    said = ["--text", "код", "--decimal", ",", "--thousands", "point", "--date", "когда:%m/%d/%y,at:noon"]
    data, columns = learned([*file, *said, "--words", "отзыв"])
    kinds = ["text", "numeric", "date", "date", "words"]
    assert [column.kind for column in columns.values()] == kinds
    assert columns["когда"].form == "month/day/yy"
    assert columns["at:noon"].form == "day.month.year"
    price = data.train.X[:, data.schema.features.index("цена")]
    assert price.min() > 1000
    assert data.target.task == "regression"
    assert data.train.y[:2].tolist() == [0.01, 1.11]
    assert "отзыв: новый" in data.schema.features


def test_only_and_drop(file):
    data, columns = learned([*file, "--only", "цена,код", "--missing", "3"])
    assert (list(columns), columns["код"].missing) == (["код", "цена"], True)
    assert data.unused == dict.fromkeys(["когда", "at:noon", "отзыв"], "--only")
    data, columns = learned([*file, "--only", "цена,код", "--drop", "код"])
    assert list(columns) == ["цена"]
    assert data.unused["код"] in ("--drop", "--only")


def test_the_time_of_rows_may_be_said(file):
    data, columns = learned([*file, "--time", "когда", "--date", "когда:month/day/yy"])
    assert "когда" not in columns
    assert data.train.time[:3].tolist() == [
        float((np.datetime64(day) - np.datetime64("1970-01-01")).astype(int))
        for day in ("2020-01-01", "2020-02-06", "2020-03-11")
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--date", "кода"], "no column 'кода'; did you mean 'ко"),
        (["--date", "когда:foo"], "'foo' is no way to write dates"),
        (["--decimal", ",", "--thousands", "comma"], "one mark, ',', cannot be both"),
        (["--decimal", ";"], "--decimal: expected '.' or ',', got ';'"),
        (["--thousands", "spce"], "got 'spce'; did you mean 'space'?"),
        (["--text", "код", "--number", "код"], "asked to be two kinds at once"),
        (["--only", "y2"], "no column 'y2'"),
        (["--drop", ","], "--drop: expected names with commas between, got ','"),
        (["--sheet", "a"], "a sheet or table: not for a file of this kind (text)"),
    ],
)
def test_what_cannot_be(file, words, message):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(InputError) as error:
            prepare(parse([*file, *words]))
    assert message in str(error.value)
