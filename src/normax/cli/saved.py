"""A fitted model on disk, `model.json` and `model.safetensors`: written, read back, applied, shown."""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from normax.cli import screen
from normax.cli.folder import written
from normax.errors import InputError
from normax.tables import FillAndScale, Schema, Target, read_table

__all__ = ["FORMAT", "SavedModel", "predict", "save", "show"]

FORMAT, VERSION = "normax model", 1


def save(
    folder: Path,
    arrays: dict[str, np.ndarray],
    schema: Schema,
    target: Target,
    scaling: FillAndScale,
    network: dict[str, Any] | None,
    output_scale: tuple[float, float],
    details: dict[str, Any],
) -> None:
    """Write the chosen model as arrays and a plain recipe.

    Args:
        folder: where to.
        arrays: `weight` (outputs, features) and `bias` (outputs,) of a linear model, or a network's state.
        schema, target, scaling: how a table's rows become inputs, and outputs answers.
        network: the recipe of the network; None for the linear model.
        output_scale: (mean, sd) by which a network's standardised target was shifted and scaled.
        details: what the run has to say, for `normax show`.
    """
    from safetensors.numpy import save as serialise

    data = serialise({name: np.array(array, order="C") for name, array in arrays.items()})
    (folder / "model.safetensors").write_bytes(data)
    means = scaling.to_json()
    recipe = {
        "format": FORMAT,
        "version": VERSION,
        "target": target.to_json(),
        "network": network,
        "output": {"mean": output_scale[0], "scale": output_scale[1]},
        "schema": schema.to_json(),
        "features": list(schema.features),
        "fill": means["mean"],
        **means,
        "weights": {"file": "model.safetensors", "sha256": _sha256(folder / "model.safetensors")},
        "details": details,
    }
    (folder / "model.json").write_text(json.dumps(recipe, indent=1, ensure_ascii=False, allow_nan=False))


class SavedModel:
    """The model of a folder that `normax path` or `normax compare` wrote.

    Args:
        folder: where it is.

    Raises:
        InputError: if it is not such a folder, or its two files do not belong together.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.recipe = _read_recipe(self.folder)
        self.schema = Schema.from_json(self.recipe["schema"])
        self.target = Target.from_json(self.recipe["target"])
        self.scaling = FillAndScale.from_json(self.recipe)

    def outputs(self, table: Any) -> np.ndarray:
        """Raw outputs (rows,) or (rows, classes): the target's scale (or its log), or logits."""
        Z = self.scaling.transform(self.schema.encode(read_table(table)))
        arrays = self._arrays()
        if self.recipe["network"] is None:
            outputs = Z @ arrays["weight"].T + arrays["bias"]
        else:
            from normax.cli.models import build, outputs_of

            net = build(self.recipe["network"], self.folder)
            net.load_state_dict(arrays)
            scale = self.recipe["output"]
            outputs = outputs_of(net, Z) * scale["scale"] + scale["mean"]
        return outputs.reshape(len(Z), -1) if self.target.outputs > 1 else outputs.reshape(len(Z))

    def _arrays(self) -> dict[str, np.ndarray]:
        from safetensors.numpy import load_file

        file = self.folder / self.recipe["weights"]["file"]
        if not file.is_file() or _sha256(file) != self.recipe["weights"]["sha256"]:
            raise InputError(f"{file}: not the weights that model.json belongs to; fit again")
        return load_file(file)


def predict(options: argparse.Namespace) -> None:
    """`normax predict DIR DATA [--out FILE]`: answers, and for classes their probabilities, one row a row."""
    model = SavedModel(options.dir)
    with screen.notices():
        outputs = model.outputs(Path(options.data))
    answers = model.target.predict(outputs)
    heads, columns = ["prediction"], [answers.tolist()]
    if model.target.task == "classification":
        heads += [f"P({label})" for label in model.target.labels]
        columns += model.target.probabilities(outputs).T.tolist()
    if options.out is None:
        _write_rows(sys.stdout, heads, columns)
        sys.stdout.flush()
        return
    with written(Path(options.out)) as part, part.open("w", encoding="utf-8", newline="") as file:
        _write_rows(file, heads, columns)
    screen.console(error=True).print(f"{len(answers):,} predictions: {options.out}", soft_wrap=True)


def show(options: argparse.Namespace) -> None:
    """`normax show DIR`: the summary that the run printed."""
    folder = Path(options.dir)
    details = _read_recipe(folder)["details"]
    for text in details["notices"]:
        screen.note(text, screen.console())
    screen.summary({**details, "coefficients": _read_coefficients(folder)}, folder)


def _read_recipe(folder: Path) -> dict[str, Any]:
    file = folder / "model.json"
    if not folder.is_dir():
        raise InputError(
            f"{folder}: no such folder; expected one that `normax path` or `normax compare` wrote"
        )
    if not file.is_file():
        raise InputError(
            f"{folder}: holds no model.json; expected a folder that `normax path` or `normax compare` wrote"
        )
    try:
        recipe = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise InputError(f"{file}: cannot be read ({error})") from error
    if not isinstance(recipe, dict) or recipe.get("format") != FORMAT:
        raise InputError(f"{file}: expected the recipe of a normax model, and it is not one")
    if recipe["version"] > VERSION:
        raise InputError(
            f"{file}: written by a newer normax (recipe {recipe['version']}); upgrade to read it"
        )
    return recipe


def _read_coefficients(folder: Path) -> list[dict[str, Any]] | None:
    try:
        text = (folder / "coefficients.csv").read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    rows = [row for row in csv.DictReader(io.StringIO(text)) if row["column"]]
    for row in rows:
        row["output"] = row.get("output") or None
        row["standardised"], row["original"] = float(row["standardised"]), float(row["original"])
    return sorted(rows, key=lambda row: -abs(row["standardised"]))


def _write_rows(file: Any, heads: list[str], columns: list[list]) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(heads)
    writer.writerows(zip(*columns))


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
