"""What cells mean: parts of dates, words of free text, odd cells, stand-ins, and one locale for a whole table."""

import json
import warnings

import numpy as np
import pyarrow as pa
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from normax.errors import InputError, Notice
from normax.tables import Locale, Schema, Target, kinds, read_table
from normax.tables.calendar import Part, parts_of_dates
from normax.tables.sentinels import stand_ins

RANDOM = np.random.default_rng(0)
ROWS = 120


def learn(columns, **said):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", Notice)
        schema = Schema.learn(read_table(columns), **said)
    return schema, [str(w.message) for w in caught]


def test_a_file_with_decimal_commas_is_its_twin_with_points(tmp_path):
    x, y = RANDOM.normal(size=(2, ROWS)).round(3) * 1000
    rows = [f"{a:.2f};{b:.1f};{c * 1000}" for a, b, c in zip(x, y, range(ROWS))]
    (tmp_path / "point.csv").write_text("\n".join(["x;y;k", *rows]))
    (tmp_path / "comma.csv").write_text("\n".join(["x;y;k", *rows]).replace(".", ","))
    read = {}
    for name in ("point", "comma"):
        table = read_table(tmp_path / f"{name}.csv")
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", Notice)
            locale = Locale.of(table)
            target, schema = (
                Target.learn(table, "y", locale=locale),
                Schema.learn(table.drop(["y"]), locale=locale),
            )
        commas = [str(w.message) for w in caught if "decimal commas" in str(w.message)]
        assert len(commas) == (name == "comma")
        read[name] = schema.encode(table), target.encode(table), [c.kind for c in schema.columns], target.task
    for one, other in zip(read["point"], read["comma"]):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("columns", "decimal"),
    [
        ({"a": ["1,250", "2,500"], "b": ["3.5", "4.25"]}, "."),
        ({"a": ["1,250", "2,500"], "b": ["3,5", "4,25"]}, ","),
        ({"a": ["1,250", "2,500"], "b": ["3", "4"]}, None),
        ({"a": ["1,250", "2,500"], "b": ["3,5", "4"], "c": ["3.5", "4"]}, None),
    ],
)
@pytest.mark.filterwarnings("ignore::normax.errors.Notice")
def test_the_table_tells_the_mark_before_decimals(columns, decimal):
    assert Locale.of(read_table(columns)).decimal == decimal
    assert Locale.of(read_table(columns), Locale(decimal=",")).decimal == ","


def test_semicolons_tell_it_where_no_column_does(tmp_path):
    (tmp_path / "t.csv").write_text("a;b\n1,250;3\n2,500;4\n")
    with pytest.warns(Notice, match="decimal commas: '1,250' in column 'a' is 1.25"):
        assert Locale.of(read_table(tmp_path / "t.csv")).decimal == ","


def test_dates_give_the_parts_that_enough_rows_tell_of():
    hourly = np.arange(0, 700, 0.25) + 17000
    assert [part.name for part in parts_of_dates(hourly)] == ["year", "month", "weekday", "hour"]
    assert [part.name for part in parts_of_dates(np.arange(80.0))] == ["month", "weekday"]
    assert parts_of_dates(np.arange(6.0)) == ()
    assert parts_of_dates(17000 + 365.0 * np.arange(20)) == ()
    assert parts_of_dates(np.array([17000.0, 17000.0, np.nan])) == ()
    few = np.random.default_rng(0).uniform(16000, 18000, 40)
    assert Part("month") in parts_of_dates(few)


def test_parts_are_named_in_features_and_agree_with_the_calendar():
    days = np.arange("2016-01-01", "2018-03-01", dtype="M8[D]")
    schema, _ = learn({"when": [*days.astype(str), "NA"], "x": RANDOM.normal(size=len(days) + 1)})
    names = schema.features
    assert {"when", "when: year=2016", "when: month=Feb", "when: weekday=Mon", "when (missing)"} < set(names)
    X = schema.encode(read_table({"when": ["2016-02-29", "2017-07-03"], "x": [0.0, 1]}))
    told = [{name for name, cell in zip(names, row) if cell == 1} for row in X]
    assert {"when: year=2016", "when: month=Feb", "when: weekday=Mon"} <= told[0]
    assert {"when: month=Jul", "when: weekday=Mon"} <= told[1]
    with pytest.warns(Notice, match=r"column 'when': 1 row of a year not seen in training \('2021'\)"):
        schema.encode(read_table({"when": ["2021-07-05"], "x": [0.0]}))
    gone = schema.encode(read_table({"when": ["NA"], "x": [0.0]}))[0]
    assert np.isnan(gone[0])
    assert gone[1 : names.index("when (missing)")].sum() == 0
    assert Schema.from_json(json.loads(json.dumps(schema.to_json()))) == schema


