"""The words of the command line: what they mean, and what they default to."""

from __future__ import annotations

import argparse
from typing import Any, NoReturn

from normax.cli.options.help import Formatter, in_language
from normax.cli.options.table import column_options, file_options
from normax.cli.options.values import (
    FAMILIES,
    columns,
    number,
    one_of,
    probabilities,
    several,
    strengths,
    whole,
)
from normax.cli.options.values import family as family_value
from normax.errors import InputError
from normax.instead import penalty_name
from normax.text import encodable

__all__ = ["COMMANDS", "parsers"]

COMMANDS = {
    "path": "fit a table: the whole regularisation path, its strength chosen by cross-validation",
    "compare": "fit a network with no penalty, L1, L2, elastic net, dropout and batch norm on the same folds",
    "predict": "apply a fitted model to another table",
    "show": "print what a fitted model is and how well it predicts",
    "port": "change the imports of a PyTorch file to normax's, and say what is left to do by hand",
    "explain": "say what a penalty, a layer that regularises or an option is, and when to use it",
    "launch": "start a script as several processes that train or fit together, on this machine",
    "demo": "fit the embedded data sets and make a report to open",
    "completion": "print what makes a shell complete the words of this command",
}
_DATA = (
    "a table: text (.csv, .tsv, .txt), .parquet, .feather, .orc, .jsonl, .npz, .xlsx, SQLite, DuckDB, also"
    " packed (.gz, .zst, .zip); several files or a folder of one table; FILE:TABLE of a database or"
    " spreadsheet; - for the standard input"
)
_EXAMPLES = {
    "path": """examples:
  normax path d.csv --dry-run                      what is read of it
  normax path d.csv --target y                     lasso, report in normax-d
  normax path d.csv --target y --model auto        the best of linear, curves and a network
  normax path --config normax-d/config.toml        that run again""",
    "launch": """example:
  normax launch -n 2 -- train.py --epochs 10""",
    "predict": """example:
  normax predict normax-d later.csv --out predictions.csv""",
}
_LANG = "the language that it speaks, zh or en (default: by the user's locale)"
_JSON = "print one JSON object with all that the tables show instead of them"
METHODS = ("none", "l1", "l2", "elastic-net", "dropout", "batch-norm")


