"""Every block of code in the READMEs and the documentation runs and prints what it says it prints."""

import contextlib
import io
import re
import runpy
import shlex
from importlib.util import find_spec
from pathlib import Path

import pytest

from normax.penalties.scales import scale_table

ROOT = Path(__file__).parents[1]
READMES = [ROOT / "README.md", ROOT / "README.zh-CN.md"]
TORCH_FILES = [ROOT / "docs" / "your-pytorch-file.md", ROOT / "docs" / "your-pytorch-file.zh-CN.md"]
PAGES = [*READMES, *sorted((ROOT / "docs").glob("*.md"))]


def blocks(file, language):
    return re.findall(rf"```{language}\n(.*?)```", file.read_text(encoding="utf-8"), re.DOTALL)


def named_file(block):
    """The name of the file that a block is, by its first line; None for one that runs."""
    found = re.match(r"# (\w+\.py)\n", block)
    return found and found[1]


def write_files(page, folder):
    for block in blocks(page, "python"):
        if named_file(block):
            (folder / named_file(block)).write_text(block, encoding="utf-8")


PYTHON = {
    block: (file, i)
    for file in PAGES[::-1]
    for i, block in enumerate(blocks(file, "python"))
    if not named_file(block)
}


def peers_that_lack(block):
    """Libraries that a block shows beside ours, and that need not be installed."""
    return [
        name
        for name in ("flax", "keras")
        if re.search(rf"^(?:import|from) {name}\b", block, re.MULTILINE) and not find_spec(name)
    ]


@pytest.mark.parametrize("block", PYTHON, ids=[f"{file.name}-{i}" for file, i in PYTHON.values()])
@pytest.mark.filterwarnings("ignore::normax.Notice")
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras's own
def test_python_blocks_run_and_print_what_they_say(block, tmp_path, monkeypatch):
    """What a `# comment` after a `print` says, and what a block of text after the code shows."""
    code = compile(block, "block", "exec")
    if peers_that_lack(block):
        pytest.skip("a peer is not installed")
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.chdir(tmp_path)
    page = PYTHON[block][0]
    write_files(page, tmp_path)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, {"__name__": "readme"})
    said = re.findall(r"^print\(.*\n# (.*)$", block, re.MULTILINE)
    assert [line for line in said if line not in printed.getvalue().splitlines()] == []
    following = page.read_text(encoding="utf-8").partition(f"```python\n{block}```")[2]
    shown = re.match(r"\s*```text\n(.*?)```", following, re.DOTALL)
    assert shown is None or shown[1].strip() == printed.getvalue().strip()


def shows_what_they_print(page, printed):
    """Of a page's commands that were run, the block of text behind each holds lines of what was printed, in that order."""
    pairs = re.findall(
        r"```sh\n([^`]*)\n```\n\n```text\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL
    )
    assert pairs
    for command, text in pairs:
        lines = iter([line.rstrip() for line in printed.get(command, text.split("\n"))])
        assert [line for line in text.splitlines() if line.rstrip() not in lines] == []


@pytest.mark.parametrize(
    ("page", "count"), [(READMES[0], 4), (TORCH_FILES[0], 3)], ids=lambda x: getattr(x, "name", x)
)
def test_shell_blocks_run(page, count, tmp_path, monkeypatch, capsys):
    from normax.cli import main
    from normax.cli.demo import _write_data

    monkeypatch.chdir(tmp_path)
    (tmp_path / "normax-demo").mkdir()
    _write_data(tmp_path / "normax-demo")
    write_files(page, tmp_path)
    lines = [line for block in blocks(page, "sh") for line in block.splitlines()]
    commands = [line for line in lines if line.startswith("normax ")]
    assert len(commands) == count
    printed = {}
    for command in commands:
        assert not main(shlex.split(command)[1:])
        printed[command] = capsys.readouterr().out.split("\n")
    shows_what_they_print(ROOT / "docs" / "start-table.md", printed)
    (report,) = tmp_path.glob("*/report.html")
    assert report.stat().st_size > 0
    assert len((tmp_path / "predictions.csv").read_text().splitlines()) == 443


def test_the_picture_is_drawn_as_the_readmes_say(tmp_path, capsys):
    picture = runpy.run_path(str(ROOT / "examples" / "readme_picture.py"))
    picture["main"](tmp_path / "picture.png")
    (chosen,) = [line.split() for line in capsys.readouterr().out.splitlines() if line.endswith("1se")]
    assert chosen[1] == "11"
    assert len(picture["columns"]()[1]) == 64
    assert all(re.search(r"\b11 of 64|64 列中的 11", f.read_text(encoding="utf-8")) for f in READMES)
    assert (tmp_path / "picture.png").stat().st_size > 50_000


@pytest.mark.parametrize("file", [*READMES, *(ROOT / "docs").glob("objective*.md")], ids=lambda f: f.name)
def test_the_table_of_scales_is_the_one_that_converts(file):
    text = file.read_text(encoding="utf-8")
    for row in scale_table():
        assert f"| `{row['scale']}` | {row['objective']} | {row['normax']} |" in text


@pytest.mark.parametrize(
    "file", [*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"], ids=lambda f: f.name
)
def test_links_lead_somewhere(file):
    links = re.findall(r"\]\(([^)#]+)", file.read_text(encoding="utf-8"))
    assert [x for x in links if not x.startswith("https://") and not (file.parent / x).exists()] == []


@pytest.mark.parametrize("target", ["demo", "test", "test-all", "lint", "format", "bench"])
def test_commands_of_the_papers_are_in_the_makefile(target):
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
