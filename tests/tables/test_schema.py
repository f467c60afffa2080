"""The schema: what columns are, the design matrix they become, and later tables read the same way."""

import datetime as dt
import json
import warnings

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from normax.errors import InputError, Notice
from normax.tables import Schema, kinds, read_table


def learn(columns):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", Notice)
        schema = Schema.learn(read_table(columns))
    return schema, [str(w.message) for w in caught]


@pytest.mark.parametrize(
    ("cells", "kind", "values"),
    [
        (["1", "-2.5", "+3e2", ".5", None], ("numeric", None), [1, -2.5, 300, 0.5, np.nan]),
        ([1, None, 3], ("numeric", None), [1, np.nan, 3]),
        (["True", "false", None], ("boolean", None), [1, 0, np.nan]),
        (["y", "N"], ("boolean", None), [1, 0]),
        ([True, None], ("boolean", None), [1, np.nan]),
        (["1970-01-02", "1970-1-3 12:00"], ("date", "year-month-day"), [1, 2.5]),
        (["1970-01-02T00:00:00Z", "1970-01-02T02:00:00+01:00"], ("date", "year-month-day"), [1, 1 + 1 / 24]),
        (["1970/01/02"], ("date", "year/month/day"), [1]),
        (["2.1.1970"], ("date", "day.month.year"), [1]),
        (["1/31/1970", "1/2/1970"], ("date", "month/day/year"), [30, 1]),
        (["31/1/1970", "2/1/1970"], ("date", "day/month/year"), [30, 1]),
        (["1,5", "-,25", "1.234,5", "7"], ("numeric", "1.234,5"), [1.5, -0.25, 1234.5, 7]),
        (["1,234", "12", "1,234,567.5"], ("numeric", "1,234.5"), [1234, 12, 1234567.5]),
        (["1 234,5", "7"], ("numeric", "1 234,5"), [1234.5, 7]),
        (["1\u202f234.5", "7"], ("numeric", "1 234.5"), [1234.5, 7]),
        (["1'234.5", "1’000"], ("numeric", "1'234.5"), [1234.5, 1000]),
        (["\u22121.5", "2"], ("numeric", "1234.5"), [-1.5, 2]),
        (["1.5D+03", "2.0d0"], ("numeric", "1.5D+03"), [1500, 2]),
        (["1", "NA", "null", "-", "#DIV/0!"], ("numeric", None), [1, *[np.nan] * 4]),
        (["1,5", "n/a"], ("numeric", "1.234,5"), [1.5, np.nan]),
        (["no", "Yes", "NA", "NO"], ("boolean", None), [0, 1, np.nan, 0]),
        (["2.1.1970", "?"], ("date", "day.month.year"), [1, np.nan]),
        (["0", "0.5", "10", "00.25"], ("numeric", None), [0, 0.5, 10, 0.25]),
        (["9007199254740991", "1"], ("numeric", None), [2**53 - 1, 1]),
        ([dt.date(1970, 1, 2)], ("date", None), [1]),
        ([dt.datetime(1969, 12, 31, 12)], ("date", None), [-0.5]),
        ([dt.timedelta(minutes=1)], ("numeric", None), [60]),
    ],
)
def test_kinds(cells, kind, values):
    cells = pa.array(cells)
    assert kinds.infer(cells) == kind
    np.testing.assert_allclose(kinds.read(cells, *kind), values)


@pytest.mark.parametrize(
    "cells",
    [
        *(["a", "1"], ["2024-02-30"], ["1,0000,0"], ["yes", "f"], ["31/13/2020"], ["12 May"]),
        *(["00501", "94110"], ["1", "01"], ["9007199254740993", "5"], [2**53 + 1, 5], [-(2**60)]),
        *(["NA", "ZA"], ["none", "mild"], ["0x1F"], ["1_000"], ["5 kg", "7 lb"]),
    ],
)
def test_what_is_only_text(cells):
    assert kinds.infer(pa.array(cells)) == ("text", None)


def test_a_kind_comes_from_the_whole_column():
    cells = [str(j) for j in range(100_000)] + ["x"]
    assert kinds.infer(pa.array(cells))[0] == "text"
    with pytest.raises(InputError, match="row 100001 holds 'x', expected a number"):
        kinds.read(pa.array(cells), "numeric")


def test_none_of_the_categories_is_dropped_and_missing_is_one_of_its_own():
    schema, notices = learn(
        {"s": ["b", "a", None, "b"], "x": [1.0, 2.0, 4.0, np.nan], "t": ["no", "yes", "no", "no"]}
    )
    assert notices == []
    assert schema.features == ("s=a", "s=b", "s (missing)", "x", "x (missing)", "t")
    X = schema.encode(read_table({"s": ["b", "a", None], "x": [1.0, np.nan, 4.0], "t": [True, False, True]}))
    np.testing.assert_array_equal(X, [[0, 1, 0, 1, 0, 1], [1, 0, 0, np.nan, 1, 0], [0, 0, 1, 4, 0, 1]])


