"""`normax launch`: processes that are told who they are, their lines, and an end for all when one fails."""

import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest

from normax.cli import main
from normax.cli.launch import _shares, _told
from normax.errors import InputError
from normax.launched import LOST

TELLS = "import os, sys; print(os.environ['JAX_PROCESS_ID'], os.environ['JAX_NUM_PROCESSES'], sys.argv[1:])"


def launched(*words, **options):
    return subprocess.run(
        [sys.executable, "-m", "normax", "launch", *words], capture_output=True, text=True, **options
    )


def script(tmp_path, text):
    file = tmp_path / "script.py"
    file.write_text(text)
    return str(file)


def test_each_process_hears_who_it_is_and_its_lines_begin_with_its_number(tmp_path):
    found = launched("-n", "3", "--", script(tmp_path, TELLS), "--missing", "-9", "--lang", "xx")
    assert found.returncode == 0, found.stderr
    words = "['--missing', '-9', '--lang', 'xx']"
    assert sorted(found.stdout.splitlines()) == [f"[{i}] {i} 3 {words}" for i in range(3)]


@pytest.mark.parametrize(
    ("end", "code", "said"),
    [
        ("sys.exit(3)", 3, "process 1 of 2 ended with exit code 3, so the others were ended"),
        (
            "os.kill(os.getpid(), 9)",
            137,
            "process 1 of 2 ended with signal SIGKILL, so the others were ended",
        ),
    ],
)
def test_one_that_fails_ends_all_and_is_named(tmp_path, monkeypatch, capfd, end, code, said):
    monkeypatch.setattr("normax.cli.launch.GRACE_SECONDS", 0.2)
    waits = (
        f"import os, sys, threading\nif os.environ['JAX_PROCESS_ID'] == '1': {end}\nthreading.Event().wait()"
    )
    assert main(["launch", "-n", "2", "--", script(tmp_path, waits)]) == code
    assert said in capfd.readouterr().err


def test_who_ends_because_another_failed_is_not_blamed(capsys):
    there = [SimpleNamespace(returncode=code) for code in (LOST, 4, -signal.SIGTERM)]
    assert _told(there, [0, 2, 1]) == 4
    assert "process 1 of 3 ended with exit code 4" in capsys.readouterr().err
    assert _told([SimpleNamespace(returncode=0)] * 2, [1, 0]) == 0


def test_an_interrupt_reaches_every_process(tmp_path):
    text = """
import os, signal, sys, threading
done = threading.Event()
signal.signal(signal.SIGINT, lambda *_: (print("interrupted", flush=True), done.set()))
print("ready", flush=True)
done.wait()
"""
    words = [sys.executable, "-m", "normax", "launch", "-n", "2", "--", script(tmp_path, text)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    ready = {process.stdout.readline().strip() for _ in range(2)}
    os.kill(process.pid, signal.SIGINT)
    rest, _ = process.communicate(timeout=60)
    assert ready == {"[0] ready", "[1] ready"}
    assert sorted(rest.split("\n")[:2]) == ["[0] interrupted", "[1] interrupted"]
    assert process.returncode == 130


def test_gpus_are_shared_out():
    assert _shares(2, 4) == [{"JAX_LOCAL_DEVICE_IDS": "0,1"}, {"JAX_LOCAL_DEVICE_IDS": "2,3"}]
    assert _shares(2, 0) == [{}, {}]
    with pytest.raises(InputError, match="this machine has 2 GPUs"):
        _shares(3, 2)


def test_what_is_missing_is_said(capsys):
    assert main(["launch", "-n", "2"]) == 2
    assert "which script?" in capsys.readouterr().err
    assert main(["launch", "--", "script.py"]) == 2
    assert "required: -n/--processes" in capsys.readouterr().err
