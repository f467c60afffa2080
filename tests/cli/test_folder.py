"""Staging: a folder appears whole or not at all, and other makers' files stay."""

import json

import pytest

from normax.cli.folder import staged, written
from normax.errors import InputError

NAMES = frozenset({"model.json", "report.html", "path.png"})
RECIPE = json.dumps({"format": "normax model"})


def fill(folder, *names):
    for name in names:
        (folder / name).write_text(RECIPE if name == "model.json" else "new")


def stop(error, writing):
    """Write half of what there is to write, then stop with an error."""
    with writing as place:
        place.write("half") if hasattr(place, "write") else (place / "report.html").write_text("half")
        raise error


def test_a_new_folder_with_its_parents(tmp_path):
    out = tmp_path / "a" / "b"
    with staged(out, names=NAMES) as stage:
        fill(stage, "model.json", "report.html")
        assert not out.exists()
    assert sorted(p.name for p in out.iterdir()) == ["model.json", "report.html"]
    assert out.stat().st_mode & 0o055 == 0o055
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_what_is_interrupted_leaves_nothing(tmp_path, error):
    with pytest.raises(error):
        stop(error, staged(tmp_path / "out", names=NAMES))
    assert list(tmp_path.iterdir()) == []


def test_an_earlier_run_is_replaced_and_foreign_files_stay(tmp_path):
    fill(tmp_path, "model.json", "report.html", "notes.txt")
    (tmp_path / "path.png").write_text("old")
    with staged(tmp_path, names=NAMES) as stage:
        fill(stage, "model.json", "report.html")
        assert (tmp_path / "path.png").read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model.json", "notes.txt", "report.html"]


def test_an_interrupted_second_run_leaves_the_first(tmp_path):
    fill(tmp_path, "model.json", "report.html")
    with pytest.raises(KeyboardInterrupt):
        stop(KeyboardInterrupt, staged(tmp_path, names=NAMES))
    assert (tmp_path / "report.html").read_text() == "new"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model.json", "report.html"]


@pytest.mark.parametrize("marker", [None, "{", "[]", '{"format": "other"}'])
def test_files_of_others_are_refused(tmp_path, marker):
    (tmp_path / "path.png").write_text("theirs")
    if marker:
        (tmp_path / "model.json").write_text(marker)
    with (
        pytest.raises(InputError, match=r"already holds .*path\.png, not written by normax"),
        staged(tmp_path, names=NAMES),
    ):
        pass


def test_folders_inside(tmp_path):
    out = tmp_path / "out"
    for _ in range(2):
        with staged(
            out, marker="part/model.json", names=frozenset({"index.html", "part/model.json"})
        ) as stage:
            (stage / "part").mkdir()
            fill(stage / "part", "model.json")
            fill(stage, "index.html")
        assert sorted(p.name for p in out.rglob("*")) == ["index.html", "model.json", "part"]


def test_a_file_is_whole_or_old(tmp_path):
    file = tmp_path / "p.csv"
    file.write_text("old")
    with pytest.raises(KeyboardInterrupt):
        stop(KeyboardInterrupt, written(file))
    assert file.read_text() == "old"
    with written(file) as opened:
        opened.write("new")
    assert file.read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["p.csv"]