def test_times_go_round_the_clock():
    schema, _ = learn({"at": [f"{j % 24}:30" for j in range(48)], "x": RANDOM.normal(size=48)})
    assert schema.features[:3] == ("at", "at: hour (sin)", "at: hour (cos)")
    X = schema.encode(read_table({"at": ["6:00", "18:00"], "x": [0.0, 0]}))
    np.testing.assert_allclose(X[:, :3], [[6, 1, 0], [18, -1, 0]], atol=1e-12)


def test_free_text_is_left_out_with_the_way_in_and_becomes_words_on_request():
    animals = RANDOM.choice(["cat", "dog", "cow"], ROWS)
    said = [f"the {animal} number {j} ran away" for j, animal in enumerate(animals)]
    columns = {"said": said, "x": RANDOM.normal(size=ROWS)}
    _, notices = learn(columns)
    assert notices == ["column 'said' left out: free text (--words takes its words as features)"]
    schema, notices = learn(columns, words=["said"])
    assert notices == []
    assert "said: cat" in schema.features
    vectorizer = TfidfVectorizer(min_df=2)
    expected = vectorizer.fit_transform(said).toarray()
    np.testing.assert_allclose(schema.encode(read_table(columns))[:, :-1], expected, rtol=1e-12)
    again = Schema.from_json(json.loads(json.dumps(schema.to_json())))
    later = read_table({"said": ["a cat", None], "x": [1.0, 2]})
    with pytest.warns(Notice, match="1 missing cell where training had none"):
        X = again.encode(later)
    np.testing.assert_allclose(X[:, :-1], vectorizer.transform(["a cat", ""]).toarray())
    with pytest.raises(InputError, match="column 'said': no word is in two rows"):
        Schema.learn(read_table({"said": ["one two", "three four"], "x": [1, 3]}), words=["said"])


def test_text_without_blanks_is_counted_by_runs_of_letters():
    said = [f"这是第{j}个{word}的产品" for j, word in enumerate(["很好", "不好"] * 20)]
    schema, _ = learn({"said": said, "x": RANDOM.normal(size=40)}, words=["said"])
    assert schema.columns[0].form == "char"
    assert "said: 很好" in schema.features


def test_a_few_odd_cells_are_named_and_missing_and_no_others_later():
    x = [f"{value:.2f}" for value in RANDOM.normal(size=ROWS)]
    x[5], x[17], x[60] = "see note", "12o", "see note"
    schema, notices = learn({"x": x, "z": RANDOM.normal(size=ROWS)})
    assert notices == [
        "column 'x': cells that are no numbers count as missing (mend them, or say --text x):"
        " 'see note' (rows 6, 61), '12o' (row 18)"
    ]
    column = schema.columns[0]
    assert (column.kind, column.missing, set(column.odd)) == ("numeric", True, {"see note", "12o"})
    X = schema.encode(read_table({"x": ["see note", "1"], "z": [0.0, 0]}))
    np.testing.assert_array_equal(X[:, :2], [[np.nan, 1], [1, 0]])
    with pytest.raises(InputError, match="column 'x': row 1 holds 'another note', expected a number"):
        schema.encode(read_table({"x": ["another note"], "z": [0.0]}))


