"""A fitted model on disk, `model.json` and `model.safetensors`: read back, applied, shown."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from normax.cli import screen, summary
from normax.cli.beyond import beyond_memory
from normax.cli.details import Coefficient, PathDetails
from normax.cli.folder import written
from normax.cli.model import recipe
from normax.cli.model.coefficients import coefficients
from normax.cli.options.table import reading
from normax.cli.sheets import write_rows
from normax.errors import InputError
from normax.forms import made
from normax.language import say
from normax.tables import FillAndScale, Schema, Target, read_table

__all__ = ["SavedModel", "predict", "show"]


class SavedModel:
    """The model of a folder that `normax path` or `normax compare` wrote.

    Args:
        folder: where it is.
        trust_code: run the user's own file that a network's class is in. Nothing else of a folder ever runs.

    Raises:
        InputError: if it is not such a folder, or with all that is wrong in it.
    """

    def __init__(self, folder: str | Path, trust_code: bool = False) -> None:
        self.folder, self.trust_code = Path(folder), trust_code
        self.recipe, self.arrays = recipe.read(self.folder)
        self.schema = Schema.from_json(self.recipe["schema"])
        self.target = Target.from_json(self.recipe["target"])
        self.scaling = FillAndScale.from_json(self.recipe)

    def outputs(self, table: Any, **written: str | None) -> np.ndarray:
        """Raw outputs (rows,) or (rows, outputs): the target's scale (or its log), or logits.

        Args:
            table: what `read_table` takes.
            written: how its files are written, as `read_table` takes it.

        Raises:
            InputError: if the network is of a file that is not trusted, before the table is read.
        """
        net = self.network()
        read = read_table(table, **written)
        Z = self.scaling.transform(self.schema.encode(read))
        known = 0.0 if self.target.offset is None else self.target.offset.read(read)
        if net is None:
            outputs = Z @ self.arrays["weight"].T + self.arrays["bias"]
        else:
            from normax.cli.model.network import outputs_of

            scale = self.recipe["output"]
            outputs = outputs_of(net, Z) * scale["scale"] + scale["mean"]
        outputs = outputs.reshape(len(Z), -1) + np.reshape(known, (-1, 1))
        return outputs if self.target.outputs > 1 else outputs[:, 0]

    def network(self) -> Any:
        """The network with its weights; None for a linear model."""
        if self.recipe["network"] is None:
            return None
        from normax.cli.model.network import build

        net = build(self.recipe["network"], self.folder, self.trust_code)
        own = net.state_dict()
        faults = [
            f"{name}: expected {own[name].dtype}, found {array.dtype}"
            for name, array in self.arrays.items()
            if name in own and array.dtype.kind != np.dtype(own[name].dtype).kind
        ]
        if faults:
            raise InputError(f"{self.folder}: weights of other kinds than the network's: {'; '.join(faults)}")
        net.load_state_dict(self.arrays)
        return net

    def coefficients(self) -> list[Coefficient] | None:
        """Those of a linear model, largest first; None for a network."""
        if self.recipe["network"] is not None:
            return None
        arrays = self.arrays["weight"], self.arrays["bias"]
        return coefficients(*arrays, self.scaling, self.schema, self.target)[0]


def predict(options: argparse.Namespace) -> None:
    """`normax predict DIR DATA [--out FILE] [--trust-code]`: a row's answer, and the probabilities of its classes."""
    model = SavedModel(options.dir, options.trust_code)
    heads, count = ["prediction"], 0
    if model.target.task == "classification":
        heads += [f"P({label})" for label in model.target.labels]

    def rows() -> Iterator[tuple[Any, ...]]:
        nonlocal count
        for outputs in _outputs(model, options):
            columns = [model.target.predict(outputs).tolist()]
            if model.target.task == "classification":
                columns += model.target.probabilities(outputs).T.tolist()
            count += len(columns[0])
            yield from zip(*columns)

    with screen.notices():
        answers = rows()
        first = next(answers)  # faults of the table come before the file
        if options.out is None:
            write_rows(sys.stdout, heads, chain([first], answers))
            sys.stdout.flush()
            return
        with written(Path(options.out)) as file:
            write_rows(file, heads, chain([first], answers))
    screen.console(error=True).print(
        say("{count} predictions: {file}", count=f"{count:,}", file=options.out), soft_wrap=True
    )


def _outputs(model: SavedModel, options: argparse.Namespace) -> Iterator[np.ndarray]:
    """Of all rows at once, or, of files larger than memory, of some at a time."""
    files = beyond_memory(options.data)
    if files is None:
        yield model.outputs(options.data, **reading(options))
        return
    offset = [] if model.target.offset is None else [model.target.offset.name]
    columns = [*(column.name for column in model.schema.columns), *offset]
    for table in files.tables(columns, len(model.schema.features)):
        yield model.outputs(table)


def show(options: argparse.Namespace) -> None:
    """`normax show DIR`: the summary that the run printed."""
    model = SavedModel(options.dir)
    details = replace(made(model.recipe["details"], PathDetails), coefficients=model.coefficients())
    if options.json:
        screen.print_json({"folder": str(model.folder), **asdict(details)})
        return
    for text in details.notices:
        screen.note(text, screen.console())
    summary.summary(details, model.folder)
