"""Every public name has a docstring with an example that runs; what it takes is named there, and so is what it raises."""

import importlib
import inspect
import re
import textwrap

import pytest

ROOMS = [
    "normax", "normax.linear_model", "normax.linear_model.families", "normax.penalties", "normax.penalties.scales", "normax.training",
    "normax.paths", "normax.selection", "normax.pruning", "normax.tables", "normax.plot", "normax.diagnostics",
    "normax.uncertainty", "normax.interop", "normax.nn", "normax.nn.functional", "normax.nn.init", "normax.nn.utils",
]  # fmt: skip
PYTORCHS = ("normax.nn",)  # whose arguments, names and shapes are PyTorch's


def names():
    seen = {}
    for room in ROOMS:
        module = importlib.import_module(room)
        for name in module.__all__:
            value = getattr(module, name)
            if callable(value) and not inspect.ismodule(value):
                seen.setdefault(id(value), (f"{room}.{name}", value))
    return [pytest.param(value, room, id=room) for room, value in seen.values()]


NAMES = names()


def told(value):
    """A docstring; of a class also those of its methods."""
    parts = [
        inspect.getdoc(value)
        if inspect.isfunction(value)
        else vars(value).get("__doc__", None)
        if inspect.isclass(value)
        else value.__doc__
    ]
    if inspect.isclass(value):
        parts += [getattr(method, "__doc__", None) for method in vars(value).values()]
    return "\n".join(part for part in parts if part)


@pytest.mark.parametrize(("value", "name"), NAMES)
def test_a_public_name_is_documented(value, name):
    text = told(value)
    assert len(text.splitlines()[0]) >= 10
    lacks = [] if re.search(r">>>|Made by `|[Ss]ee `|^What `|^Refused", text) else ["an example"]
    parameters = parameters_of(value)
    by_others = name.startswith(PYTORCHS) or re.search(r"Made by `|as (?:of|in) `", text)
    lacks += [p for p in parameters if not by_others and not re.search(rf"\b{re.escape(p)}\b", text)]
    if raises(value) and not re.search(r"Raises|InputError|refuse|error", text):
        lacks.append("what it raises")
    assert lacks == []


def parameters_of(value):
    try:
        found = inspect.signature(value).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in found if p.name != "self" and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]


def raises(value):
    makes = (
        value
        if inspect.isfunction(value)
        else vars(value).get("__post_init__") or vars(value).get("__init__")
        if inspect.isclass(value)
        else None
    )
    written = inspect.isfunction(makes) and not makes.__code__.co_filename.startswith(
        "<"
    )  # a dataclass's is not
    return written and "raise " in textwrap.dedent(inspect.getsource(makes))
