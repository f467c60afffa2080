"""As many folds as rows allow: the default gives way with a notice, what was asked for is refused with the way out."""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest

from normax.cli.runs.folding import with_folds
from normax.errors import InputError, Notice


@dataclass
class Options:
    cv: int


def rows(y, task="regression", labels=(), **beside):
    train = SimpleNamespace(y=np.asarray(y), time=beside.get("time"), groups=beside.get("groups"))
    return SimpleNamespace(train=train, target=SimpleNamespace(task=task, labels=labels))


@pytest.mark.parametrize(
    ("data", "folds", "why"),
    [
        (
            rows(np.zeros(100), time=np.repeat(np.arange(5), 20)),
            4,
            "forward folds need one time more, and there are 5",
        ),
        (
            rows(np.zeros(100), groups=np.repeat(np.arange(3), [50, 30, 20])),
            3,
            "every fold needs a group, and there are 3",
        ),
        (rows([0] * 50 + [1] * 6, "classification", ("no", "yes")), 6, "class 'yes' has 6"),
        (rows(np.zeros(7)), 7, "there are 7 rows"),
    ],
)
def test_fewer_folds_by_default_and_the_way_out_where_they_were_asked_for(data, folds, why):
    with pytest.warns(Notice, match=f"10 folds became {folds}: .*{why}"):
        assert with_folds(Options(10), data, asked=False).cv == folds
    with pytest.raises(InputError, match=f"--cv 10: .*{why}.*; say --cv {folds}"):
        with_folds(Options(10), data, asked=True)
    assert with_folds(Options(folds), data, asked=True).cv == folds


def test_a_class_of_one_row_has_no_folds():
    with pytest.raises(
        InputError,
        match=r"needs two folds at least, and .* class 'b', 'c' has 1; give it more rows or leave it out",
    ):
        with_folds(Options(10), rows([0, 0, 0, 1, 2], "classification", ("a", "b", "c")), asked=False)
