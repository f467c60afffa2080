"""The command as a process: help, versions, interruption, start-up, and a reader that leaves early."""

import signal
import subprocess
import sys

import pytest

from normax.cli import interrupts, main
from normax.cli.folder import staged
from normax.cli.options.typed import parse, settings
from normax.cli.options.words import COMMANDS

COMMAND = [sys.executable, "-c", "import sys; from normax.cli import main; sys.exit(main())"]


@pytest.mark.parametrize("command", COMMANDS)
def test_help(command, capsys):
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    assert end.value.code == 0
    assert f"usage: normax {command}" in capsys.readouterr().out


def test_help_states_every_default(capsys):
    with pytest.raises(SystemExit):
        main(["path", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    for default in (
        "linear)",
        "l1)",
        "1se)",
        "10 linear, 5 for networks and auto)",
        "100 linear",
        "1e-4",
        "0.003)",
        "0.5)",
        "0)",
    ):
        assert default in text


def test_no_words_print_the_help_and_version_prints_itself(capsys):
    for words, part in (([], "COMMAND"), (["--version"], "normax 0.")):
        with pytest.raises(SystemExit) as end:
            main(words)
        assert end.value.code == 0
        assert part in capsys.readouterr().out


def test_settings_tell_given_from_default():
    rows = {
        row["option"]: row
        for row in settings(parse(["path", "d.csv", "--target=y", "--cv", "7", "--drop", "a,b"]))
    }
    assert (rows["--cv"]["value"], rows["--cv"]["default"]) == ("7", False)
    assert (rows["--penalty"]["value"], rows["--penalty"]["default"]) == ("l1", True)
    assert (rows["--target"]["default"], rows["--drop"]["value"]) == (False, "a, b")
    assert (rows["--seed"]["value"], rows["--seed"]["default"]) == ("0", True)
    assert "--epochs" not in rows


@pytest.mark.parametrize(
    ("number", "code", "word"),
    [
        (signal.SIGINT, 130, "normax: interrupted; nothing was written\n"),
        (signal.SIGTERM, 143, "normax: terminated; nothing was written\n"),
        (signal.SIGKILL, -signal.SIGKILL, ""),
    ],
)
def test_an_end_from_outside_is_one_line_and_leaves_nothing(table, tmp_path, number, code, word):
    """The signal comes as soon as the staging folder is there, that is while the path is being fitted.

    What a killed one has left goes with the next run.
    """
    table.to_csv(tmp_path / "made.csv", index=False)
    words = ["path", "made.csv", "--target", "y", "--strengths", "5000", "--out", "o"]
    with subprocess.Popen(COMMAND + words, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        while not list(tmp_path.glob(".o-*.part")):
            assert process.poll() is None
        process.send_signal(number)
        _, said = process.communicate(timeout=60)
    assert process.returncode == code
    assert said == word
    if number == signal.SIGKILL:
        with staged(tmp_path / "other"):
            pass
        (tmp_path / "other").rmdir()
    assert [path.name for path in tmp_path.iterdir()] == ["made.csv"]


def test_an_interruption_that_python_drops_is_raised_at_the_next_step():
    class Finalised:
        def __del__(self):
            raise KeyboardInterrupt

    with interrupts.watched():
        Finalised()
        with pytest.raises(KeyboardInterrupt):
            interrupts.check()
        interrupts.check()


def test_an_interruption_waits_while_extensions_load():
    done = []

    def load():
        with interrupts.held_back():
            signal.raise_signal(signal.SIGINT)
            done.append(True)

    with pytest.raises(KeyboardInterrupt):
        load()
    assert done


def test_a_linear_model_never_waits_for_jax(table, tmp_path):
    table.to_csv(tmp_path / "made.csv", index=False)
    program = (
        "import sys; from normax.cli import main;"
        " main(['path', 'made.csv', '--target', 'y', '--strengths', '5', '--cv', '3', '--out', 'o']);"
        " main(['predict', 'o', 'made.csv', '--out', 'p.csv']);"
        " print(sorted({'jax', 'jaxlib', 'optax'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
    assert done.stderr == "1,000 predictions: p.csv\n"


def test_predicting_needs_neither_scikit_learn_nor_matplotlib(fitted):
    program = (
        f"import sys; from normax.cli import main; main(['predict', {str(fitted)!r}, {str(fitted.parent / 'made.csv')!r}]);"
        " print(sorted({'jax', 'sklearn', 'matplotlib', 'numba', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_reader_that_leaves_early(fitted):
    words = ["predict", str(fitted), str(fitted.parent / "made.csv")]
    with subprocess.Popen(
        COMMAND + words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(timeout=60) == 0
