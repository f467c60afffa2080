"""Each thing to notice: a table that has it, and one near it that has not."""

import numpy as np
import pytest

from normax.errors import Notice
from normax.tables import Schema, Target, read_table
from normax.tables.noticing import Seen, noticed


def lines(columns, target="y", grouped=False, timed=False, **told):
    table = read_table({name: np.asarray(values) for name, values in columns.items()})
    goal = Target.learn(table, target, **told)
    schema = Schema.learn(table.drop([target]))
    return list(noticed(Seen(table, schema, goal, schema.encode(table), goal.encode(table), grouped, timed)))


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def plain(rng):
    """A hundred rows of which there is nothing to say."""
    x, z = rng.normal(size=(2, 100)).round(6)
    return {"x": x, "z": z, "place": rng.choice(list("abc"), 100), "y": (x + rng.normal(size=100)).round(6)}


def test_of_a_plain_table_there_is_nothing_to_say(plain):
    assert lines(plain) == []
    assert lines(plain | {"y": plain["x"] + plain["y"] > 0}) == []


@pytest.mark.filterwarnings("ignore:column .* counts the rows")
def test_numbers_of_rows(plain, rng):
    (line,) = lines(plain | {"nr": 1 + rng.permutation(100)})
    assert line == "column 'nr' numbers the rows, 1 to 100 each once; if it means nothing, --drop nr"
    (line,) = lines(plain | {"customer_id": 7 * rng.permutation(1000)[:100]})
    assert "as identifiers do" in line
    assert "5000 to 5099" in lines(plain | {"nr": 5000 + rng.permutation(100)})[0]
    assert lines(plain | {"steps": 7 * rng.permutation(1000)[:100]}) == []
    assert lines(plain | {"nr": np.arange(100)}) == []  # of which reading has spoken


def test_repeated_identifiers(plain):
    for name, values in (("patient", np.repeat(np.arange(20), 5)), ("who", np.repeat(np.arange(1, 21), 5))):
        (line,) = lines(plain | {name: values})
        assert (
            f"repeats 20 values about 5 times each, as identifiers do; if rows of one belong together, say --group {name}"
            in line
        )
        assert lines(plain | {name: values}, grouped=True) == []
    mixed = np.random.default_rng(1).permutation(np.repeat(np.arange(20), 5))
    assert lines(plain | {"age": mixed}) == []
    assert lines(plain | {"id": np.repeat([0, 1, 2], [30, 30, 40])}) == []


def test_numbers_of_categories(plain):
    number = {"a": 40, "b": 7, "c": 19}
    codes = np.array([number[place] for place in plain["place"]])
    (line,) = lines(plain | {"size": codes})
    assert line == "column 'size' numbers the categories of 'place'; if it is no quantity, --drop size"
    codes[3] += 1
    assert lines(plain | {"size": codes}) == []
    quarter = {"q": 1 + np.arange(100) * 7 % 4}
    assert lines(plain | quarter | {"label": [f"Q{q}" for q in quarter["q"]]}) == []


def test_copied_rows(plain, rng):
    twice = np.r_[np.arange(100), [3, 60]]
    (line,) = lines({name: values[twice] for name, values in plain.items()})
    assert line.startswith("2 rows of 102 are copies of another (as row 101 of row 4)")
    few = {"a": rng.integers(0, 3, 200), "b": rng.integers(0, 2, 200), "y": rng.integers(0, 2, 200)}
    assert lines(few) == []  # by chance


def test_copies_of_the_target(plain, rng):
    (line,) = lines(plain | {"euros": 1.1 * plain["y"] + 3})
    assert line == (
        "column 'euros' alone explains more than 99.99 % of 'y'; a copy of the target, or known only after it?"
        " (--drop euros)"
    )
    (line,) = lines(plain | {"euros": 1.1 * plain["y"] + 3, "yen": 160 * plain["y"]})
    assert line.startswith("columns 'euros', 'yen' each alone explains more")
    assert line.endswith("copies of the target, or known only after it? (--drop euros,yen)")
    (line,) = lines(plain | {"nearly": plain["y"] + 0.025 * rng.normal(size=100)})
    assert "alone explains 99.9" in line
    assert lines(plain | {"close": plain["y"] + 0.2 * rng.normal(size=100)}) == []
    ill = plain["y"] > 0
    (line,) = lines(plain | {"y": ill, "dose": np.where(ill, 5.0, 0.0) + rng.uniform(size=100)})
    assert "'dose' alone tells the classes of 'y' without an error" in line
    assert "'ward'" in lines(plain | {"y": ill, "ward": np.where(ill, "C", plain["place"])})[0]


