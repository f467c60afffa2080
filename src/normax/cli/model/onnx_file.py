"""A saved model as an ONNX graph: a column of the table is an input, filling and scaling are inside."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np

from normax.cli.model.saved import SavedModel
from normax.errors import InputError, quoted
from normax.tables import Schema, Target, kinds
from normax.tables.answers import mean_of

__all__ = ["check_onnx", "onnx_model"]

_OPSET, _ML = 18, 3


def onnx_model(saved: SavedModel) -> bytes:
    """The model as ONNX, to serialise.

    Each column is an input of shape (rows, 1), by its name: text as strings, empty where missing; all else as
    float64, NaN where missing, truth values 1 and 0, dates in days from 1970, times in hours. A regression
    puts out `prediction` (rows,); classes `label` (rows,) and `probabilities` (rows, classes). A linear model
    computes in float64, a network in float32.

    Args:
        saved: the model.

    Raises:
        InputError: if onnx is missing, for what ONNX cannot say shortly (free text, parts of dates, curves
            and products), and for networks beyond two hidden layers where jax2onnx is missing.
    """
    check_onnx(saved.schema, saved.scaling.expansion_ is not None, saved.target)
    import onnx

    graph = _Graph(onnx)
    Z = _standardised(graph, saved)
    network = saved.recipe["network"]
    if network is None:
        out = graph.affine(Z, saved.arrays["weight"], saved.arrays["bias"])
    else:
        scale, single = saved.recipe["output"], graph.op("Cast", Z, to=onnx.TensorProto.FLOAT)
        plain = network["kind"] == "mlp" and network.get("method") not in ("dropout", "batch-norm")
        single = _layers(graph, single, saved) if plain else _by_jax(graph, single, saved)
        double = graph.op("Cast", single, to=onnx.TensorProto.DOUBLE)
        double = graph.op("Reshape", double, graph.constant(np.array([-1, saved.target.outputs])))
        out = graph.op(
            "Add", graph.op("Mul", double, graph.constant(scale["scale"])), graph.constant(scale["mean"])
        )
    _answer(graph, out, saved.target)
    return graph.finished(f"{saved.target.name} by normax")


def check_onnx(schema: Schema, expanded: bool, target: Target) -> None:
    """Refuse what cannot be written, before it is fitted.

    Args:
        schema: of the table.
        expanded: whether there are curves or products.
        target: which may have an offset.

    Raises:
        InputError: as `onnx_model`, but for networks.
    """
    if find_spec("onnx") is None:
        raise InputError("--onnx: the file is written by onnx: pip install 'normax[onnx]'")
    if expanded:
        raise InputError(
            "--onnx: curves and products are not written to ONNX; leave out --splines and --interactions"
        )
    if target.offset is not None:
        raise InputError(
            f"--onnx: the offset {quoted(target.offset.name)} is not written to ONNX; leave it out"
        )
    groups = {
        "free text": [column.name for column in schema.columns if column.kind == kinds.WORDS],
        "parts of dates": [column.name for column in schema.columns if column.parts],
    }
    found = [f"{what} ({', '.join(map(quoted, names))})" for what, names in groups.items() if names]
    if found:
        raise InputError(f"--onnx: {' and '.join(found)} cannot be written to ONNX; leave them out by --drop")


def _standardised(graph: _Graph, saved: SavedModel) -> str:
    """The design matrix, filled and scaled, out of inputs of columns."""
    X = graph.op(
        "Concat", *(part for column in saved.schema.columns for part in _features(graph, column)), axis=1
    )
    mean, scale = saved.scaling.mean_, saved.scaling.scale_
    factor = np.divide(1.0, scale, out=np.zeros_like(scale), where=scale > 0)
    scaled = graph.op("Mul", graph.op("Sub", X, graph.constant(mean)), graph.constant(factor))
    return graph.op("Where", graph.op("IsNaN", X), graph.constant(0.0), scaled)


def _features(graph: _Graph, column: Any) -> list[str]:
    """What a column becomes, as of `normax.tables.columns.encode`."""
    if column.kind == kinds.TEXT:
        count, absent = len(column.levels), [""] if column.missing else []
        levels = [*column.levels, *absent]
        places = np.arange(count + column.rest + column.missing)
        codes = [*range(count), *([count + column.rest] if column.missing else [])]
        code = graph.op(
            "LabelEncoder",
            graph.input(column.name, text=True),
            domain="ai.onnx.ml",
            keys_strings=levels,
            values_int64s=codes,
            default_int64=count if column.rest else -1,
        )
        return [
            graph.op(
                "Cast", graph.op("Equal", code, graph.constant(places)), to=graph.onnx.TensorProto.DOUBLE
            )
        ]
    value = graph.input(column.name)
    if not column.missing:
        return [value]
    return [value, graph.op("Cast", graph.op("IsNaN", value), to=graph.onnx.TensorProto.DOUBLE)]


def _layers(graph: _Graph, x: str, saved: SavedModel) -> str:
    """The two hidden layers of the command's own network."""
    names = [name.removesuffix(".weight") for name in saved.arrays if name.endswith(".weight")]
    for k, name in enumerate(sorted(names, key=int)):
        x = graph.op("Relu", x) if k else x
        x = graph.affine(x, saved.arrays[f"{name}.weight"], saved.arrays[f"{name}.bias"])
    return x


