"""Folders of Parquet beyond memory: read in blocks, with the answer of a run that holds the table."""

import csv
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import load_file

from normax.cli import beyond, main
from normax.cli.runs import beyond as runs

N = 1200


def folder(place):
    """Numbers, with missing cells; categories, of which rare ones come late; dates; a flag that is nearly constant."""
    rng = np.random.default_rng(0)
    x, town = rng.normal(size=N), rng.choice(["Bern", "Basel", "Chur"], N).astype(object)
    town[rng.random(N) < 0.05] = None
    town[[1100, 1101, 1102]] = ["Thun", "Biel", "Zug"]
    flag = np.isin(np.arange(N), [1000, 1001])
    day = np.datetime64("2024-01-01") + rng.integers(0, 700, N).astype("timedelta64[D]")
    when = [None if rng.random() < 0.1 else d.item() for d in day]
    width = np.where(rng.random(N) < 0.2, np.nan, 3 * x + 50)
    y = 2 * x + (town == "Bern") + 3 * flag + 0.1 * np.nan_to_num(width) + rng.normal(size=N)
    columns = {"x": x, "town": pa.array(town.tolist()), "flag": flag, "when": pa.array(when, pa.date32())}
    columns |= {"width": pa.array(width, from_pandas=True), "same": np.ones(N), "y": y}
    data = place / "parts"
    data.mkdir()
    for i in range(3):
        pq.write_table(pa.table(columns).slice(400 * i, 400), data / f"{i}.parquet", row_group_size=150)
    return data


@pytest.fixture
def small_memory(monkeypatch):
    monkeypatch.setattr(beyond, "memory", lambda: 1)
    monkeypatch.setattr(runs, "SAMPLE", 300)


@pytest.mark.slow
def test_blocks_give_what_the_table_gives(tmp_path, monkeypatch, capsys):
    data = folder(tmp_path)
    told = ["--target", "y", "--cv", "3", "--strengths", "12"]
    for name in ("whole", "blocks"):
        if name == "blocks":
            monkeypatch.setattr(beyond, "memory", lambda: 1)
            monkeypatch.setattr(runs, "SAMPLE", 300)
        assert main(["path", str(data), *told, "--out", str(tmp_path / name)]) == 0
        assert main(["predict", str(tmp_path / name), str(data), "--out", str(tmp_path / f"{name}.csv")]) == 0
    said = capsys.readouterr().err
    assert "1,200 rows, more than memory holds, were read in blocks" in said
    whole, blocks = (json.loads((tmp_path / name / "model.json").read_text()) for name in ("whole", "blocks"))
    assert blocks["schema"] == whole["schema"]
    assert blocks["details"]["data"]["rows"] == N
    assert blocks["details"]["data"]["columns"] == whole["details"]["data"]["columns"]
    for name in ("mean", "scale"):
        np.testing.assert_allclose(blocks[name], whole[name], rtol=1e-10)
    arrays = [load_file(tmp_path / name / "model.safetensors") for name in ("whole", "blocks")]
    for name in ("weight", "bias"):
        np.testing.assert_allclose(arrays[1][name], arrays[0][name], rtol=1e-9, atol=1e-11)
    tables = [
        list(csv.DictReader((tmp_path / name / "path.csv").read_text().splitlines()))
        for name in ("whole", "blocks")
    ]
    for one, other in zip(*tables, strict=True):
        for head in ("strength", "nonzero", "train", "cv", "se"):
            assert float(other[head]) == pytest.approx(float(one[head]), rel=1e-8)
    answers = [np.loadtxt(tmp_path / f"{name}.csv", skiprows=1) for name in ("whole", "blocks")]
    np.testing.assert_allclose(answers[1], answers[0], rtol=1e-9)


def test_what_blocks_do_not_take_is_refused(tmp_path, small_memory, capsys):
    data = folder(tmp_path)
    for words, told in (
        (["--splines", "--group", "town"], "in blocks --group, --splines cannot be done; leave that out"),
        (["--penalty", "group-lasso"], "--penalty group-lasso"),
        (["--model", "mlp"], "--model mlp"),
        (["--cv", "2000"], "--cv 2000"),
    ):
        assert main(["path", str(data), "--target", "y", *words, "--out", str(tmp_path / "out")]) == 2
        assert told in capsys.readouterr().err
    assert (
        main(["path", str(data), "--target", "town", "--drop-missing-target", "--out", str(tmp_path / "o")])
        == 2
    )
    assert "in blocks classes cannot be fitted" in capsys.readouterr().err


def test_tables_that_fit_are_read_as_ever(tmp_path):
    data = folder(tmp_path)
    assert beyond.beyond_memory([str(data)]) is None
    assert beyond.beyond_memory([str(tmp_path / "t.csv")]) is None
