"""What the columns of a table agree on that can be read in two ways."""

import pytest

from normax.errors import Notice
from normax.tables import Locale, Schema, Target, read_table


@pytest.mark.parametrize(
    ("cells", "example", "value"),
    [
        (["5 125,7", "12,5"], "5 125,7", "5125.7"),
        (["12,5", "5 125,7"], "12,5", "12.5"),
        (["1.299,99", "4.000,10"], "1.299,99", "1299.99"),
    ],
)
def test_decimal_commas_are_said_by_an_example(cells, example, value):
    with pytest.warns(Notice) as said:
        assert Locale.of(read_table({"x": cells})).decimal == ","
    assert f"numbers have decimal commas: {example!r} in column 'x' is {value}" in str(said[0].message)


def test_points_between_thousands_are_said():
    with pytest.warns(Notice, match=r"points between thousands: '1\.234\.567' in column 'x' is 1234567"):
        assert Locale.of(read_table({"x": ["1.234", "1.234.567"]})).decimal == ","


def test_points_that_may_be_either_are_said_where_a_semicolon_parts_cells(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("x;y\n1.234;5\n7.430;6\n")
    table = read_table(file)
    with pytest.warns(
        Notice, match=r"'1\.234' is 1\.234; if they stand between thousands, say --thousands \."
    ):
        assert Locale.of(table) == Locale()
    with pytest.warns(Notice, match=r"column 'x': numbers written as 1\.234,5, '1\.234' is 1234"):
        schema = Schema.learn(table, locale=Locale.of(table, Locale(thousands=".")))
    assert schema.encode(table)[:, 0].tolist() == [1234.0, 7430.0]
    with pytest.warns(Notice, match=r"target 'x': numbers written as 1\.234,5, '1\.234' is 1234"):
        Target.learn(table, "x", "regression", locale=Locale(thousands="."))
    file.write_text("x;z\n1.234;5.5\n7.430;6.25\n")  # another column tells that points are decimal
    assert Locale.of(read_table(file)).decimal == "."
