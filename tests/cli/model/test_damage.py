"""Damaged folders of models end in one line or predict what they did; none ends in a traceback."""

import hashlib
import json
import shutil
import warnings
from collections import Counter
from contextlib import suppress

import ml_dtypes
import numpy as np
import pytest
from safetensors.numpy import load_file, save

from normax import sealed
from normax.cli import main
from normax.cli.model.saved import SavedModel
from normax.errors import InputError
from normax.tables import read_table
from robustness.fuzz.recipes import FILES, change


def damaged(folder, goal, random, reseal, version=2):
    """Copy a folder and damage the copy.

    Args:
        folder, goal: from where to where.
        random: NumPy's generator.
        reseal: damage what is said and make every checksum right again; else damage bytes and files.
        version: of the copy before it is damaged; 1 had no checksum of the recipe.

    Returns:
        What was done, for messages.
    """
    shutil.rmtree(goal, ignore_errors=True)
    goal.mkdir()
    for name in (*FILES, "coefficients.csv"):
        if (folder / name).exists():
            shutil.copy(folder / name, goal / name)
    if version == 1:
        recipe = json.loads((goal / "model.json").read_text())
        recipe.pop("checksum")
        (goal / "model.json").write_text(json.dumps(recipe | {"version": 1}))
    if not reseal:
        return damage_bytes(goal, random) if random.random() < 0.9 else damage_files(goal, random)
    return damage_weights(goal, random) if random.random() < 0.3 else damage_recipe(goal, random, version)


def damage_bytes(folder, random):
    name = str(random.choice(FILES))
    data = bytearray((folder / name).read_bytes())
    kind, at = random.integers(7), int(random.integers(len(data)))
    other = int(random.integers(len(data)))
    if kind <= 1:
        data[at] ^= 1 << int(random.integers(8))
    elif kind == 2:
        del data[at:]
    elif kind == 3:
        data[at : at + 16] = random.bytes(16)
    elif kind == 4:
        del data[at : at + int(random.integers(1, 40))]
    elif kind == 5:
        data[at:at] = data[other : other + 20]
    else:
        data[at], data[other] = data[other], data[at]
    (folder / name).write_bytes(data)
    return f"{name}: bytes {kind} at {at}"


def damage_files(folder, random):
    one, other = (folder / name for name in FILES)
    kind = int(random.integers(7))
    if kind == 0:
        one.unlink()
    elif kind == 1:
        other.unlink()
    elif kind == 2:
        swapped = one.read_bytes(), other.read_bytes()
        other.write_bytes(swapped[0])
        one.write_bytes(swapped[1])
    elif kind == 3:
        other.unlink()
        other.mkdir()
    elif kind == 4:
        one.write_text('{"a":' * 100_000)
    elif kind == 5:
        other.write_bytes(b"")
    else:
        other.unlink()
        other.symlink_to(other.name)
    return f"files {kind}"


def damage_recipe(folder, random, version):
    recipe = json.loads((folder / "model.json").read_text())
    recipe.pop("checksum", None)
    done = [change(recipe, random) for _ in range(int(random.integers(1, 3)))]
    with suppress(ValueError, RecursionError):  # what JSON cannot say stays as it was
        seal(folder, recipe, version)
    return "; ".join(done)


def seal(folder, recipe, version):
    if version == 1:
        (folder / "model.json").write_text(json.dumps(recipe))
    else:
        content = {k: v for k, v in recipe.items() if k not in ("format", "version")}
        sealed.write_json(
            folder / "model.json", recipe.get("format", "normax model"), recipe.get("version", 2), content
        )


def damage_weights(folder, random):
    arrays = load_file(folder / "model.safetensors")
    name = str(random.choice(list(arrays)))
    array, kind = arrays[name], int(random.integers(9))
    if kind == 0:
        del arrays[name]
    elif kind == 1:
        arrays[f"{name}s"] = arrays.pop(name)
    elif kind == 2:
        arrays["more"] = array
    elif kind == 3:
        arrays[name] = array.astype(
            [np.float16, np.int32, np.uint8, np.bool_, np.complex64][int(random.integers(5))]
        )
    elif kind == 4:
        arrays[name] = array.astype(ml_dtypes.bfloat16)
    elif kind == 5:
        arrays[name] = np.full_like(array, [np.nan, np.inf][int(random.integers(2))])
    elif kind == 6:
        arrays[name] = array.reshape(-1, 1)[:-1]
    elif kind == 7:
        arrays[name] = np.concatenate([array, array])
    else:
        arrays[name] = array.T[None] if array.ndim > 1 else array[0]
    data = save({n: np.array(a, order="C") for n, a in arrays.items()})
    (folder / "model.safetensors").write_bytes(data)
    recipe = json.loads((folder / "model.json").read_text())
    recipe.pop("checksum", None)
    recipe["weights"]["sha256"] = hashlib.sha256(data).hexdigest()
    seal(folder, recipe, recipe["version"])
    return f"{name}: weights {kind}"


def outcome(folder, table):
    """ "refused", or the outputs and what `show` prints."""
    try:
        model = SavedModel(folder)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return model.outputs(table)
    except InputError:
        return "refused"


def tried(fitted, table, tmp_path, capsys, seeds, **kind):
    """Counts of how damaged folders end; what is shown must be so or refused in one line."""
    right, counts = SavedModel(fitted).outputs(table), Counter()
    for seed in seeds:
        done = damaged(fitted, tmp_path / "damaged", np.random.default_rng(seed), **kind)
        found = outcome(tmp_path / "damaged", table)
        if isinstance(found, str):
            counts[found] += 1
        else:
            counts["same" if np.array_equal(found, right) else "other"] += 1
            if not kind["reseal"] and kind.get("version", 2) == 2:
                assert np.array_equal(found, right), f"{done} (seed {seed})"
        assert main(["show", str(tmp_path / "damaged")]) in (0, 2), f"{done} (seed {seed})"
        said = capsys.readouterr()
        assert len(said.err.splitlines()) <= 1, f"{done} (seed {seed})"
        assert len(said.err) < 4100, f"{done} (seed {seed})"
    return counts


SEEDS = [range(60), pytest.param(range(60, 3000), marks=pytest.mark.slow)]


@pytest.fixture(scope="module")
def rows(table):
    return read_table(table.head(20))


@pytest.mark.parametrize("seeds", SEEDS)
def test_damaged_bytes_are_refused_or_harmless(fitted, rows, tmp_path, capsys, seeds):
    counts = tried(fitted, rows, tmp_path, capsys, seeds, reseal=False)
    assert counts["other"] == 0
    assert counts["refused"] > 0.8 * len(seeds)


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("seeds", SEEDS)
def test_nonsense_under_right_checksums_is_refused_by_name(fitted, rows, tmp_path, capsys, seeds, version):
    counts = tried(fitted, rows, tmp_path, capsys, seeds, reseal=True, version=version)
    assert counts["refused"] > 0.3 * len(seeds)


@pytest.mark.parametrize("seeds", SEEDS)
def test_damaged_bytes_of_folders_without_a_checksum(fitted, rows, tmp_path, capsys, seeds):
    counts = tried(fitted, rows, tmp_path, capsys, seeds, reseal=False, version=1)
    assert counts["refused"] > 0.5 * len(seeds)
