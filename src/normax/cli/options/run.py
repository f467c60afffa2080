"""The options of a run that fits: refused where they would have no effect, settled once the table is known, frozen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from normax.errors import InputError

__all__ = ["CompareOptions", "PathOptions", "RunOptions"]


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """What `normax path` and `normax compare` share, by the names of `--help`; None is for `settled` to fill in."""

    folder: ClassVar[str]
    command: str
    argv: list[str]
    data: list[str]
    encoding: str | None
    delimiter: str | None
    sheet: str | None
    target: str | None
    task: str | None
    drop: list[str]
    only: list[str]
    text: list[str]
    number: list[str]
    date: list[str]
    words: list[str]
    decimal: str | None
    thousands: str | None
    missing: list[str]
    drop_missing_target: bool
    log_target: bool
    class_weight: str | None
    weights: str | None
    test: str | None
    group: str | None
    time: str | None
    model: str
    strengths: int | list[float] | None
    cv: int | None
    select: str
    epochs: int | None
    batch_size: int | None
    learning_rate: float | None
    seed: int
    out: str
    config: str | None
    onnx: bool
    json: bool
    dry_run: bool
    family: str | None = None
    offset: str | None = None
    exposure: str | None = None
    time_to: str | None = None
    event: str | None = None
    lang: str | None = None
    strata: str | None = None
    levels: list[str] | None = None

    @property
    def aside(self) -> list[str]:
        """The columns that options name and that are therefore no features, but for the target."""
        named = (self.group, self.time, self.weights, self.offset, self.exposure, self.event, self.strata)
        return [name for name in named if name]

    @property
    def expands(self) -> dict[str, bool]:
        """What a linear model is given beside the features, by the names of `Expansion.learn`."""
        return {}

    @classmethod
    def typed(cls, words: dict[str, Any]) -> Self:
        """The options as they were typed.

        Raises:
            InputError: for those that would have no effect.
        """
        training = ("epochs", "batch_size", "learning_rate")
        idle = [f"--{name.replace('_', '-')}" for name in training if words[name]]
        if words["model"] == "linear" and idle:
            raise InputError(f"{', '.join(idle)}: for networks, and the model is linear (--model mlp)")
        if words["decimal"] is not None and words["decimal"] == words["thousands"]:
            raise InputError(f"--decimal and --thousands: one mark, {words['decimal']!r}, cannot be both")
        from normax.tables.files.places import stem  # with it comes pyarrow, which --help does without

        return cls(**{**words, "out": words["out"] or f"{cls.folder}-{stem(words['data'][0])}"})

    def settled(self, rows: int, network: bool) -> Self:
        """The options with the defaults that depend on the model and the data, as `--help` states them.

        Args:
            rows: to train on.
            network: whether one is trained.
        """
        few = network or self.model == "auto"
        cv, strengths = self.cv or (5 if few else 10), self.strengths or (30 if network else 100)
        if not network:
            return replace(self, cv=cv, strengths=strengths)
        from normax.estimators.defaults import LEARNING_RATE, batch_size_for, epochs_for

        batch_size = min(rows, self.batch_size or batch_size_for(rows))
        epochs = self.epochs or epochs_for(rows, batch_size)
        rate = self.learning_rate or LEARNING_RATE
        return replace(
            self, cv=cv, strengths=strengths, batch_size=batch_size, epochs=epochs, learning_rate=rate
        )


@dataclass(frozen=True, kw_only=True)
class PathOptions(RunOptions):
    """Those of `normax path`."""

    folder = "normax"
    penalty: str
    l1_ratio: float | None
    refit: bool
    splines: bool
    interactions: bool

    @property
    def expands(self) -> dict[str, bool]:
        return {"curves": self.splines, "products": self.interactions}

    @classmethod
    def typed(cls, words: dict[str, Any]) -> Self:
        penalty = words["penalty"]
        if words["l1_ratio"] is not None and penalty != "elastic-net":
            raise InputError(f"--l1-ratio is for --penalty elastic-net, and the penalty is {penalty}")
        if words["refit"] and penalty == "l2":
            raise InputError(
                "--refit: l2 chooses no columns to fit again; use --penalty l1, elastic-net or group-lasso"
            )
        if words["refit"] and penalty in ("mcp", "scad"):
            raise InputError(
                f"--refit: {penalty} leaves large coefficients unshrunk by itself; use it with --penalty l1, elastic-net or"
                " group-lasso"
            )
        words = {**words, **_survival(words), **_ordinal(words)}
        if words["offset"] and words["exposure"]:
            raise InputError("--offset and --exposure: an exposure is an offset, of its logarithm; name one")
        if words["log_target"] and words["family"] not in (None, "gaussian"):
            raise InputError(f"--log-target: for --family gaussian, and the family is {words['family']}")
        given = ("refit", "splines", "interactions", "family", "offset", "exposure")
        linear = [f"--{name}" for name in given if words[name]]
        linear += [f"--penalty {penalty}"] if penalty in ("group-lasso", "slope") else []
        if words["model"] != "linear" and linear:
            raise InputError(f"{', '.join(linear)}: for linear models, and the model is {words['model']}")
        if words["model"] == "auto" and isinstance(words["strengths"], list):
            raise InputError(
                "--strengths: expected a count, since models of --model auto have strengths of their own"
            )
        return super().typed(words)

    def settled(self, rows: int, network: bool) -> Self:
        mixed = self.penalty == "elastic-net" and self.l1_ratio is None
        return super(PathOptions, replace(self, l1_ratio=0.5) if mixed else self).settled(rows, network)


def _survival(words: dict[str, Any]) -> dict[str, Any]:
    """Target and family of times until an event, where one of its options is there."""
    asked = words["time_to"] or words["event"] or words["family"] == "cox"
    if not asked:
        if words["strata"]:
            raise InputError("--strata: for --family cox, with --time-to and --event")
        return {}
    if words["family"] not in (None, "cox"):
        raise InputError(f"--time-to and --event: for --family cox, and the family is {words['family']}")
    if not (words["time_to"] and words["event"]):
        raise InputError("--family cox: name the column of times, --time-to, and that of events, --event")
    if words["target"] not in (None, words["time_to"]):
        raise InputError("--target: with --time-to and --event these are the target; leave it out")
    return {"target": words["time_to"], "family": "cox"}


def _ordinal(words: dict[str, Any]) -> dict[str, Any]:
    """The family of levels, where they are given."""
    if not words["levels"]:
        return {"levels": None}
    if words["family"] not in (None, "ordinal"):
        raise InputError(f"--levels: for --family ordinal, and the family is {words['family']}")
    return {"family": "ordinal"}


@dataclass(frozen=True, kw_only=True)
class CompareOptions(RunOptions):
    """Those of `normax compare`."""

    folder = "normax-compare"
    methods: list[str] | None
    dropout: list[float] | None

    @classmethod
    def typed(cls, words: dict[str, Any]) -> Self:
        if words["model"] == "auto":
            raise InputError("--model auto: for normax path; normax compare takes one network")
        return super().typed(words)

    def settled(self, rows: int, network: bool = True) -> Self:
        return super(CompareOptions, replace(self, strengths=self.strengths or 20)).settled(rows, True)
