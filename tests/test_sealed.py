"""Checksums, and forms: whatever is not as it was written is refused in one line."""

import json

import ml_dtypes
import numpy as np
import pytest

from normax import sealed
from normax.errors import LONGEST, InputError, Notice, suggest
from normax.forms import check

ARRAYS = {
    "a": np.arange(6.0).reshape(2, 3),
    "b/c": np.array(3, np.int32),
    "half": np.ones(2, ml_dtypes.bfloat16),
}
FACTS = {"format": "thing", "version": 1, "name": 'Zürich "7"', "of": [1, None, 0.1]}


def test_what_was_written_is_read(tmp_path):
    sealed.write_sealed(tmp_path / "f", ARRAYS, FACTS)
    arrays, facts = sealed.read_sealed(tmp_path / "f", "thing")
    assert facts == FACTS
    assert {n: (a.dtype, a.tolist()) for n, a in arrays.items()} == {
        n: (a.dtype, a.tolist()) for n, a in ARRAYS.items()
    }
    content = {"name": "Zürich \udcff", "values": [0.1, 1e-300, 3, None, True]}
    sealed.write_json(tmp_path / "j", "thing", 2, content)
    assert sealed.read_json(tmp_path / "j", "thing", 2) == {"format": "thing", "version": 2, **content}


def test_every_byte_counts(tmp_path):
    file = tmp_path / "f"
    sealed.write_sealed(file, ARRAYS, FACTS)
    data = file.read_bytes()
    for at in range(len(data)):
        file.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        with pytest.raises(InputError):
            sealed.read_sealed(file, "thing")
        file.write_bytes(data[:at])
        with pytest.raises(InputError):
            sealed.read_sealed(file, "thing")
    file.write_bytes(data + b"\0")
    with pytest.raises(InputError, match="damaged"):
        sealed.read_sealed(file, "thing")


def test_json_is_told_from_damage_by_what_it_says(tmp_path):
    file = tmp_path / "j"
    sealed.write_json(file, "thing", 2, {"values": [0.1, 2]})
    text = file.read_text()
    file.write_text(json.dumps(json.loads(text)))  # other white space
    assert sealed.read_json(file, "thing", 2)["values"] == [0.1, 2]
    for damaged, message in [
        (text.replace("0.1", "0.2"), "not what its checksum is of"),
        (text.replace('"version": 2', '"version": 3'), "written by a newer normax"),
        (text.replace('"version": 2', '"version": 1'), "not what its checksum is of"),
        (text.replace('"version": 2', '"version": "2"'), 'expected a version from 1 to 2, got "2"'),
        (text.replace('"thing"', '"other"'), "expected the description of a thing"),
        (text.replace("0.1", "NaN"), "NaN is no number"),
        (text.replace("0.1", "9" * 5000), "cannot be read"),
        ("[" * 100_000, "nested too deeply"),
        (text[:-3], "cannot be read"),
        ("\xff", "cannot be read"),
    ]:
        file.write_text(damaged, encoding="latin-1")
        with pytest.raises(InputError, match=message):
            sealed.read_json(file, "thing", 2, sealed=2)


def test_all_faults_of_a_form_in_one_line():
    form = dict[str, list[tuple[str, float]] | None]
    check({"a": None, "b": [["x", 1], ["y", 2.5]]}, form, "f")
    with pytest.raises(InputError) as error:
        check({"a": 3, "b": [["x"], ["y", True], ["z", 10**400]]}, form, "f")
    for fault in (
        "f: a: expected a list, got 3; ",
        "b[0]: expected 2 entries, got 1; ",
        "b[1][1]: expected a finite number, got true; ",
        "b[2][1]: expected a finite number, got 1000",
    ):
        assert fault in str(error.value)
    assert len(str(error.value)) < 300
    with pytest.raises(InputError, match="and more"):
        check(["x"] * 1000, list[int], "f")


def test_messages_are_bounded():
    for kind in (InputError, Notice):
        message = str(kind("the cause: " + "x" * 10_000_000 + "; the cure"))
        assert len(message) <= LONGEST
        assert message.startswith("the cause: ")
        assert message.endswith("; the cure")
    assert suggest("x" * 10**6, ["y" * 10**6]) == ""