@pytest.mark.parametrize(
    ("cells", "kind", "message"),
    [
        ([f"{j}.5" for j in range(60)] + ["31.12.2020"], "numeric", "'31.12.2020' (row 61)"),
        (
            [f"{j % 28 + 1}.{j % 12 + 1}.2020" for j in range(60)] + ["30.2.2020"],
            "date",
            "'30.2.2020' (row 61)",
        ),
        ([f"{j} km" for j in range(60)] + ["far"], "numeric", "'far' (row 61)"),
        (
            [str(j % 300) for j in range(400)] + [f"V{j}" for j in range(10)],
            "text",
            "codes beside its numbers",
        ),
        ([f"0{j}" for j in range(60)] + ["x"], "text", ""),
        ([f"{j}.5" for j in range(60)] + ["unknown"] * 20, "text", "say --missing unknown"),
        (["1", "2", "3", "n/k"] * 20, "text", "say --missing n/k"),
        ([f"{j} kg" if j % 2 else f"{j} lb" for j in range(60)], "text", "as '0 lb' and '1 kg'"),
        (
            [f"2020-01-{j % 28 + 1}" if j % 2 else f"{j % 28 + 1}.1.2020" for j in range(60)],
            "text",
            "more than one way",
        ),
    ],
)
def test_columns_that_are_nearly_of_one_kind(cells, kind, message):
    schema, notices = learn({"c": cells, "z": RANDOM.normal(size=len(cells))})
    found = {column.name: column.kind for column in schema.columns}
    assert found.get("c", "text") == kind
    assert message in " ".join(notices)


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([1.5, -999, 2, -999], [-999]),
        ([3, 7, 99, 10, 1], [99]),
        ([-999, -99, 1, 2, 5], [-999, -99]),
        ([0, 1, 2, 3, 4, 5, -1, -1], [-1]),
        ([0, 1, 2, 3, 4, 5, -1], []),
        ([-1, 0, 1, -1, 1], []),
        ([0.5, 1, 2, 3, 4, 5, -1, -1], []),
        ([90, 95, 99, 97], []),
        ([-2, -1, 0, 1, 2, 3, 4], []),
        ([5, 5, 5], []),
    ],
)
def test_stand_ins(values, found):
    assert stand_ins(np.array(values, float)) == found


@pytest.mark.parametrize(
    ("no", "yes"),
    [("no", "yes"), ("N", "Y"), ("false", "TRUE"), ("F", "T"), ("off", "on"), ("nein", "Ja"), ("non", "oui")]
    + [("否", "是"), ("falso", "verdadero"), ("No", "Sí"), ("0", "1"), ("0.0", "1.0")],
)
def test_truth_in_any_words_is_the_same_for_features_and_targets(no, yes):
    cells = [no, yes, yes, no, yes]
    assert kinds.read(pa.array(cells), *kinds.infer(pa.array(cells))).tolist() == [0, 1, 1, 0, 1]
    table = read_table({"y": cells})
    target = Target.learn(table, "y")
    assert target.task == "classification"
    assert target.encode(table).tolist() == [0, 1, 1, 0, 1]
    assert Target.from_json(json.loads(json.dumps(target.to_json()))) == target


def test_a_target_with_a_unit_is_a_number_or_few_classes():
    prices = [f"${j},200" for j in range(1, 30)]
    with pytest.warns(Notice, match=r"target 'y': numbers written as \$1,234.5, '\$1,200' is 1200"):
        target = Target.learn(read_table({"y": prices}), "y")
    assert target.encode(read_table({"y": prices}))[:2].tolist() == [1200, 2200]
    terms = read_table({"y": ["36 months", "60 months"] * 10})
    assert Target.learn(terms, "y").labels == ("36 months", "60 months")


def test_what_is_said_twice_of_a_column_is_refused():
    table = read_table({"a": [1, 2, 4], "b": [1, 5, 4]})
    with pytest.raises(InputError, match="column 'a': asked to be two kinds at once"):
        Schema.learn(table, text=["a"], dates={"a": None})


def test_whole_numbers_under_the_name_of_a_code_are_pointed_out():
    columns = {"region_code": [j % 7 + 1 for j in range(60)], "size": [j % 7 + 1 for j in range(60)]}
    _, notices = learn(columns)
    assert notices == [
        "column 'region_code': whole numbers under the name of a code; if they are categories, say --text"
    ]
    assert learn(columns, text=["region_code"])[1] == []
    assert learn({"type": RANDOM.normal(size=60), "zip": np.arange(60) ** 2})[1] == []