def test_a_total_row(plain):
    sums = {name: np.r_[np.abs(plain[name]), np.abs(plain[name]).sum()] for name in ("x", "z", "y")}
    found = lines(sums)
    assert found[0].startswith("row 101 is the sum of the rows above in 3 columns")
    named = plain | {"x": np.abs(plain["x"])}
    last = {"x": np.abs(plain["x"]).sum(), "z": 1.0, "place": "Total", "y": 0.5}
    (line,) = lines({name: np.r_[values, [last[name]]] for name, values in named.items()})
    assert line.startswith("row 101 is the sum of the rows above in 1 column;")
    rounded = named | {"place": [f"p{j}" for j in range(100)]}  # left out, and its label counts nevertheless
    last["x"] *= 1.0002
    with pytest.warns(Notice, match="'place' left out"):
        assert "row 101" in lines({name: np.r_[values, [last[name]]] for name, values in rounded.items()})[0]


@pytest.mark.filterwarnings("ignore:column .* counts the rows")
def test_order_in_time(plain):
    months = np.arange("2015-01", "2023-05", dtype="datetime64[M]").astype("datetime64[D]").astype(str)
    (line,) = lines(plain | {"month": months})
    assert "rows stand in the order of 'month'; if the future is to be predicted, say --time month" in line
    assert lines(plain | {"month": months}, timed=True) == []
    (line,) = lines(plain | {"year": 1920 + np.arange(100) // 2})
    assert "--time year" in line
    assert "--time year" in lines(plain | {"year": 2000 + np.arange(100) // 20})[0]
    assert lines(plain | {"year": np.random.default_rng(0).integers(1920, 2000, 100)}) == []


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda rng: rng.poisson(1.3, 300), "--family poisson"),
        (lambda rng: rng.poisson(rng.gamma(1, 12, 300)), "--family poisson"),
        (lambda rng: rng.beta(2, 5, 300), "--family binomial"),
        (lambda rng: np.exp(1.5 * rng.normal(size=300)), "--log-target or --family gamma"),
        (lambda rng: rng.gamma(1, 9, 300) * rng.poisson(0.5, 300), "--family tweedie"),
        (lambda rng: np.r_[rng.normal(size=298), 400, -300], "2 values far from all others"),
        (lambda rng: np.minimum(rng.normal(size=300), 1.2), "have its largest, 1.2"),
        (lambda rng: np.r_[np.ones(20), np.zeros(280)].astype(bool), "is 6.7 % of the rows"),
        (lambda rng: rng.choice(["low", "medium", "high"], 300), "have an order"),
    ],
)
def test_what_a_target_looks_like(rng, make, word):
    y = make(rng)
    (line,) = lines({"x": rng.normal(size=300), "y": y})
    assert word in line


def test_a_target_that_is_not_known(plain):
    y = plain["y"].copy()
    y[:40:2] = -999
    (line,) = lines(plain | {"y": y})
    assert line == (
        "target 'y' is -999 in 20 rows, unlike all others; if that means missing, say --missing -999"
        " --drop-missing-target"
    )


def test_times_until_an_event(plain):
    days = {"x": plain["x"], "days": np.abs(plain["y"]), "status": (plain["z"] > 0).astype(int)}
    (line,) = lines(days, "days")
    assert "say --family cox --time-to days --event status" in line
    assert lines(days | {"status": plain["z"]}, "days") == []
    assert lines({"status": days["status"], "y": plain["y"]}) == []


@pytest.mark.parametrize(
    "make",
    [
        lambda rng: rng.normal(size=300),
        lambda rng: rng.uniform(20, 80, 300).round(),  # ages
        lambda rng: rng.normal(12, 3, 300).round(),  # marks of a school
        lambda rng: rng.standard_t(5, 300),
        lambda rng: rng.choice(["red", "green", "blue"], 300),
        lambda rng: rng.uniform(size=300) < 0.3,
    ],
)
def test_what_a_target_does_not_look_like(rng, make):
    assert lines({"x": rng.normal(size=300), "y": make(rng)}) == []


def test_counts_are_no_classes_and_digits_are(rng):
    counts = Target.learn(read_table({"y": rng.poisson(1.3, 200)}), "y")
    assert counts.task == "regression"
    with pytest.warns(
        UserWarning,
        match="taken as classes; if it is a quantity, say --task regression, if a scale with an order",
    ):
        digits = Target.learn(read_table({"y": rng.integers(0, 10, 200)}), "y")
    assert digits.task == "classification"
