"""A model as an ONNX file: onnxruntime predicts what the command predicts, from the table's own columns."""

from importlib.util import find_spec

import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pytest

import normax as nx
from normax.cli import main


@pytest.fixture
def frame(tmp_path, monkeypatch):
    """Numbers with and without missing cells, text with and without, truth values, dates without parts."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    n = 90
    frame = pd.DataFrame(
        {
            "size, cm": random.normal(size=n),
            "x": random.normal(size=n),
            "town": random.choice(["Bern", "Zürich", "Basel"], size=n),
            "code": random.choice(["a", "b"], size=n),
            "old": random.choice(["no", "yes"], size=n),
        }
    )
    frame.loc[::9, "x"] = np.nan
    frame.loc[::8, "town"] = None
    frame["y"] = 2 * frame["size, cm"] + frame["town"].eq("Bern") + random.normal(size=n) / 4
    frame["kind"] = pd.qcut(frame["y"], 3, labels=["low", "mid", "top"]).astype(str)
    frame.to_csv("d.csv", index=False)
    return frame


def fit(*words):
    assert main(["path", "d.csv", *words, "--cv", "3", "--select", "min", "--onnx", "--out", "o"]) == 0
    model = nx.load_model("o")
    with open("o/model.onnx", "rb") as file:
        assert file.read() == model.to_onnx()
    return model


def by_onnxruntime(frame, model):
    session = onnxruntime.InferenceSession("o/model.onnx", providers=["CPUExecutionProvider"])
    assert [i.name for i in session.get_inputs()] == list(model.feature_names_in_)
    given = {}
    for i in session.get_inputs():
        column = frame[i.name]
        if i.type == "tensor(string)":
            cells = column.fillna("").astype(object).to_numpy()
        else:
            cells = (
                column.map({"no": 0, "yes": 1}).to_numpy(float) if i.name == "old" else column.to_numpy(float)
            )
        given[i.name] = cells.reshape(-1, 1)
    return dict(zip([o.name for o in session.get_outputs()], session.run(None, given)))


def test_a_linear_model_of_numbers(frame):
    model = fit("--target", "y", "--drop", "kind", "--strengths", "5")
    assert model.predict(frame).std() > 1
    np.testing.assert_allclose(
        by_onnxruntime(frame, model)["prediction"], model.predict(frame), rtol=1e-12, atol=1e-12
    )
    new = frame.head(3).assign(town=["Genf", None, "Bern"], code=["c", "a", "b"])
    new["size, cm"] = [np.nan, 1.0, 2.0]
    with pytest.warns(nx.Notice):
        expected = model.predict(new)
    np.testing.assert_allclose(by_onnxruntime(new, model)["prediction"], expected, rtol=1e-12, atol=1e-12)


def test_a_linear_model_of_logarithms(frame):
    frame.assign(y=np.exp(frame["y"])).to_csv("d.csv", index=False)
    model = fit("--target", "y", "--drop", "kind", "--strengths", "5", "--log-target")
    np.testing.assert_allclose(by_onnxruntime(frame, model)["prediction"], model.predict(frame), rtol=1e-12)


@pytest.mark.parametrize("target", ["code", "digit"])
def test_classes(frame, target):
    frame = frame.assign(digit=pd.qcut(frame["y"], 3, labels=[1, 2, 4]).astype(int))
    frame.to_csv("d.csv", index=False)
    words = ["--drop", "y,kind", "--task", "classification", "--strengths", "4"]
    model = fit("--target", target, *words)
    found = by_onnxruntime(frame, model)
    np.testing.assert_allclose(found["probabilities"], model.predict_proba(frame), rtol=1e-10)
    assert found["label"].tolist() == model.predict(frame).tolist()


def test_levels(frame):
    model = fit("--target", "kind", "--drop", "y", "--levels", "low,mid,top", "--strengths", "4")
    found = by_onnxruntime(frame, model)
    np.testing.assert_allclose(found["probabilities"], model.predict_proba(frame), rtol=0, atol=1e-14)
    assert found["label"].tolist() == model.predict(frame).tolist()


def test_the_network_of_the_command(frame):
    words = ["--drop", "kind", "--model", "mlp", "--epochs", "3", "--strengths", "2"]
    model = fit("--target", "y", *words)
    np.testing.assert_allclose(
        by_onnxruntime(frame, model)["prediction"], model.predict(frame), rtol=1e-4, atol=1e-4
    )


def test_a_network_of_ones_own_is_written_by_jax2onnx(frame, capsys):
    source = """from normax import nn
class Net(nn.Sequential):
    def __init__(self, p, m):
        super().__init__(nn.Linear(p, 8), nn.BatchNorm1d(8), nn.GELU(), nn.Linear(8, m))
"""
    with open("net.py", "w") as file:
        file.write(source)
    words = ["path", "d.csv", "--target", "kind", "--drop", "y", "--model", "net.py:Net", "--epochs", "3"]
    assert main([*words, "--strengths", "2", "--cv", "3", "--onnx", "--out", "o"]) == 0
    if find_spec("jax2onnx") is None:
        assert "note: no model.onnx: --onnx: this network is written by jax2onnx" in capsys.readouterr().err
        return
    model = nx.load_model("o", trust_code=True)
    found = by_onnxruntime(frame, model)
    np.testing.assert_allclose(found["probabilities"], model.predict_proba(frame), rtol=1e-4, atol=1e-6)


def test_what_cannot_be_written_is_refused_before_the_fit(frame, capsys, monkeypatch):
    days = pd.date_range("2020-01-01", periods=len(frame)).strftime("%d.%m.%Y")
    notes = [f"word{k % 7} word{k % 5} other{k % 3}" for k in range(len(frame))]
    frame.assign(when=days, note=notes).to_csv("d.csv", index=False)
    base = ["path", "d.csv", "--target", "y", "--drop", "kind", "--onnx", "--out", "o2"]
    for words, message in {
        ("--words", "note"): "free text ('note') and parts of dates ('when') cannot be written to ONNX",
        ("--only", "x,code", "--splines"): "curves and products are not written to ONNX",
    }.items():
        assert main([*base, *words]) == 2
        assert message in capsys.readouterr().err
    monkeypatch.setattr("normax.cli.model.onnx_file.find_spec", lambda name: None)
    assert main([*base, "--only", "x,code"]) == 2
    assert "pip install 'normax[onnx]'" in capsys.readouterr().err


def test_the_file_says_what_it_is(fitted):
    model = onnx.load_from_string(nx.load_model(fitted).to_onnx())
    assert (model.producer_name, model.doc_string) == ("normax", "y by normax")
