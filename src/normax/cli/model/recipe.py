"""What `model.json` says, and the one reader that has checked all of it, and the weights, before any use."""

from __future__ import annotations

import os
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, TypedDict

import numpy as np

from normax.cli.details import PathDetails
from normax.cli.folder import current
from normax.cli.model.coefficients import feature_names
from normax.cli.options.values import is_family
from normax.errors import InputError
from normax.files import sha256
from normax.forms import check, made
from normax.sealed import read_arrays, read_json, write_json
from normax.tables import Column, Expansion, Schema, Target
from normax.tables.kinds import BOOLEAN, DATE, NUMERIC, TEXT, TIME, WORDS, is_form
from normax.tables.words import TRUTH, is_truth

__all__ = ["FORMAT", "VERSION", "read", "write"]

#: Version 2 has a checksum over the recipe, which holds one of the weights; version 1 had that alone.
FORMAT, VERSION, SEALED = "normax model", 2, 2

WEIGHTS = "model.safetensors"


class Mlp(TypedDict):
    """Two hidden layers."""

    kind: Literal["mlp"]
    width: int
    in_features: int
    out_features: int


#: A class of the user's own file; `class` is a word of Python's.
File = TypedDict(
    "File",
    {
        "kind": Literal["file"],
        "file": str,
        "from_folder": str,
        "class": str,
        "sha256": str,
        "in_features": int,
        "out_features": int,
    },
)


class Output(TypedDict):
    """How a network's output becomes the target: `output · scale + mean`."""

    mean: float
    scale: float


class Weights(TypedDict):
    """Which file has the arrays."""

    file: Literal["model.safetensors"]
    sha256: str


class Added(TypedDict, total=False):
    """What `model.json` has come to hold since its version 2, and may be without."""

    expansion: Expansion | None


class Recipe(Added):
    """All of `model.json`."""

    target: Target
    network: Mlp | File | None
    output: Output
    schema: Schema
    features: list[str]
    fill: list[float]
    mean: list[float]
    scale: list[float]
    weights: Weights
    details: PathDetails


def write(folder: Path, arrays: dict[str, np.ndarray], recipe: dict[str, Any]) -> None:
    """Write `model.safetensors` and `model.json`, which holds the weights' checksum and its own."""
    from safetensors.numpy import save

    data = save({name: np.array(array, order="C") for name, array in arrays.items()})
    (folder / WEIGHTS).write_bytes(data)
    recipe["weights"] = {"file": WEIGHTS, "sha256": sha256(data)}
    write_json(folder / "model.json", FORMAT, VERSION, recipe)


