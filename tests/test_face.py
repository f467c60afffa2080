"""The face of the package: the names that load on use are those that type checkers and completion see."""

import ast
from pathlib import Path

import pytest

import normax as nx

FACE = Path(nx.__file__)


def told_to_checkers(tree):
    """name -> module, of the imports under TYPE_CHECKING; a module's own name stands for the module itself."""
    [block] = [
        node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    found = {}
    for line in block.body:
        [alias] = line.names
        assert alias.asname == alias.name, f"{alias.name}: a checker takes it as public only as itself"
        found[alias.name] = f"normax.{alias.name}" if line.module == "normax" else line.module
    return found


def test_checkers_see_each_name_where_it_loads_from():
    assert told_to_checkers(ast.parse(FACE.read_text())) == nx._HOME
    assert (FACE.parent / "py.typed").is_file()


def test_dir_shows_the_public_names_alone():
    nx.InputError  # noqa: B018  loads a room, which must not show
    assert dir(nx) == sorted(nx.__all__)
    assert not {"annotations", "errors", "find_spec", "importlib"} & set(dir(nx))


@pytest.mark.slow
def test_mypy_resolves_every_name_and_flags_a_slip(tmp_path, monkeypatch):
    api = pytest.importorskip("mypy.api")
    lines = ["import normax as nx", *(f"reveal_type(nx.{name})" for name in nx.__all__)]
    lines += ["nx.pth", "nx.nn.Liner", "nx.paths.linear_pth", "nx.estimators.NetworkRegresor"]
    file = tmp_path / "use.py"
    file.write_text("\n".join(lines))
    monkeypatch.setenv("MYPYPATH", str(FACE.parent.parent))
    options = [
        "--ignore-missing-imports",
        "--follow-imports=silent",
        "--config-file=",
        f"--cache-dir={tmp_path}",
    ]
    out = api.run([*options, str(file)])[0].splitlines()
    assert not [line for line in out if line.endswith('Revealed type is "Any"')]
    assert len([line for line in out if "Revealed type" in line]) == len(nx.__all__)
    slips = [line.split('attribute "')[1].split('"')[0] for line in out if "error:" in line]
    assert slips == ["pth", "Liner", "linear_pth", "NetworkRegresor"]