def test_words_for_missing_are_levels_among_text_and_missing_among_numbers():
    columns = {
        "land": ["NA", "ZA", None, "ZA"],
        "x": ["1.5", "NA", "2", "7"],
        "ill": ["none", "mild", "none", "null"],
    }
    schema, notices = learn(columns)
    land, x = ("land=NA", "land=ZA", "land (missing)"), ("x", "x (missing)")
    assert schema.features == (*land, *x, "ill=mild", "ill=none", "ill=null")
    assert notices == ["column 'x': 'NA' taken as missing"]
    X = schema.encode(read_table(columns))
    np.testing.assert_array_equal(X[0], [1, 0, 0, 1.5, 0, 0, 1, 0])
    np.testing.assert_array_equal(X[1], [0, 1, 0, np.nan, 1, 1, 0, 0])
    assert schema.absent(X) == {"land": 1, "x": 1, "ill": 0}


def test_what_a_user_says_of_columns_and_cells_holds_for_later_tables_too():
    columns = {"region": [1, 2, 1, 3], "zip": ["01", "02", "02", "04"]}
    columns |= {"x": [1.5, -9, 3, 4], "s": ["a", "-9", "a", "b"]}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        schema = Schema.learn(read_table(columns), text=["region"], numbers=["zip"], missing=["-9"])
    levels = ("region=1", "region=2", "region=3")
    assert schema.features == (*levels, "zip", "x", "x (missing)", "s=a", "s=b", "s (missing)")
    again = Schema.from_json(json.loads(json.dumps(schema.to_json())))
    assert again == schema
    later = read_table({"region": ["3"], "zip": ["7"], "x": ["-9"], "s": ["-9"]})
    np.testing.assert_array_equal(again.encode(later), [[0, 0, 1, 7, np.nan, 1, 0, 0, 1]])
    with pytest.raises(InputError, match="no column 'regin'; did you mean 'region'"):
        Schema.learn(read_table(columns), text=["regin"])


def test_features_of_one_name_stay_apart():
    schema, _ = learn(
        {"a": ["b=c", "x", "x"], "a=b": ["c", "y", "c"], "x": [1.0, None, 3], "x (missing)": [0, 1, 1]}
    )
    assert schema.features == ("a=b=c", "a=x", "a=b=c (2)", "a=b=y", "x", "x (missing)", "x (missing) (2)")


def test_too_many_features_are_refused_before_they_are_made(monkeypatch):
    monkeypatch.setattr("normax.tables.schema.MAX_FEATURES", 6)
    with pytest.raises(
        InputError, match=r"about 7 features, expected at most 6; .* \('s' has 3, 't' has 2\)"
    ):
        learn({"s": ["a", "b", "c", "a"], "t": ["a", "b", "a", "a"]})


def test_what_is_left_out_is_named():
    n = 1200
    schema, notices = learn(
        {
            "x": np.sin(np.arange(n)),
            "nothing": [None] * n,
            "empty": [np.nan] * n,
            "same": [3] * n,
            "one": ["a"] * n,
            "who": [f"w{j}" for j in range(n)],
            "many": [f"m{j}" for j in range(n - 1)] + ["m0"],
        }
    )
    assert schema.features == ("x",)
    assert list(schema.left_out) == ["nothing", "empty", "same", "one", "who", "many"]
    assert notices == [
        "columns 'nothing', 'empty' left out: every cell is missing",
        "columns 'same', 'one' left out: constant",
        "column 'who' left out: text with as many values as rows",
        "column 'many' left out: text that hardly repeats, as names of rows do (--text, if it is meant)",
    ]


def test_a_constant_with_missing_cells_still_tells_where_it_is_missing():
    schema, notices = learn({"s": ["a", None, "a"], "x": [1.0, 1.0, np.nan]})
    assert schema.features == ("s=a", "s (missing)", "x", "x (missing)")
    assert notices == []