def _by_jax(graph: _Graph, x: str, saved: SavedModel) -> str:
    """Any network, its trace written by jax2onnx."""
    try:
        from jax2onnx import to_onnx
    except ImportError:
        raise InputError("--onnx: this network is written by jax2onnx: pip install jax2onnx") from None
    import normax as nx

    net = saved.network().eval()
    weights = dict(net.state_dict())
    try:
        model = to_onnx(
            lambda z: nx.functional_call(net, weights, z),
            [("rows", len(saved.recipe["features"]))],
            opset=_OPSET,
        )
    except Exception as error:  # whatever an operation that it does not know makes it raise
        raise InputError(
            f"--onnx: jax2onnx cannot write this network ({' '.join(str(error).split())[:200]})"
        ) from error
    return graph.within(model, x)


def _answer(graph: _Graph, out: str, target: Target) -> None:
    """The named outputs."""
    proto = graph.onnx.TensorProto
    if target.task == "regression":
        flat = graph.op("Reshape", out, graph.constant(np.array([-1])))
        mean = mean_of("poisson" if target.log else target.family)
        if mean is np.exp:
            flat = graph.op("Mul", graph.op("Exp", flat), graph.constant(target.smear))
        elif mean is not np.asarray:
            flat = graph.op("Sigmoid", flat)
        graph.output("prediction", flat, proto.DOUBLE, 1)
        return
    if target.ordinal:  # from shares above each level to those of the levels
        steps = np.eye(len(target.labels))
        probabilities = graph.affine(graph.op("Sigmoid", out), (steps[1:] - steps[:-1]).T, steps[0])
    else:
        if target.outputs == 1:
            out = graph.op("Concat", graph.op("Mul", out, graph.constant(0.0)), out, axis=1)
        probabilities = graph.op("Softmax", out, axis=1)
    best = graph.op("ArgMax", probabilities, axis=1, keepdims=0)
    labels = np.array(target.labels, dtype=object if isinstance(target.labels[0], str) else None)
    kinds_of = {"O": proto.STRING, "b": proto.BOOL, "i": proto.INT64, "f": proto.DOUBLE}
    graph.output("label", graph.op("Gather", graph.constant(labels), best), kinds_of[labels.dtype.kind], 1)
    graph.output("probabilities", probabilities, proto.DOUBLE, 2)


class _Graph:
    """A graph as it grows; every operation's output has a name of its own."""

    def __init__(self, onnx: Any) -> None:
        self.onnx = onnx
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.functions: list[Any] = []
        self.inputs: list[Any] = []
        self.outputs: list[Any] = []

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add an operation; the name of what it puts out."""
        name = f"normax/{kind}/{len(self.nodes)}"
        self.nodes.append(self.onnx.helper.make_node(kind, inputs, [name], **attributes))
        return name

    def constant(self, value: Any) -> str:
        """Add a constant; its name."""
        name = f"normax/constant/{len(self.constants)}"
        self.constants.append(self.onnx.numpy_helper.from_array(np.asarray(value), name))
        return name

    def affine(self, x: str, weight: np.ndarray, bias: np.ndarray) -> str:
        """x Wᵀ + b for W (outputs, inputs)."""
        return self.op(
            "Add", self.op("MatMul", x, self.constant(np.ascontiguousarray(weight.T))), self.constant(bias)
        )

    def input(self, name: str, text: bool = False) -> str:
        """Add an input of one column."""
        kind = self.onnx.TensorProto.STRING if text else self.onnx.TensorProto.DOUBLE
        self.inputs.append(self.onnx.helper.make_tensor_value_info(name, kind, ["rows", 1]))
        return name

    def output(self, name: str, of: str, kind: int, rank: int) -> None:
        """Name what is put out."""
        self.nodes.append(self.onnx.helper.make_node("Identity", [of], [name]))
        self.outputs.append(self.onnx.helper.make_tensor_value_info(name, kind, ["rows", None][:rank]))

    def within(self, model: Any, x: str) -> str:
        """Put another model's graph in here, on this input; the name of what it puts out."""
        model = self.onnx.compose.add_prefix(model, "network/")
        self.nodes.append(self.onnx.helper.make_node("Identity", [x], [model.graph.input[0].name]))
        self.nodes += model.graph.node
        self.constants += model.graph.initializer
        self.functions += model.functions
        return str(model.graph.output[0].name)

    def finished(self, text: str) -> bytes:
        """The checked model, serialised."""
        helper = self.onnx.helper
        graph = helper.make_graph(self.nodes, "normax", self.inputs, self.outputs, self.constants)
        opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid("ai.onnx.ml", _ML)]
        opsets += [
            helper.make_opsetid(domain, 1) for domain in sorted({f.domain for f in self.functions} - {""})
        ]
        model = helper.make_model(
            graph,
            opset_imports=opsets,
            functions=self.functions,
            producer_name="normax",
            doc_string=text,
            ir_version=9,
        )
        self.onnx.checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString())