class _Parser(argparse.ArgumentParser):
    """argparse whose every fault is an InputError that suggests the right word."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("formatter_class", Formatter)
        super().__init__(allow_abbrev=False, **kwargs)

    def _print_message(self, message: str, file: Any = None) -> None:
        super()._print_message(encodable(message, getattr(file, "encoding", None)), file)

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message.removeprefix('argument ')} (see {self.prog} --help)")


def parsers() -> tuple[_Parser, dict[str, _Parser]]:
    """The parser of the command line, and those of the commands by name."""
    from normax import __version__

    parser = _Parser(prog="normax", description="Penalised models, from the Lasso to deep networks.")
    parser.add_argument("--version", action="version", version=f"normax {__version__}")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=_Parser)
    commands: dict[str, _Parser] = {}
    for name, text in COMMANDS.items():
        sentence = f"{text[0].upper()}{text[1:]}."
        commands[name] = subparsers.add_parser(
            name, help=text, description=sentence, epilog=_EXAMPLES.get(name)
        )
    for name in ("path", "compare"):
        _fit_options(commands[name], compare=name == "compare")
    for name in ("predict", "show"):
        commands[name].add_argument(
            "dir", metavar="DIR", help="the folder that `normax path` or `normax compare` wrote"
        )
    commands["predict"].add_argument(
        "data",
        metavar="DATA",
        nargs="+",
        help="tables with the columns that the model uses, as of `normax path`",
    )
    file_options(commands["predict"])
    commands["predict"].add_argument(
        "--out", metavar="FILE", help="CSV file to write (default: standard output)"
    )
    commands["predict"].add_argument(
        "--trust-code",
        action="store_true",
        help="run the Python file that the model's network is a class of (--model FILE.py:CLASS); without this"
        " nothing of a model's folder runs",
    )
    commands["show"].add_argument("--json", action="store_true", help=_JSON)
    commands["completion"].add_argument(
        "shell",
        metavar="SHELL",
        type=one_of("bash", "zsh"),
        help="bash or zsh, as in: normax completion bash > ~/.local/share/bash-completion/completions/normax",
    )
    commands["port"].add_argument("file", metavar="FILE", help="a .py file that imports torch")
    commands["port"].add_argument(
        "--write", action="store_true", help="change the file (default: print it as it would be)"
    )
    commands["explain"].add_argument(
        "name", metavar="NAME", nargs="?", help="l1, dropout, cv, ... (default: list all names)"
    )
    commands["launch"].usage = "normax launch -n N [--devices N] -- SCRIPT [WORDS ...]"
    commands["launch"].add_argument(
        "-n",
        "--processes",
        type=whole(1),
        required=True,
        metavar="N",
        help="how many; each takes its share of the GPUs",
    )
    commands["launch"].add_argument(
        "--devices", type=whole(1), metavar="N", help="simulate so many devices a process on the CPU"
    )
    commands["demo"].add_argument(
        "--out", metavar="DIR", default="normax-demo", help="folder to write (default: normax-demo)"
    )
    for each in (parser, *commands.values()):
        each.add_argument("--lang", type=one_of("zh", "en"), metavar="LANG", help=_LANG)
        in_language(each)
    return parser, commands


def _fit_options(parser: _Parser, compare: bool) -> None:
    parser.add_argument("data", metavar="DATA", nargs="*", help=_DATA)
    _data_options(parser.add_argument_group("data"))
    column_options(
        parser.add_argument_group(
            "columns",
            "which to use and how, by name, commas between; a name that holds a comma in double quotes",
        )
    )
    file_options(parser.add_argument_group("how files are written"))
    model = parser.add_argument_group("model")
    usual = "mlp" if compare else "linear"
    model.add_argument(
        "--model",
        default=usual,
        metavar="MODEL",
        help="linear, mlp (two hidden ReLU layers, 16 to 256 wide for about four weights a row)"
        + ("" if compare else ", auto (linear, linear with --splines and mlp on the same folds)")
        + " or FILE.py:CLASS, an nn.Module, of normax's or of a PyTorch file as it is, made as CLASS(in_features,"
        f" out_features) (default: {usual})",
    )
    (_method_options if compare else _penalty_options)(model)
    if not compare:
        _family_options(parser.add_argument_group("family"))
    _choice_options(parser.add_argument_group("choosing the strength"), compare)
    _training_options(parser.add_argument_group("networks"))
    run = parser.add_argument_group("run")
    run.add_argument(
        "--seed",
        type=whole(0),
        default=0,
        metavar="N",
        help="of folds, test rows and initial weights (default: 0)",
    )
    run.add_argument("--out", metavar="DIR", help="folder to write (default: normax- and the name of DATA)")
    run.add_argument(
        "--config",
        metavar="FILE",
        help="take DATA and options from the config.toml of an earlier run, or one of your own, whose paths start at its"
        " folder; what is typed counts more",
    )
    run.add_argument(
        "--onnx",
        action="store_true",
        help="write model.onnx too, which takes each column of a table as an input (extra onnx; networks of"
        " your own need jax2onnx)",
    )
    run.add_argument("--json", action="store_true", help=_JSON)
    run.add_argument(
        "--dry-run",
        action="store_true",
        help="say what is read, kinds, categories and notices, and fit nothing; --target may be left out",
    )


def _data_options(data: Any) -> None:
    data.add_argument("--target", metavar="COLUMN", help="the column to predict")
    data.add_argument(
        "--task",
        type=one_of("regression", "classification"),
        metavar="TASK",
        help="regression or classification (default: by the target: text, booleans, two values or up to ten"
        " whole numbers are classes)",
    )
    data.add_argument("--drop-missing-target", action="store_true", help="leave out rows that have no target")
    data.add_argument(
        "--log-target",
        action="store_true",
        help="fit log(target); predictions are means in its own units (by Duan's smearing)",
    )
    data.add_argument("--weights", metavar="COLUMN", help="how much each row counts, numbers of 0 or more")
    data.add_argument(
        "--class-weight",
        type=one_of("balanced"),
        metavar="balanced",
        help="weigh every class alike, however rare (default: every row alike)",
    )
    data.add_argument(
        "--test", metavar="FRACTION|FILE", help="hold out a share of the rows, or another file, until the end"
    )
    data.add_argument("--group", metavar="COLUMN", help="keep rows of one group in one fold")
    data.add_argument(
        "--time", metavar="COLUMN", help="forward folds: train on the past, validate on what follows"
    )


def _family_options(family: Any) -> None:
    family.add_argument(
        "--family",
        type=family_value,
        metavar="FAMILY",
        help=f"{', '.join(FAMILIES)}: what the target is; with a parameter quantile:0.9, tweedie:1.7, huber:2.5,"
        " negative-binomial:0.8 (default: gaussian, or for classes binomial or multinomial)",
    )
    family.add_argument(
        "--levels",
        metavar="A,B,...",
        type=columns,
        action="extend",
        default=[],
        help="levels of the target from the lowest to the highest (--family ordinal; default: numbers in their order)",
    )
    family.add_argument(
        "--offset", metavar="COLUMN", help="known part of the linear predictor, which gets no coefficient"
    )
    family.add_argument(
        "--exposure",
        metavar="COLUMN",
        help="time or size over which counts were counted: its logarithm is an offset",
    )
    family.add_argument(
        "--time-to", metavar="COLUMN", help="time until the event or the end of watching (--family cox)"
    )
    family.add_argument(
        "--event", metavar="COLUMN", help="1, yes or true where the event happened then (--family cox)"
    )
    family.add_argument(
        "--strata",
        metavar="COLUMN",
        help="groups of rows that each have a baseline hazard of their own (--family cox)",
    )


PENALTIES = ("l1", "l2", "elastic-net", "group-lasso", "mcp", "scad", "slope")


def _penalty_options(model: Any) -> None:
    model.add_argument(
        "--penalty",
        type=lambda text: one_of(*PENALTIES)(penalty_name(text)),
        default="l1",
        metavar="PENALTY",
        help="l1 (lasso), l2 (ridge), elastic-net; group-lasso, which takes a column in or out as a whole, with all its"
        " categories and curves; mcp or scad, which leave large coefficients unshrunk; or slope (default: l1)",
    )
    model.add_argument(
        "--l1-ratio",
        type=number("a number from 0 to 1", low=0, high=1),
        metavar="R",
        help="share of L1 in the elastic net, from 0 to 1 (default: 0.5)",
    )
    model.add_argument(
        "--refit",
        action="store_true",
        help="undo the shrinkage of what the penalty chose, wholly or in part as cross-validation says (relaxed lasso)",
    )
    model.add_argument(
        "--splines", action="store_true", help="give every number of 10 different values or more a curve"
    )
    model.add_argument(
        "--interactions",
        action="store_true",
        help="multiply every pair of columns, and without --splines square the numbers",
    )


def _method_options(model: Any) -> None:
    model.add_argument(
        "--methods",
        type=lambda text: several(METHODS)(",".join(map(penalty_name, text.split(",")))),
        metavar="LIST",
        help=f"with commas between, of {', '.join(METHODS)} (default: all that the model has a place for)",
    )
    model.add_argument(
        "--dropout",
        type=probabilities,
        metavar="LIST",
        help="probabilities of dropout to try, with commas between (default: 0.05,0.1,0.2,0.35,0.5,0.65,0.8)",
    )


def _choice_options(choice: Any, compare: bool) -> None:
    choice.add_argument(
        "--strengths",
        type=strengths,
        metavar="N|LIST",
        help="of the penalties, how many, or the values with commas between (default: 20)"
        if compare
        else "how many, or the values with commas between (default: 100 linear, down to 1e-4 of the largest, 1e-2 if"
        " rows < features; 30 for networks)",
    )
    choice.add_argument(
        "--cv",
        type=whole(2),
        metavar="K",
        help="folds, shuffled by the seed and stratified for classes (default: 10 linear, 5 for networks and auto)",
    )
    choice.add_argument(
        "--select",
        type=one_of("1se", "min"),
        default="1se",
        metavar="RULE",
        help="1se, the strongest within one standard error of the minimum, or min (default: 1se)",
    )


def _training_options(network: Any) -> None:
    network.add_argument(
        "--epochs",
        type=whole(1),
        metavar="N",
        help="passes over the rows (default: as many as make 2000 steps)",
    )
    network.add_argument(
        "--batch-size",
        type=whole(1),
        metavar="N",
        help="rows a step (default: about rows/16, from 16 to 256)",
    )
    network.add_argument(
        "--learning-rate",
        type=number("a number above 0", low=0, open_low=True),
        metavar="RATE",
        help="of Adam (default: 0.003)",
    )
