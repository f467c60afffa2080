"""The map of floors in CONTRIBUTING.md, walked: nothing imports upwards, no circle, and every file is on some floor."""

import ast
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

import normax

SOURCE = Path(normax.__file__).parent
MAP = (Path(__file__).parent.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")


def rows(title):
    """The names in the first column of a table of the map, row by row."""
    table = MAP[MAP.index(f"| {title} |") :].split("\n\n")[0].splitlines()[2:]
    return [re.findall(r"`([\w.]+)`", line.split("|")[1]) for line in table]


# From the ground up. A file belongs to the longest name that its own begins with.
FLOORS = [
    room
    for floor in rows("Floor")
    for room in ([*rows("Room"), floor] if floor == ["linear_model"] else [floor])
]
# A result's own pictures and pages: `plot()`, `report()` and their like import `report` inside the method.
PICTURES = "report"


def modules():
    found = {}
    for file in SOURCE.rglob("*.py"):
        parts = file.relative_to(SOURCE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


MODULES = modules()


def imports(file):
    """(name below normax, whether it happens when the file is loaded) of every import but those for types alone."""
    found = []

    def walk(node, loading):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
                continue
            names = []
            if isinstance(child, ast.ImportFrom) and (child.module or "").split(".")[0] == "normax":
                names = [f"{child.module}.{alias.name}" for alias in child.names]
            elif isinstance(child, ast.Import):
                names = [alias.name for alias in child.names if alias.name.split(".")[0] == "normax"]
            found.extend((name.partition(".")[2], loading) for name in names)
            walk(child, loading and not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)))

    walk(ast.parse(file.read_text()), True)
    for name, loading in found:
        while name and name not in MODULES:
            name = name.rpartition(".")[0]
        yield name, loading


def place(module):
    """(floor, room on that floor) of a module."""
    fits = [
        (len(room), height, room)
        for height, rooms in enumerate(FLOORS)
        for room in rooms
        if module == room or module.startswith(room + ".")
    ]
    return max(fits)[1:] if fits else None


def test_every_file_is_on_a_floor():
    assert [name for name in MODULES if name and place(name) is None] == []


def test_nothing_imports_upwards():
    upwards = []
    for module, file in MODULES.items():
        if not module:
            continue  # the face of the package loads on first use
        for name, loading in imports(file):
            picture = not loading and name.split(".")[0] == PICTURES
            if name and not picture and place(name)[0] > place(module)[0]:
                upwards.append(f"{module} -> {name}")
    assert upwards == []


@pytest.mark.parametrize(
    "what", [lambda module: module, lambda module: place(module)[1]], ids=["files", "rooms"]
)
def test_no_circle(what):
    """A folder's own `__init__` is its face and knows all that is in it."""
    edges = defaultdict(set)
    for module, file in MODULES.items():
        if file.name != "__init__.py":
            named = {n for n, loading in imports(file) if loading and n and MODULES[n].name != "__init__.py"}
            edges[what(module)] |= {what(name) for name in named} - {what(module)}
    while edges:  # take away what leans on nothing that is left
        free = [node for node, others in edges.items() if not others & edges.keys()]
        assert free, f"a circle among {sorted(edges)}"
        for node in free:
            del edges[node]


@pytest.mark.parametrize(
    ("what", "without"),
    [
        ("import normax", {"numpy", "jax", "sklearn", "numba"}),
        ("import normax as nx; nx.path, nx.fit, nx.jit", {"numba", "normax.linear_model", "matplotlib"}),
        ("from normax import sealed", {"numba", "jax", "normax.linear_model"}),
        ("from normax.linear_model import Lasso", {"jax", "matplotlib"}),
    ],
)
def test_a_name_loads_no_more_than_it_needs(what, without):
    code = f"{what}; import sys; print(*sorted({without!r} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == []
