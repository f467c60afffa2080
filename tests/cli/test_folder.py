"""Staging: a folder appears whole or not at all, and other makers' files stay."""

import json
import os
import shutil
import stat
import subprocess
import sys
import threading
from contextlib import ExitStack

import pytest
from safetensors.numpy import load_file

from normax.cli.folder import staged, written
from normax.cli.model.recipe import _stamp, read, write
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


# Dies before each call that changes a name in turn, then looks what a reader finds, and runs again.
DEATHS = """
import json, os, shutil, sys
from pathlib import Path
from normax.cli import folder

top, notes = Path(sys.argv[1]), sys.argv[2] == "notes"
out, names = top / "out", frozenset({"model.json", "a.csv", "sub/b.csv", "old.csv"})
calls = [(os, "rename"), (os, "replace"), (os, "link"), (os, "unlink"), (os, "rmdir"), (folder, "_swapped")]
seen = []

def run(word):
    with folder.staged(out, names=names) as stage:
        (stage / "sub").mkdir()
        for name in sorted(names - ({"old.csv"} if word != "old" else set())):
            (stage / name).write_text(json.dumps({"format": "normax model", "word": word}))

def words():
    here = folder.current(out)
    return {json.loads((here / name).read_text())["word"] for name in names if (here / name).exists()}

for left in range(100):
    shutil.rmtree(top)
    top.mkdir()
    run("old")
    if notes:
        (out / "notes").mkdir()
        (out / "notes" / "mine.txt").write_text("mine")
    child = os.fork()
    if not child:
        def dying(function):
            def call(*args, **options):
                global left
                if left == 0:
                    os._exit(9)
                left -= 1
                return function(*args, **options)
            return call
        for owner, name in calls:
            setattr(owner, name, dying(getattr(owner, name)))
        run("new")
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    found = words()
    assert found in ({"old"}, {"new"}), (left, found)
    assert (folder.current(out) / "old.csv").exists() == (found == {"old"}), left
    seen.append(found.pop())
    run("third")
    assert words() == {"third"}, left
    assert sorted(os.listdir(top)) == ["out"], os.listdir(top)
    assert sorted(os.listdir(out)) == ["a.csv", "model.json", *["notes"] * notes, "sub"], os.listdir(out)
    assert not notes or (out / "notes" / "mine.txt").read_text() == "mine"
    if status == 0:
        break
print(" ".join(seen))
"""


@pytest.mark.parametrize("kind", ["alone", "notes"])
def test_whenever_it_dies_the_folder_is_old_or_new(tmp_path, kind):
    """By one swap of two folders; where there are notes beside our files, by what is read until all is in place."""
    (tmp_path / "top").mkdir()
    words = [sys.executable, "-c", DEATHS, str(tmp_path / "top"), kind]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    seen = done.stdout.split()
    assert seen == sorted(seen, reverse=True)  # once it is new it stays new
    assert {"old", "new"} == set(seen)


def test_a_reader_never_meets_half_a_folder(fitted, tmp_path):
    """While one thread replaces a model by another, a second reads: each time one of the two, whole."""
    two = tmp_path / "two"
    shutil.copytree(fitted, two)
    recipe = json.loads((two / "model.json").read_text())
    content = {name: value for name, value in recipe.items() if name not in ("format", "version", "checksum")}
    arrays = load_file(two / "model.safetensors")
    write(two, {**arrays, "bias": arrays["bias"] + 1}, content)
    out, done = tmp_path / "out", threading.Event()
    shutil.copytree(fitted, out)

    def replace():
        for i in range(30):
            with staged(out) as stage:
                shutil.copytree((two, fitted)[i % 2], stage, dirs_exist_ok=True)
        done.set()

    writer, seen = threading.Thread(target=replace), set()
    writer.start()
    while not done.is_set():
        seen.add(float(read(out)[1]["bias"][0] - arrays["bias"][0]))
    writer.join()
    assert seen <= {0.0, 1.0}


def test_a_replaced_file_is_known_while_the_first_is_held(fitted, tmp_path):
    """File systems give the number of a removed file to the next, and a copy has its time."""
    shutil.copytree(fitted, tmp_path / "out")
    file = tmp_path / "out" / "model.json"
    with ExitStack() as held:
        first = _stamp(file.parent, held)
        assert _stamp(file.parent, held) == first
        for _ in range(20):
            file.unlink()
            shutil.copy2(fitted / "model.json", file)
            with ExitStack() as now:
                assert _stamp(file.parent, now) != first


@pytest.mark.parametrize("how", ["link", "here", "mode"])
def test_folders_that_are_more_than_a_name(tmp_path, monkeypatch, how):
    place = tmp_path / "place"
    place.mkdir(mode=0o700)
    fill(place, "model.json", "path.png")
    out = place
    if how == "link":
        out = tmp_path / "link"
        out.symlink_to(place)
    if how == "here":
        monkeypatch.chdir(place)
    with staged(out, names=NAMES) as stage:
        fill(stage, "model.json", "report.html")
    assert sorted(p.name for p in place.iterdir()) == ["model.json", "report.html"]
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert out.is_symlink() == (how == "link")
    if how == "here":
        assert sorted(os.listdir()) == ["model.json", "report.html"]


def test_what_is_no_regular_file_is_written_to(tmp_path):
    pipe, got = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: got.append(pipe.read_text()))
    reader.start()
    with written(pipe) as opened:
        opened.write("rows")
    reader.join()
    assert got == ["rows"]
    link = tmp_path / "null"
    link.symlink_to("/dev/null")
    with written(link) as opened:
        opened.write("rows")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    assert link.is_symlink()


def test_standard_output_by_its_name_is_the_stream(tmp_path):
    program = (
        "from normax.cli.folder import written, Path\nwith written(Path('/dev/stdout')) as f: f.write('rows')"
    )
    (tmp_path / "all").write_text("before ")
    with (tmp_path / "all").open("a") as stream:
        subprocess.run([sys.executable, "-c", program], stdout=stream, check=True)
    assert (tmp_path / "all").read_text() == "before rows"
    assert os.listdir(tmp_path) == ["all"]