def read(folder: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The recipe and the weights of a folder, both as they were written and fit for use.

    Raises:
        InputError: if it is no such folder, or with everything that is wrong in it.
    """
    if not folder.is_dir():
        raise InputError(
            f"{folder}: no such folder; expected one that `normax path` or `normax compare` wrote"
        )
    while True:
        with ExitStack() as held:
            before = _stamp(folder, held)
            try:
                return _read(current(folder))
            except InputError:
                if _stamp(folder, held) == before:  # else the folder was replaced meanwhile
                    raise


def _stamp(folder: Path, held: ExitStack) -> tuple[int, int] | None:
    """Which file `model.json` is: held open, since the system gives the number of a removed file to the next."""
    file = current(folder) / "model.json"
    try:
        if not file.is_file():
            return None
        found = os.fstat(held.enter_context(file.open("rb")).fileno())
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def _read(folder: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    file, weights = folder / "model.json", folder / WEIGHTS
    if not file.is_file():
        raise InputError(
            f"{folder}: holds no model.json; expected a folder that `normax path` or `normax compare` wrote"
        )
    recipe = read_json(file, FORMAT, VERSION, SEALED)
    check(recipe, Recipe, str(file))
    _refuse(file, _recipe_faults(recipe))
    if not weights.is_file():
        raise InputError(f"{weights}: no such file; fit again")
    try:
        data = weights.read_bytes()
    except OSError as error:
        raise InputError(f"{weights}: cannot be read ({error.strerror})") from error
    if sha256(data) != recipe["weights"]["sha256"]:
        raise InputError(f"{weights}: damaged, or not the weights that model.json belongs to; fit again")
    arrays = read_arrays(data, str(weights))
    _refuse(weights, _weight_faults(recipe, arrays))
    return recipe, arrays


def _refuse(file: Path, faults: list[str]) -> None:
    if faults:
        raise InputError(f"{file}: damaged: {'; '.join(faults)}; fit again")


def _recipe_faults(recipe: dict[str, Any]) -> list[str]:
    """What contradicts itself in a recipe whose types are right."""
    schema, target = Schema.from_json(recipe["schema"]), Target.from_json(recipe["target"])
    faults = _target_faults(target) + _schema_faults(schema)
    if faults:
        return faults
    p, network = len(schema.features), recipe["network"]
    expansion = None if recipe.get("expansion") is None else made(recipe["expansion"], Expansion)
    if expansion is not None and (faults := expansion.faults(p)):
        return faults
    if expansion is not None and network is not None:
        return ["expansion: expected null beside a network"]
    names = feature_names(schema, expansion)
    p = len(names)
    if recipe["features"] != names:
        faults.append("features: not those of the schema")
    faults += [
        f"{name}: expected {p} numbers, one a feature, got {len(recipe[name])}"
        for name in ("fill", "mean", "scale")
        if len(recipe[name]) != p
    ]
    if recipe["fill"] != recipe["mean"]:
        faults.append("fill: not the means")
    if min(recipe["scale"], default=0) < 0:
        faults.append("scale: expected numbers >= 0")
    if not recipe["output"]["scale"] > 0:
        faults.append("output.scale: expected a number above 0")
    if network is not None:
        size = network["in_features"], network["out_features"]
        if size != (p, target.outputs):
            faults.append(f"network: of {size[0]} inputs and {size[1]} outputs, not {p} and {target.outputs}")
        if network.get("method", "l1") not in ("none", "l1", "l2", "elastic-net", "dropout", "batch-norm"):
            faults.append(f"network.method: unknown {network['method']!r}")
    return faults + _detail_faults(recipe["details"])


def _target_faults(target: Target) -> list[str]:
    labels, faults = target.labels, []
    if target.task == "regression" and labels:
        faults.append("target.labels: expected none for a regression")
    if target.task == "classification":
        if {type(label) for label in labels} not in ({str}, {bool}, {int}, {float}):
            faults.append("target.labels: expected texts, numbers or booleans, all of one kind")
        elif target.ordinal:
            if not 1 < len(labels) == len(set(labels)):
                faults.append("target.labels: expected two or more, each once")
        elif len(labels) < 2 or any(
            not a < b
            for a, b in pairwise([TRUTH[label.lower()] for label in labels] if is_truth(labels) else labels)
        ):
            faults.append("target.labels: expected two or more, in increasing order")
        if labels and isinstance(labels[0], float) and not np.isfinite(labels).all():
            faults.append("target.labels: expected finite numbers")
        if target.log:
            faults.append("target.log: expected false for classes")
    elif target.task != "regression":
        faults.append(f"target.task: expected regression or classification, got {target.task!r}")
    if target.family is not None and (
        not is_family(target.family) or target.ordinal != (target.task == "classification")
    ):
        faults.append(f"target.family: no family of a {target.task}, {target.family!r}")
    if not target.smear > 0:
        faults.append("target.smear: expected a number above 0")
    if (target.event is not None) != (target.family == "cox"):
        faults.append("target.event: expected one for cox alone")
    if target.strata is not None and target.event is None:
        faults.append("target.strata: expected none without an event")
    if target.form is not None and not is_form(NUMERIC, target.form):
        faults.append(f"target.form: unknown {target.form!r}")
    return faults


def _schema_faults(schema: Schema) -> list[str]:
    faults = [] if schema.columns else ["schema.columns: expected one at least"]
    if len({column.name for column in schema.columns}) < len(schema.columns):
        faults.append("schema.columns: two of one name")
    return faults + [f for column in schema.columns for f in _column_faults(column)]


def _column_faults(column: Column) -> list[str]:
    where, faults = f"schema: column {column.name!r}", []
    if column.kind not in (NUMERIC, BOOLEAN, DATE, TIME, TEXT, WORDS):
        faults.append(f"{where}: unknown kind {column.kind!r}")
    if column.form is not None and not is_form(column.kind, column.form):
        faults.append(f"{where}: unknown form {column.form!r}")
    levels, many = column.levels, column.kind in (TEXT, WORDS)
    if bool(levels) != many or len(set(levels)) < len(levels):
        faults.append(f"{where}: expected different levels for text, and none for {column.kind}")
    if len(column.idf) != len(levels) * (column.kind == WORDS):
        faults.append(f"{where}: expected an idf for each word, and none for {column.kind}")
    if column.odd and (many or column.kind == BOOLEAN):
        faults.append(f"{where}: expected no odd cells for {column.kind}")
    if column.parts and column.kind not in (DATE, TIME):
        faults.append(f"{where}: expected parts of dates and times alone")
    if len({part.name for part in column.parts}) < len(column.parts):
        faults.append(f"{where}: a part of its dates twice")
    return faults + [f"{where}: no such part of a date {part}" for part in column.parts if not part.exists]


def _detail_faults(details: dict[str, Any]) -> list[str]:
    confusion = details["confusion"]
    if confusion is None:
        return []
    classes, kinds = len(confusion["labels"]), ("cv", "test")
    wrong = [
        f"details.confusion.{kind}: expected {classes} rows of {classes} counts"
        for kind in kinds
        if confusion[kind] is not None and [len(row) for row in confusion[kind]] != [classes] * classes
    ]
    tested = details["data"]["test_rows"] > 0
    return wrong + (["details.confusion.test: not there"] if tested and confusion["test"] is None else [])


def _weight_faults(recipe: dict[str, Any], arrays: dict[str, np.ndarray]) -> list[str]:
    faults = [
        f"{name} holds NaN or inf"
        for name, array in arrays.items()
        if array.dtype.kind not in "biu" and not np.isfinite(array).all()
    ]
    network, p = recipe["network"], len(recipe["features"])
    if network is None:
        target = Target.from_json(recipe["target"])
        m = target.outputs
        expected = {
            "weight": (np.dtype(float), (1 if target.ordinal else m, p)),
            "bias": (np.dtype(float), (m,)),
        }
        found = {name: (array.dtype, array.shape) for name, array in arrays.items()}
        faults += [
            f"{name}: expected {expected.get(name, 'nothing')}, found {found.get(name, 'nothing')}"
            for name in {**expected, **found}
            if expected.get(name) != found.get(name)
        ]
    elif network["kind"] == "mlp":
        width, m, held = network["width"], network["out_features"], sum(a.size for a in arrays.values())
        if not 0 < width * (p + width + m) <= held:  # asked before a network of such a width is made
            faults.append(f"{held} numbers, too few for two hidden layers of {width} units")
    return faults