def test_notices_of_doubtful_columns():
    _, notices = learn(
        {"x": ["1", "2", "2", "n/k"], "d": ["1/2/2020", "3/4/2020", "3/4/2020", None], "i": [5, 6, 7, 8]}
    )
    assert notices[0] == (
        "column 'x' taken as text: not a number in 1 cell ('n/k'); if that means missing, say --missing n/k"
    )
    assert "column 'd' read as day/month/year, though month/day/year fits too" in notices[1]
    assert "column 'i' counts the rows one by one" in notices[2]


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (
            ["1,250", "2,500", "3"],
            ": numbers written as 1,234.5 (a decimal comma fits too, --decimal ,), '1,250' is 1250",
        ),
        (["45%", "7.5 %", "45%"], ": numbers in percent are shares, '45%' is 0.45"),
        (["3 km", "12 km", "12 km"], ": numbers in km, '3 km' is 3"),
        (
            ["$5", "($1,200)", "$5"],
            ": numbers written as $1,234.5 (a decimal comma fits too, --decimal ,), '($1,200)' is -1200",
        ),
        (["1", "-", "3"], ": '-' taken as missing"),
        (["yes", "Yes", "no"], ": 'Yes', 'yes' are one value"),
        (
            ["00501", "94110", "94110"],
            " taken as text: leading zeros, as in '00501' (--number, if it is one)",
        ),
        ([2**53, 5, 5], " taken as text: whole numbers too long to stay apart, as '9007199254740992'"),
        ([1.5, -999, 2, -999], ": 2 cells hold -999, far from all others; missing? (--missing -999)"),
    ],
)
def test_what_may_have_been_meant_otherwise_is_said(cells, message):
    _, notices = learn({"v": cells, "other": list(range(0, 2 * len(cells), 2))})
    assert len(notices) == 1
    assert notices[0].startswith(f"column 'v'{message}")


def test_a_column_without_a_name_that_numbers_the_rows_is_said():
    _, notices = learn({"": [2, 0, 1, 3], "x": [1.5, 2, 2, 7]})
    assert "column 'column 1' has no name and numbers the rows in another order" in notices[0]


def test_faults_are_gathered_over_columns():
    with pytest.raises(InputError) as error:
        learn({"a": [1.0, np.inf], "b": ["-inf", "inf"], "c": [b"x", b"y"], "d": [1, 2]})
    assert str(error.value) == (
        "mapping: column 'a': inf in row 2; expected finite numbers below 1e+100, or empty cells;"
        " column 'b': -inf in row 1 and 1 more row; expected finite numbers below 1e+100, or empty cells;"
        " column 'c': cells of type binary are neither numbers, dates nor text"
    )
    with pytest.raises(InputError, match="no column is left"), pytest.warns(Notice, match="constant"):
        Schema.learn(read_table({"a": [1, 1]}))


def test_a_later_table_in_any_order_and_of_any_make():
    train = pd.DataFrame(
        {
            "n": [1, 2, 3],
            "s": ["a", "b", "b"],
            "d": pd.to_datetime(["2020-01-01", "2020-01-02", "2020-02-02"]),
        }
    )
    schema, _ = learn(train)
    later = pd.DataFrame(
        {"extra": ["?", "?"], "d": ["2020-01-02", "2020-01-01"], "s": ["b", "a"], "n": ["2", "1"]}
    )
    np.testing.assert_array_equal(
        schema.encode(read_table(later)), schema.encode(read_table(train.iloc[[1, 0]]))
    )


def test_an_absent_column_and_an_unreadable_cell_are_refused_by_name():
    schema, _ = learn({"age": [1.5, 2, 4], "height": [1.5, 2, 4], "s": ["a", "b", "b"]})
    with pytest.raises(InputError, match=r"no column 'age'; did you mean 'Age'.*no column 'height'"):
        schema.encode(read_table({"Age": [1], "s": ["a"]}))
    with pytest.raises(
        InputError, match="column 'age': row 2 holds 'old', expected a number; column 'height': inf in row 1"
    ):
        schema.encode(read_table({"age": ["1", "old"], "height": [np.inf, 1], "s": ["a", "a"]}))


def test_unseen_categories_and_newly_missing_cells_get_a_notice():
    schema, _ = learn({"s": ["a", "b", "b"], "x": [1.5, 2, 4]})
    with pytest.warns(Notice) as caught:
        X = schema.encode(read_table({"s": ["z", None, "a"], "x": [1.0, 2.0, np.nan]}))
    np.testing.assert_array_equal(X, [[0, 0, 1], [0, 0, 2], [1, 0, np.nan]])
    assert [str(w.message) for w in caught] == [
        "column 's': 1 row of a category not seen in training ('z'), counted as none",
        "column 's': 1 missing cell where training had none, counted as none of its categories",
        "column 'x': 1 missing cell where training had none, filled with its mean",
    ]


def test_the_recipe_is_plain_json_and_comes_back_equal():
    schema, _ = learn({"s": ["a", None, "b"], "d": ["1.2.2020", "2.2.2020", "2.2.2021"], "c": [1, 1, 1]})
    assert Schema.from_json(json.loads(json.dumps(schema.to_json()))) == schema


