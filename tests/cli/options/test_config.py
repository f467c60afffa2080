"""A run's configuration: written beside its report, and enough to repeat it."""

import shlex
import tomllib

import pytest

from normax.cli import main
from normax.cli.options.typed import config, parse
from normax.errors import InputError


def test_a_run_is_repeated_by_one_file(fitted, tmp_path, capsys):
    assert main(["path", "--config", str(fitted / "config.toml"), "--out", str(tmp_path / "o")]) == 0
    for name in ("coefficients.csv", "path.csv", "model.safetensors"):
        assert (tmp_path / "o" / name).read_bytes() == (fitted / name).read_bytes()
    first, again = ((folder / "config.toml").read_text() for folder in (fitted, tmp_path / "o"))
    assert tomllib.loads(again) == tomllib.loads(first)
    assert (tomllib.loads(first)["seed"], tomllib.loads(first)["out"]) == (0, ".")
    assert "# 't0' is text" in first.splitlines()


TYPED = """path a.csv b.csv --target=y --task regression --penalty elastic-net --l1-ratio 0.3 --text c,d
 --drop '"size, cm",é' --missing=-999,- --strengths 1.5,1e-5 --cv 4 --test 0.25 --seed 7 --log-target"""


def test_every_option_goes_through_the_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    typed = parse(shlex.split(TYPED))
    assert typed.drop == ["size, cm", "é"]
    assert typed.missing == ["-999", "-"]
    file = tmp_path / typed.out / "c.toml"
    file.parent.mkdir()
    file.write_text(config(typed, ["a\nremark"]), encoding="utf-8")
    read = parse(["path", "--config", str(file)])
    for name in vars(typed).keys() - {"argv", "config"}:
        assert getattr(read, name) == getattr(typed, name), name
    assert read.argv[:3] == ["path", "a.csv", "b.csv"]
    assert parse(read.argv).l1_ratio == 0.3  # the command that the report shows is whole


def test_paths_of_the_file_start_at_its_folder(tmp_path, monkeypatch):
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    whole = str(tmp_path / "whole.csv")
    words = ["a.csv", "../b-*.csv", whole, "shop.db:orders", "--target=y", "--test=later.csv"]
    typed = parse(["path", *words, "--model=nets/n.py:Net", "--out=runs/first"])
    folder = tmp_path / "project" / "runs" / "first"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(config(typed, []))
    read = parse(["path", "--config=runs/first/config.toml"])
    assert read.data == ["a.csv", "../b-*.csv", whole, "shop.db:orders"]
    assert (read.test, read.model, read.out) == ("later.csv", "nets/n.py:Net", "runs/first")
    assert config(read, []) == (folder / "config.toml").read_text()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    read = parse(["path", f"--config={folder}/config.toml", "--out=mine"])
    assert read.data == ["../project/a.csv", "../b-*.csv", whole, "../project/shop.db:orders"]
    assert (read.test, read.model, read.out) == ("../project/later.csv", "../project/nets/n.py:Net", "mine")
    again = parse(["path", f"--config={folder}/config.toml"])
    assert again.out == "../project/runs/first"
    assert config(again, []) == (folder / "config.toml").read_text()
    parent = parse(["path", "--config=../project/runs/first/config.toml", "-", "--test=0.2"])
    assert (parent.data, parent.test) == (["-"], "0.2")


def test_a_run_repeats_from_another_folder(fitted, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["path", "--config", str(fitted / "config.toml"), "--dry-run"]) == 0


def test_what_is_typed_counts_more(tmp_path):
    file = tmp_path / "c.toml"
    file.write_text('data = "a.csv"\ntarget = "y"\ndrop = ["a", "b"]\ncv = 4\nlog-target = true\nonly = []\n')
    read = parse(["path", "d.csv", "--cv=6", f"--config={file}", "--drop", "c"])
    assert (read.data, read.target, read.drop, read.cv, read.log_target) == (["d.csv"], "y", ["c"], 6, True)
    assert read.argv[:2] == ["path", "d.csv"]
    assert "--config" not in " ".join(read.argv)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('targt = "y"\ncv = [[1]]', "no option 'targt'; did you mean 'target'?; cv: expected text, a number"),
        ('command = "compare"', "of normax compare, not of normax path"),
        ("cv = ", "no TOML"),
        ("data = {}", "data: expected a path or a list of them"),
        ('data = "a.csv"\ncv = 1', "--cv: expected a whole number >= 2, got '1'"),
        ('config = "x"', "no option 'config'"),
        ("cv = 5", "the following arguments are required: DATA"),
    ],
)
def test_files_that_are_no_configuration(tmp_path, text, message):
    (tmp_path / "c.toml").write_text(text)
    with pytest.raises(InputError) as error:
        parse(["path", "--config", str(tmp_path / "c.toml")])
    assert message in str(error.value)
    with pytest.raises(InputError, match="cannot be read"):
        parse(["path", "--config", "nowhere.toml"])
