"""What the columns of a table agree on that can be read in two ways."""

import pytest

from normax.errors import Notice
from normax.tables import Locale, read_table


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