def test_rare_categories_are_one_and_new_ones_join_them():
    n = 2000
    place = np.where(
        np.arange(n) < 12, [f"hamlet{j // 2}" for j in range(n)], np.where(np.arange(n) % 3, "city", "town")
    )
    table = read_table({"place": place, "x": np.sin(np.arange(n))})
    schema, notices = learn({"place": place, "x": np.sin(np.arange(n))})
    assert schema.features == ("place=city", "place=town", "place (other)", "x")
    assert notices == ["column 'place': rare categories are one, (other): 6 of 8, in 12 rows"]
    X = schema.encode(table)
    assert X[:, 2].sum() == 12
    assert (X[:, :3].sum(axis=1) == 1).all()
    assert Schema.from_json(schema.to_json()) == schema
    later = schema.encode(read_table({"place": ["village", "city"], "x": [0.0, 1.0]}))
    assert later[:, :3].tolist() == [[0, 0, 1], [1, 0, 0]]


def test_of_thousands_of_categories_the_commonest_are_kept():
    codes = np.random.default_rng(0).zipf(1.3, 20000) % 3000
    schema, notices = learn({"street": [f"s{k}" for k in codes], "x": np.sin(np.arange(20000))})
    (street, _) = schema.columns
    assert street.rest
    assert 100 < len(street.levels) <= 1000
    assert "rare categories are one, (other)" in notices[0]
    few, _ = learn({"street": [f"s{k}" for k in codes[:150] % 40], "x": np.sin(np.arange(150))})
    assert not few.columns[0].rest


def test_a_relabelling_is_left_out():
    land = np.random.default_rng(0).choice(["Chad", "Togo", "Mali"], 60)
    code = np.array([{"Chad": "TD", "Togo": "TG", "Mali": "ML"}[name] for name in land])
    other = np.where(np.arange(60) == 7, "ML", code)
    schema, notices = learn({"land": land, "code": code, "other": other})
    assert schema.left_out == {"code": "the categories of 'land' under other names"}
    assert notices == ["column 'code' left out: the categories of 'land' under other names"]


def test_numbers_that_name_the_categories_of_text_are_left_out():
    rng = np.random.default_rng(0)
    which, lands = rng.integers(4, size=80), np.array(["Chad", "Mali", "Peru", "Togo"])
    columns = {
        "nr": which + 1,
        "land": lands[which],
        "sex": np.array(["m", "f"])[which % 2],
        "female": which % 2 == 1,
    }
    columns |= {"land_code": np.array([466, 148, 768, 604])[which], "x": rng.normal(size=80)}
    schema, notices = learn(columns)
    lands = "the categories of 'land' as numbers (--number keeps them)"
    assert schema.left_out == {
        "nr": lands,
        "land_code": lands,
        "female": "the categories of 'sex' as numbers (--number keeps them)",
    }
    assert f"columns 'nr', 'land_code' left out: {lands}" in notices
    assert len(notices) == 2
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Notice)
        assert "nr" in Schema.learn(read_table(columns), numbers=["nr"]).features


@pytest.mark.parametrize(
    ("name", "numbers", "words"),
    [
        ("quarter", [1, 2, 3, 4], ["Q1", "Q2", "Q3", "Q4"]),
        ("year", [2001, 2002, 2003, 2004], ["2001-A", "2002-A", "2003-A", "2004-A"]),
        ("education", [1, 2, 3, 4], ["primary", "secondary", "bachelor", "master"]),
        ("inhabitants", [17, 22, 33, 8], ["Chad", "Mali", "Peru", "Togo"]),
        ("size", [1, 2, 3], ["large", "medium", "small"]),
        ("dose", [0.5, 1, 1.5, 2], ["a", "b", "c", "d"]),
    ],
)
def test_numbers_that_say_more_than_the_categories_of_text_stay(name, numbers, words):
    which = np.random.default_rng(0).integers(len(words), size=80)
    schema, notices = learn({name: np.array(numbers)[which], "label": np.array(words)[which]})
    assert schema.left_out == {}
    assert notices == []


def test_a_row_that_disagrees_makes_numbers_no_relabelling():
    which = np.random.default_rng(0).integers(4, size=80)
    land, nr = np.array(["Chad", "Mali", "Peru", "Togo"], object)[which], which + 1.0
    for cells, code in (
        (land, np.where(np.arange(80) == 7, 5 - nr, nr)),
        (land, np.where(np.arange(80) == 7, np.nan, nr)),
    ):
        assert learn({"land": cells, "nr": code})[0].left_out == {}
    both = np.arange(80) % 9 == 0
    land[both], nr[both] = None, np.nan
    assert list(learn({"land": land, "nr": nr})[0].left_out) == ["nr"]
