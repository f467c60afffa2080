"""Options as a TOML file, by the names of `--help`: written beside every report, read by `--config`."""

from __future__ import annotations

import csv
import io
import json
import tomllib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from normax.cli.options.places import from_config, to_config
from normax.errors import InputError, quoted, suggest
from normax.files import expect_file

__all__ = ["config_text", "config_words"]


def config_words(
    file: str, command: str, known: Collection[str], given: Collection[str]
) -> tuple[list[str], list[str]]:
    """The options of a file as words of the command line, those left out that were typed; and its DATA.

    Args:
        file: with an entry an option: `cv = 10`, `drop = ["a", "b"]`, `log-target = true`, and `data`; its paths
            start at its own folder.
        command: that it must be for, if it says.
        known: the command's options, with their dashes.
        given: those that were typed.

    Raises:
        InputError: if it cannot be read, is for another command, or has entries that are no options.
    """
    entries = _read(file)
    if (of := entries.pop("command", command)) != command:
        raise InputError(f"--config {file}: of normax {of}, not of normax {command}")
    data = entries.pop("data", [])
    names = {option.removeprefix("--"): option for option in known}
    wrong = [f"no option {quoted(name)}{suggest(name, names)}" for name in entries if name not in names]
    wrong += [
        f"{name}: expected text, a number, true, false or a list of these, got"
        f" {json.dumps(value, default=str)[:60]}"
        for name, value in entries.items()
        if not _is_plain(value)
    ]
    if not _is_plain(data):
        wrong.append("data: expected a path or a list of them")
    if wrong:
        raise InputError(f"--config {file}: {'; '.join(wrong)}")
    words: list[str] = []
    for name, value in entries.items():
        if names[name] not in given and value is not False and value != []:
            said = "" if value is True else f"={from_config(name, _word(value), file)}"
            words.append(names[name] + said)
    places = data if isinstance(data, list) else [data]
    return words, [from_config("data", str(place), file) for place in places]


def config_text(command: str, data: list[str], options: Mapping[str, Any], remarks: Iterable[str]) -> str:
    """The file that repeats a run.

    Args:
        command: path or compare.
        data: as it was typed.
        options: by their names, without dashes, in force; the file is for the folder that they name as `out`.
        remarks: lines to stand below as comments.

    Example:
        >>> options = {"target": "y", "cv": 5, "refit": True, "out": "runs/d"}
        >>> print(config_text("path", ["d.csv"], options, ["x is numeric"]), end="")
        # Repeat this run: normax path --config FILE. What is typed beside it counts more; paths start here.
        command = "path"
        data = ["../../d.csv"]
        target = "y"
        cv = 5
        refit = true
        out = "."
        # x is numeric
    """
    folder = options["out"]
    entries = {"command": command, "data": [to_config("data", place, folder) for place in data]}
    entries |= {
        name: to_config(name, value, folder) if isinstance(value, str) else value
        for name, value in options.items()
    }
    lines = [
        f"# Repeat this run: normax {command} --config FILE. What is typed beside it counts more; paths start here."
    ]
    lines += [f"{name} = {_toml(value)}" for name, value in entries.items()]
    lines += [f"# {' '.join(remark.split())}" for remark in remarks]
    return "\n".join(lines) + "\n"


def _read(file: str) -> dict[str, Any]:
    try:
        expect_file(Path(file), pipe=True)
    except InputError as error:
        raise InputError(f"--config {error}") from error
    try:
        return tomllib.loads(Path(file).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"--config {file}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeError, RecursionError) as error:
        raise InputError(f"--config {file}: no TOML ({' '.join(str(error).split())[:200]})") from error


def _is_plain(value: Any) -> bool:
    cells = value if isinstance(value, list) else [value]
    return all(isinstance(cell, (str, int, float)) for cell in cells)


def _word(value: Any) -> str:
    """A value as it would be typed; names that hold commas are quoted."""
    if not isinstance(value, list):
        return str(value)
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(value)
    return out.getvalue()


def _toml(value: Any) -> str:
    """A value as TOML writes it, which for text is as JSON does, but for one control character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
