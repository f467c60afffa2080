"""Dates and times as people write them, against Python's own calendar."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from normax.errors import InputError, Notice
from normax.tables import Locale, Schema, kinds, read_table
from normax.tables.date_forms import DATE_FORMATS, TIME_FORMATS, form_of, is_form

DAYS = [
    dt.date(2015, 1, 1) + dt.timedelta(days=int(d)) for d in np.random.default_rng(0).integers(0, 900, 50)
]
EPOCH = dt.date(1970, 1, 1)


@pytest.mark.parametrize(
    ("format", "form"),
    [("%Y-%m-%d", "year-month-day"), ("%d.%m.%Y", "day.month.year"), ("%d-%m-%Y", "day-month-year")]
    + [("%m/%d/%Y", "month/day/year"), ("%d. %m. %Y", "day.month.year"), ("%Y %m %d", "year month day")]
    + [("%d.%m.%y", "day.month.yy"), ("%m/%d/%y", "month/day/yy"), ("%d-%b-%y", "day Month yy")]
    + [("%b %d, %Y", "Month day year"), ("%d %B %Y", "day Month year"), ("%A, %d %B %Y", "day Month year")]
    + [("%d%b%Y", "day Month year"), ("%Y-%b-%d", "year Month day"), ("%Y%m%d", "yearmonthday")]
    + [("%d%m%Y", "daymonthyear"), ("%m%d%Y", "monthdayyear")]
    + [("%Y年%m月%d日", "year年month月day日"), ("%G-W%V-%u", "year-Wweek-weekday")]
    + [("%a %b %d %H:%M:%S %Y", "Month day hour:minute:second year"), ("%d.%m.%Y %H:%M", "day.month.year")],
)
def test_every_order_of_day_month_and_year(format, form):
    cells = pa.array([day.strftime(format) for day in DAYS])
    assert kinds.infer(cells) == ("date", form)
    assert kinds.read(cells, "date", form).tolist() == [(day - EPOCH).days for day in DAYS]


@pytest.mark.parametrize(
    ("cells", "form", "first"),
    [
        (["2016-08", "2017-12"], "year-month", dt.date(2016, 8, 1)),
        (["Aug 2016", "December 2017"], "Month year", dt.date(2016, 8, 1)),
        (["Aug-16", "Nov-99"], "Month yy", dt.date(2016, 8, 1)),
        (["08/2016", "12/2017"], "month/year", dt.date(2016, 8, 1)),
        (["2016M8", "2016M11"], "yearMmonth", dt.date(2016, 8, 1)),
        (["2016Q3", "2016Q4"], "yearQquarter", dt.date(2016, 7, 1)),
        (["Q3 2016", "Q4 2016"], "Qquarter year", dt.date(2016, 7, 1)),
        (["2016-W33", "2016-W01"], "year-Wweek", dt.date.fromisocalendar(2016, 33, 1)),
        (["2020-W53", "2016-W01"], "year-Wweek", dt.date.fromisocalendar(2020, 53, 1)),
        (["2016年8月", "2016年12月"], "year年month月", dt.date(2016, 8, 1)),
        (["17. März 2016", "1 mars 2016"], "day Month year", dt.date(2016, 3, 17)),
        (
            ["17 de agosto".replace(" de ", " ") + " 2016", "1 enero 2016"],
            "day Month year",
            dt.date(2016, 8, 17),
        ),
        (["17.8.16", "31.12.99"], "day.month.yy", dt.date(2016, 8, 17)),
    ],
)
def test_parts_of_a_year_are_their_first_day(cells, form, first):
    cells = pa.array(cells)
    assert kinds.infer(cells) == ("date", form)
    assert kinds.read(cells, "date", form)[0] == (first - EPOCH).days


@pytest.mark.parametrize(
    ("cells", "hours"),
    [
        (["14:30", "00:15:36", "24:00"], [14.5, 0.26, 24]),
        (["14h30", "9h15"], [14.5, 9.25]),
        (["2:30 PM", "12:00 am", "12:00 p.m."], [14.5, 0, 12]),
        (["9 AM", "12 PM"], [9, 12]),
        (["90:30", "1:15"], [90.5, 1.25]),
    ],
)
def test_times_of_day(cells, hours):
    cells = pa.array(cells)
    kind, form = kinds.infer(cells)
    assert kind == "time"
    np.testing.assert_allclose(kinds.read(cells, kind, form), hours)


def test_zones_are_taken_to_utc():
    cells = pa.array(["2020-01-02T01:00:00+02:00", "2020-01-01 18:00 -0500", "2020-01-01T23:00Z"])
    expected = [dt.datetime.fromisoformat("2020-01-01T23:00:00+00:00").timestamp() / 86400] * 3
    np.testing.assert_allclose(kinds.read(cells, *kinds.infer(cells)), expected, rtol=1e-14)
    assert kinds.infer(pa.array(["2020-01-02T01:00:00+02:00", "2020-01-02T01:00:00"]))[0] == "text"
    named = pa.array(["2020-01-02 00:00 CET", "2020-01-01 18:00 EST", "2020-01-01 23:00 UTC"])
    np.testing.assert_allclose(kinds.read(named, *kinds.infer(named)), expected, rtol=1e-14)


@pytest.mark.parametrize(
    "cells",
    [["30.2.2016", "1.1.2016"], ["2016-W54", "2016-W01"], ["2015-W53", "2016-W53"], ["25:00 PM", "1:00 AM"]]
    + [["2016-13", "2016-01"], ["12 foo 2016", "1 mai 2016"], ["2016Q5", "2016Q1"], ["jui 2016", "mai 2016"]]
    + [["14:60", "1:00"], ["1.5.20166", "1.5.2016"]],
)
def test_what_is_no_date(cells):
    assert kinds.infer(pa.array(cells))[0] == "text"


def test_numbers_are_dates_only_where_chance_would_not_make_them():
    dates = pa.array([int(day.strftime("%Y%m%d")) for day in DAYS])
    assert kinds.infer(dates) == ("date", "yearmonthday")
    assert kinds.read(dates, "date", "yearmonthday")[0] == (DAYS[0] - EPOCH).days
    assert kinds.infer(pa.array([20160101, 20160102])) == ("numeric", None)
    assert kinds.infer(pa.array([20160101, 20160102, 20160133])) == ("numeric", None)
    assert kinds.infer(pa.array([201601 + j for j in range(8)])) == ("date", "yearmonth")
    assert kinds.infer(pa.array([201601 + j for j in range(20)])) == ("numeric", None)


@pytest.mark.parametrize(
    ("cells", "day_first"),
    [
        (["1/2/2020", "1/3/2020", "1/4/2021"], True),  # in order only so, the first of each month
        (["3/1/2020", "3/9/2020", "4/2/2020"], False),  # in order only so
        (["3/4/2020", "1/2/2020", "5/1/2019"], True),  # nothing tells: the day first
        (["3/1/2020", "31/1/2020"], True),
        (["3/1/2020", "1/31/2020"], False),
    ],
)
def test_day_or_month_first(cells, day_first):
    form = "day/month/year" if day_first else "month/day/year"
    assert kinds.infer(pa.array(cells)) == ("date", form)


def test_one_column_tells_the_order_of_another():
    table = read_table(
        {"a": ["3/4/2020", "1/2/2020", "5/1/2019"], "b": ["1/31/2020", "2/1/2020", "2/1/2020"]}
    )
    locale = Locale.of(table)
    assert locale.day_first is False
    assert kinds.infer(table.column("a"), locale) == ("date", "month/day/year")


@pytest.mark.parametrize(
    ("said", "form"),
    [("%d.%m.%Y", "day.month.year"), ("%m/%d/%y", "month/day/yy"), ("DD.MM.YYYY", "day.month.year")]
    + [
        ("%Y-%m-%d %H:%M:%S", "year-month-day"),
        ("YYYY-MM-DD HH:mm", "year-month-day"),
        ("%d %b %Y", "day Month year"),
    ]
    + [("%y%m%d", "yymonthday"), ("year-month", "year-month"), ("year", "year")],
)
def test_a_user_says_the_form_in_any_of_three_ways(said, form):
    assert form_of(said) == form


def test_what_says_no_form_is_refused():
    for said in ("", "foo", "%q", "day.month", "day.day.year", "12.5.2016"):
        with pytest.raises(InputError, match="is no way to write dates"):
            form_of(said)
    assert all(map(is_form, DATE_FORMATS + TIME_FORMATS))


def test_dates_that_are_asked_for_are_read_so():
    table = read_table({"t": [160817, 160901, 170101, 170203], "x": [1.5, 2, 3, 7]})
    with pytest.warns(Notice, match="column 't': years of two digits are from 1969 to 2068"):
        schema = Schema.learn(table, dates={"t": form_of("%y%m%d")})
    assert schema.encode(table)[0, 0] == (dt.date(2016, 8, 17) - EPOCH).days
    years = read_table({"t": [2016, 2017, 2018, 2020], "x": [1.5, 2, 3, 7]})
    assert Schema.learn(years, dates={"t": None}).columns[0].form == "year"
    with pytest.raises(InputError, match=r"column 'x': row 1 holds .*expected a date"):
        Schema.learn(read_table({"x": ["soon", "later"]}), dates={"x": None})


def test_days_that_are_none_are_missing_and_more_are_told():
    days = [f"2024-0{1 + j % 9}-{1 + j % 28:02d}" for j in range(40)]
    none = ["0000-00-00" if j % 5 == 0 else day for j, day in enumerate(days)]
    with pytest.warns(Notice, match="column 't': '0000-00-00' taken as missing"):
        schema = Schema.learn(read_table({"t": none}))
    assert schema.columns[0].kind == "date"
    assert schema.columns[0].missing
    later = ["later" if j % 5 == 0 else day for j, day in enumerate(days)] * 2
    with pytest.warns(
        Notice, match=r"not a date in 16 cells \('later'\); if that means missing, say --missing later"
    ):
        assert Schema.learn(read_table({"t": later})).columns[0].kind == "text"
