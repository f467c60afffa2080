"""The target: its task, its labels as they were, and every column that cannot be one."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest

from normax.errors import InputError, Notice
from normax.tables import Target, read_table


def table(cells):
    return read_table({"y": cells})


@pytest.mark.parametrize(
    ("cells", "task", "labels", "loss"),
    [
        ([1.5, 2.5, 3.5], "regression", (), "squared"),
        (np.arange(40), "regression", (), "squared"),
        (["b", "a", "b", "a"], "classification", ("a", "b"), "binary_cross_entropy"),
        (["10", "9", "10", "9"], "classification", (9, 10), "binary_cross_entropy"),
        (["1.0", "0", "1", "0.0"], "classification", (0, 1), "binary_cross_entropy"),
        ([1.0, 2.0, 1.0, 2.0], "classification", (1, 2), "binary_cross_entropy"),
        (["1,5", "2", "7,25"], "regression", (), "squared"),
        ([0.5, 1.0, 0.5, 1.0], "classification", (0.5, 1.0), "binary_cross_entropy"),
        ([True, False, True, True], "classification", (False, True), "binary_cross_entropy"),
        (["yes", "no", "no", "no"], "classification", ("no", "yes"), "binary_cross_entropy"),
        (["a", "b", "c"] * 3, "classification", ("a", "b", "c"), "cross_entropy"),
    ],
)
def test_the_task_and_the_labels(cells, task, labels, loss):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "target 'y': numbers written as", Notice)
        target = Target.learn(table(cells), "y")
    assert (target.task, target.labels, target.loss) == (task, labels, loss)
    assert [type(label) for label in target.labels] == [type(label) for label in labels]
    assert target.outputs == (3 if len(labels) == 3 else 1)
    assert Target.from_json(json.loads(json.dumps(target.to_json()))) == target


def test_few_whole_numbers_are_classes_with_a_notice():
    with pytest.warns(Notice, match="3 different whole numbers, taken as classes"):
        assert Target.learn(table([3, 1, 2] * 4), "y").labels == (1, 2, 3)
    assert Target.learn(table([3, 1, 2] * 4), "y", task="regression").task == "regression"
    assert Target.learn(table([0, 1] * 4), "y", task="regression").loss == "squared"
    assert Target.learn(table(np.arange(40) % 20), "y", task="classification").outputs == 20


@pytest.mark.parametrize(
    "cells", [["b", "a", "c", "a", "b", "c"], [30, 10, 20, 10, 30, 20], [False, True, True, False]]
)
def test_labels_come_back_as_they_were(cells):
    target = Target.learn(table(cells), "y", task="classification")
    codes = target.encode(table(cells))
    outputs = np.eye(len(target.labels))[codes] if len(target.labels) > 2 else codes - 0.5
    assert target.predict(outputs).tolist() == cells


@pytest.mark.parametrize(
    ("cells", "labels", "message"),
    [
        (["01", "1", "02", "2"], ("01", "02", "1", "2"), "labels are text, not numbers: leading zeros"),
        (["9007199254740993", "9007199254740992"], None, "whole numbers too long to stay apart"),
        ([2**53 + 1, 2**53, -5], (-5, 2**53, 2**53 + 1), "whole numbers too long to stay apart"),
        (["NA", "EU", "AS"], ("AS", "EU", "NA"), "'NA' is a class, of 3 rows; if it means missing"),
    ],
)
def test_labels_that_numbers_or_gaps_would_merge_stay_apart(cells, labels, message):
    with pytest.warns(Notice, match=message):
        target = Target.learn(table(cells * 3), "y", task="classification")
    assert target.labels == (labels or tuple(sorted(cells)))
    codes = target.encode(table(cells))
    assert [target.labels[code] for code in codes] == cells
    assert Target.from_json(json.loads(json.dumps(target.to_json()))) == target


def test_truth_values_are_two_classes_however_they_are_written():
    with pytest.warns(Notice) as said:
        target = Target.learn(table(["Yes", "no", "yes", "Yes", "NO ", "no"]), "y")
    assert target.labels == ("no", "Yes")
    assert [str(w.message) for w in said] == [
        "target 'y': 'NO', 'no' are one class",
        "target 'y': 'Yes', 'yes' are one class",
    ]
    assert target.encode(table(["YES", "No", "n"])).tolist() == [1, 0, 0]
    with pytest.raises(InputError, match="row 2 holds 'maybe', expected true or false, yes or no"):
        target.encode(table(["yes", "maybe"]))


def test_truth_in_words_and_numbers_is_two_classes_called_by_the_words():
    with pytest.warns(Notice, match="are one class") as said:
        target = Target.learn(table(["TRUE", "0", "1", "FALSE", "1"]), "y")
    assert {str(each.message).split("target 'y': ")[1][:12] for each in said} == {
        "'0', 'FALSE'",
        "'1', 'TRUE' ",
    }
    assert target.labels == ("FALSE", "TRUE")
    assert target.encode(table(["1", "false", "0"])).tolist() == [1, 0, 0]


def test_classes_that_capitals_alone_tell_apart_are_pointed_out():
    with pytest.warns(Notice, match="capitals alone; if they mean the same, write them alike: 'Cat', 'cat'"):
        Target.learn(table(["Cat", "cat", "dog"] * 3), "y")


def test_numbers_are_read_as_they_were_written():
    with pytest.warns(Notice, match="target 'y': numbers written as 1.234,5"):
        target = Target.learn(table(["1,5", "1.002,5", "7"]), "y")
    assert target.encode(table(["2,5", "7"])).tolist() == [2.5, 7]
    with pytest.raises(
        InputError, match=r"row 1 holds '2\.5', expected a number written as 1\.234,5 for regression"
    ):
        target.encode(table(["2.5"]))


def test_probabilities():
    two = Target("y", "classification", ("a", "b"))
    np.testing.assert_allclose(
        two.probabilities(np.array([0.0, np.log(3), 800])), [[0.5, 0.5], [0.25, 0.75], [0, 1]]
    )
    three = Target("y", "classification", ("a", "b", "c"))
    np.testing.assert_allclose(three.probabilities(np.log([[1.0, 2, 5]])), [[0.125, 0.25, 0.625]])


def test_log_target():
    target = Target.learn(table([1.0, 10.0, 100.0]), "y", log=True)
    np.testing.assert_allclose(target.encode(table([1.0, 10.0])), np.log([1, 10]))
    np.testing.assert_allclose(target.predict(np.log([[3.0], [4.0]])), [3, 4])
    with pytest.raises(InputError, match="--log-target: target 'y' has 0 in row 2"):
        Target.learn(table([1.0, 0.0, 2.5]), "y", log=True)
    with pytest.raises(InputError, match="--log-target: expected a regression target, got classes"):
        Target.learn(table(["a", "b", "a", "b"]), "y", log=True)


@pytest.mark.parametrize(
    ("cells", "task", "message"),
    [
        (
            [1.0, np.nan, 2.0],
            None,
            "target 'y' is missing in 1 of 3 rows (first: row 2); leave those rows out by --drop-missing-target",
        ),
        (["1.5", "NA", "2"], None, "missing in 1 of 3 rows"),
        (["yes", "NA", "no"], None, "missing in 1 of 3 rows"),
        ([None, None], None, "every cell is missing"),
        ([np.nan, np.nan], None, "every cell is missing"),
        (["a", "a"], None, "target 'y' has one class only ('a'); a model needs two"),
        ([2.5, 2.5], None, "target 'y' is constant (2.5)"),
        ([1.0, np.inf, 3.0], None, "target 'y' has inf in row 2"),
        (["a", "b", "c", "d", "e", "a"], None, "5 labels in 6 rows"),
        (["1", "2", "x", "4", "5"], None, "target 'y': row 3 holds 'x' where most rows hold numbers"),
        (["a", "b"], "regression", "target 'y': row 1 holds 'a', expected a number for regression"),
        (["2020-01-01", "2020-01-02"], None, "target 'y' holds dates"),
        ([b"x"], None, "cells of type binary"),
        (
            [1, 2],
            "regresion",
            "expected regression or classification, got 'regresion'; did you mean 'regression'?",
        ),
    ],
)
def test_what_cannot_be_a_target(cells, task, message):
    with pytest.raises(InputError) as error:
        Target.learn(table(cells), "y", task=task)
    assert message in str(error.value)


def test_later_tables():
    target = Target.learn(table(["1", "2", "1", "2"]), "y")
    assert target.encode(read_table(pd.DataFrame({"y": [2.0, 1.0]}))).tolist() == [1, 0]
    with pytest.raises(InputError, match=r"labels that the training rows had not: 3\.0"):
        target.encode(table([1, 3]))
    with pytest.raises(InputError, match="row 1 holds 'x', expected a number"):
        target.encode(table(["x", "1"]))
    with pytest.raises(InputError, match="labels that the training rows had not: 'c'"):
        Target.learn(table(["a", "b", "a", "b"]), "y").encode(table(["a", "c"]))
    with pytest.raises(InputError, match="no column 'Y'"):
        Target.learn(table([1, 2]), "Y")
