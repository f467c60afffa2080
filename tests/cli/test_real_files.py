"""Files as they come, given to the command: what it says of each, and what it takes the columns for."""

import numpy as np
import pytest

from normax.cli import main

ROWS = 100
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=ROWS).round(2)
Y = (X + RANDOM.normal(size=ROWS)).round(2)


def text(delimiter=",", end="", **columns):
    rows = [delimiter.join(map(str, row)) + end for row in zip(*columns.values())]
    return "\n".join([delimiter.join(columns), *rows]) + "\n"


def sometimes(values, other, every=9):
    return [other if k % every == 4 else value for k, value in enumerate(values)]


LOCAL = text(";", x=X, y=Y, place=np.where(X > 0, "oben", "unten")).replace(".", ",")
BLANKS = text(" ", x=X, z=Y[::-1], y=Y)
INCOME = text(x=X, income=[f'"{v:,.0f}"' for v in 40000 + 9000 * X], y=Y)
REGION = RANDOM.integers(1, 8, ROWS)
FILES = {
    "decimal commas": (LOCAL, [], "numbers have decimal commas: '0,13' in column 'x' is 0.13", 3),
    "thousands": (INCOME, [], "column 'income': numbers written as 1,234.5", 2),
    "a dash": (text(x=sometimes(X, "-"), y=Y), [], "column 'x': '-' taken as missing", 2),
    "a count": (text(x=X, y=RANDOM.poisson(1.2, ROWS)), [], "--family poisson", 1),
    "a leak": (
        text(x=X, euros=(1.1 * Y).round(3), y=Y),
        [],
        "column 'euros' alone explains more than 99.9",
        2,
    ),
    "patients": (text(patient=np.repeat(np.arange(20), 5), x=X, y=Y), [], "--group patient", 2),
    "Windows": (
        text(land=np.where(X > 0, "Österreich", "Curaçao"), y=Y).encode("cp1252"),
        [],
        "read as Windows-1252",
        2,
    ),
    "delimiters at ends": (
        text(x=X, y=Y).replace("\n", ",\n").replace("x,y,", "x,y"),
        [],
        "every row ends with a delimiter that the header has not",
        1,
    ),
    "-999": (text(x=sometimes(X, -999), y=Y), [], "11 cells hold -999, far from all others", 1),
    "blanks": (BLANKS, [], "cells are taken to stand apart by blanks", 2),
    "codes": (
        text(region_code=REGION, y=Y),
        [],
        "column 'region_code': whole numbers under the name of a code",
        1,
    ),
    "codes as text": (text(region_code=REGION, y=Y), ["--text", "region_code"], "7 features", 7),
}


@pytest.mark.parametrize("name", FILES)
def test_what_is_said_and_made_of_it(tmp_path, monkeypatch, capsys, name):
    content, words, said, features = FILES[name]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "d.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    assert main(["path", "d.csv", "--target", "y", *words, "--dry-run"]) == 0
    shown = " ".join("".join(capsys.readouterr()).split())
    assert said in shown
    assert f"{features} feature" in shown
