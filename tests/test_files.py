"""Files that are whole or old, and only what is ours and dead cleared away."""

import errno
import os
import signal
import stat
import subprocess
import sys

import pytest

from normax import files, sealed
from normax.cli.options.config import config_words
from normax.errors import InputError
from normax.tables import read_table

DYING = """
import os, signal, sys
from pathlib import Path
from normax import files
file = Path(sys.argv[1])
with files.replacing(file) as part:
    part.write_text("half")
    if sys.argv[2] == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    print(part.name, flush=True)
    sys.stdin.read()
"""


def writer(file, what, **options):
    return subprocess.Popen([sys.executable, "-c", DYING, str(file), what], text=True, **options)


@pytest.fixture
def private():
    usual = os.umask(0o027)
    yield
    os.umask(usual)


def test_a_new_file_follows_the_umask_and_a_replaced_one_keeps_its_permissions(tmp_path, private):
    file = files.write(tmp_path / "new" / "a.txt", "one")
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    file.chmod(0o604)
    files.write(file, b"two")
    assert (file.read_text(), stat.S_IMODE(file.stat().st_mode)) == ("two", 0o604)


def test_a_link_is_followed(tmp_path):
    (tmp_path / "there").mkdir()
    link, file = tmp_path / "link", tmp_path / "there" / "file"
    link.symlink_to(file)
    for word in ("one", "two"):
        files.write(link, word)
        assert file.read_text() == word
    assert link.is_symlink()
    assert os.listdir(tmp_path / "there") == ["file"]


def test_only_regular_files_are_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for place in (pipe, "/dev/null"):
        with pytest.raises(InputError, match="it is a device or a pipe"):
            files.write(files.Path(place), "text")
    with pytest.raises(InputError, match="it is a folder"):
        files.write(tmp_path, "text")
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


@pytest.mark.parametrize(
    "read",
    [
        lambda file: sealed.read_json(file, "thing", 1),
        lambda file: sealed.read_sealed(file, "thing"),
        read_table,
        lambda file: config_words(str(file), "path", [], []),
    ],
)
def test_no_reader_follows_a_link_to_a_device(tmp_path, read):
    link = tmp_path / "t.csv"
    link.symlink_to("/dev/zero")
    with pytest.raises(InputError, match="expected a file, and it is a device or a pipe"):
        read(link)


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch, call):
    file = files.write(tmp_path / "a", "old")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, call, full)
    with pytest.raises(InputError, match="No space left"):
        files.write(file, "new")
    assert file.read_text() == "old"
    assert os.listdir(tmp_path) == ["a"]


def test_what_the_dead_have_left_goes_and_all_else_stays(tmp_path):
    dead = writer(tmp_path / "a", "die")
    assert dead.wait(timeout=60) == -signal.SIGKILL
    (left,) = os.listdir(tmp_path)
    with writer(tmp_path / "a", "live", stdin=subprocess.PIPE, stdout=subprocess.PIPE) as live:
        lives = live.stdout.readline().strip()
        kept = {
            lives,
            ".a.notes",
            ".a-notes.part",
            ".a.1234.part",
            left.replace(left.split("-")[1], "00000000"),  # of another machine
        }
        for name in kept - {lives}:
            (tmp_path / name).write_text("mine")
        # A process of now has the number of one that died.
        again = left.replace(f"-{dead.pid}-", f"-{os.getpid()}-")
        (tmp_path / again).mkdir()
        (tmp_path / again / "inside").touch()
        files.write(tmp_path / "b", "new")
        assert set(os.listdir(tmp_path)) == kept | {"b"}
        live.stdin.close()
        assert live.wait(timeout=60) == 0
    assert (tmp_path / "a").read_text() == "half"


def test_names_of_any_length(tmp_path):
    file = tmp_path / ("é" * 120)
    assert files.write(file, "text").read_text() == "text"
    assert len(files.part_of(file).name.encode()) < 255
