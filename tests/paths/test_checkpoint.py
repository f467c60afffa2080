"""Parts of a path on disk: what is read is what was written, of this path and in its place."""

import json
import os
import re

import ml_dtypes
import numpy as np
import pytest

from normax import sealed
from normax.errors import InputError
from normax.paths.checkpoint import Part, PathCheckpoint

IDENTITY = {"data": "0123", "folds": "4567"}
STRENGTHS = np.array([0.1, 1e-300, 3.0])
LANES = 2


def part(seed=0, lanes=LANES):
    random = np.random.default_rng(seed)
    weights = [random.normal(size=(lanes, 3, 4)).astype("f"), np.ones((lanes, 2), ml_dtypes.bfloat16)]
    errors, curves = np.full((lanes, 2), np.nan), random.normal(size=(lanes, 5))
    return Part(
        weights, [np.arange(lanes)], errors, np.full(lanes, 5), curves, random.normal(size=(lanes, 7))
    )


START = [np.zeros((3, 4), "f"), np.zeros(2, ml_dtypes.bfloat16)], [np.zeros((), int)]


def opened(folder, identity=IDENTITY):
    kept = PathCheckpoint(folder)
    kept.identify(identity)
    return kept


@pytest.fixture
def folder(tmp_path):
    kept = opened(tmp_path / "run")
    kept.begin(STRENGTHS, "vmap", 16)
    for chunk in range(2):
        kept.write(0, chunk, part(chunk))
    return tmp_path / "run"


def read(folder, number=0, chunk=0, identity=IDENTITY, lanes=LANES, start=START):
    return opened(folder, identity).read(number, chunk, lanes, start)


def test_parts_come_back_as_they_were(folder):
    found, expected = read(folder), part()
    for one, other in zip(found, expected):
        for a, b in zip(one, other) if isinstance(one, list) else [(one, other)]:
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a, b)
    assert read(folder, number=1) is None
    assert PathCheckpoint(folder).head["strengths"] == STRENGTHS.tolist()


def test_a_part_in_anothers_place_is_refused(folder):
    name = "rows-{}-lanes-{}.safetensors".format
    (folder / name(0, 1)).rename(folder / name(0, 0))
    with pytest.raises(InputError, match="another part, or one of another path; delete it"):
        read(folder)
    for shapes in ({"lanes": 3}, {"start": (START[0][:1], START[1])}, {"start": (START[0], [np.zeros(2)])}):
        (folder / name(0, 0)).unlink()
        opened(folder).write(0, 0, part())
        with pytest.raises(InputError, match=r"rows-0-lanes-0.*(expected|unexpected)"):
            read(folder, **shapes)


def test_damaged_parts_are_refused(folder):
    file, random = folder / "rows-0-lanes-0.safetensors", np.random.default_rng(0)
    data = file.read_bytes()
    for _ in range(200):
        at = int(random.integers(len(data)))
        damaged = bytearray(data)
        if random.random() < 0.5:
            damaged[at] ^= 1 << int(random.integers(8))
        else:
            del damaged[at:]
        file.write_bytes(damaged)
        with pytest.raises(InputError, match="delete it, and that part is trained again"):
            read(folder)


def test_a_damaged_description_is_refused(folder):
    head = folder / "path.json"
    text = head.read_text()
    content = json.loads(text)
    content.pop("checksum")
    for damaged, message in [
        (text.replace("0.1", "0.2"), "not what its checksum is of"),
        (text[:-2], "cannot be read"),
        ("[]", "expected the description of a normax path"),
        (
            json.dumps({"identity": {}, "strengths": [], "way": "vmap"}),
            "expected the description of a normax path",
        ),
        (json.dumps(content | {"version": 9}), "written by a newer normax"),
    ]:
        head.write_text(damaged)
        with pytest.raises(InputError, match=re.escape(message) + ".*; name another folder"):
            PathCheckpoint(folder)
    nonsense = {"identity": 3, "strengths": ["a"], "way": None}
    sealed.write_json(head, "normax path", 1, nonsense)
    with pytest.raises(InputError, match=r"identity: .*; strengths\[0\]: .*; way: expected text, got null"):
        PathCheckpoint(folder)


def test_notes_beside_the_parts_stay(folder):
    notes = {".path.json.notes", ".rows-0-lanes-0.safetensors.1.part"}
    for name in notes:
        (folder / name).touch()
    kept = opened(folder)
    kept.write(1, 0, part())
    assert notes < set(os.listdir(folder))
