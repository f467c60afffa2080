"""dtypes of results, for every two dtypes, and of tensors against 0-d tensors and Python's numbers."""

import itertools
import operator

import jax
import pytest
import torch as theirs

from normax import torch as ours

KINDS = [
    "bool",
    "uint8",
    "int8",
    "int16",
    "int32",
    "int64",
    "float16",
    "bfloat16",
    "float32",
    "float64",
    "complex64",
]
NUMBERS = (True, 2, 2.5, 1j)
ARITHMETIC = (operator.add, operator.mul, operator.truediv, operator.pow)


def name(result):
    return str(result.dtype).removeprefix("torch.")


def pair(torch, one, other, shapes):
    return [torch.ones(shape, dtype=getattr(torch, kind)) for kind, shape in zip((one, other), shapes)]


@pytest.mark.parametrize("shapes", [((2,), (2,)), ((2,), ()), ((), (2,)), ((), ())], ids=str)
def test_two_tensors(shapes):
    wrong = []
    with jax.enable_x64(True):
        for one, other in itertools.product(KINDS, KINDS):
            if {one, other} == {"float16", "complex64"}:  # complex32 to PyTorch, which JAX has not
                continue
            reference = theirs.result_type(*pair(theirs, one, other, shapes))
            mine = ours.result_type(*pair(ours, one, other, shapes))
            if str(mine) != str(reference):
                wrong.append((one, other, mine, reference))
    assert wrong == []


@pytest.mark.parametrize("shape", [(2,), ()], ids=str)
def test_a_tensor_and_a_number(shape):
    wrong = []
    with jax.enable_x64(True):
        for kind, number in itertools.product(KINDS, NUMBERS):
            if (kind, number) == ("float16", 1j):
                continue
            a, b = (torch.ones(shape, dtype=getattr(torch, kind)) for torch in (ours, theirs))
            if str(ours.result_type(a, number)) != str(theirs.result_type(b, number)):
                wrong.append((kind, number))
    assert wrong == []


@pytest.mark.parametrize("apply", ARITHMETIC, ids=lambda f: f.__name__)
def test_operators_give_those_dtypes(apply):
    wrong = []
    with jax.enable_x64(True):
        for kind in ("bool", "int8", "int64", "float16", "float32", "float64"):
            for number in (2, 2.5):
                tensors = [torch.ones(2, dtype=getattr(torch, kind)) for torch in (ours, theirs)]
                for values in ([(t, number) for t in tensors], [(number, t) for t in tensors]):
                    mine, reference = (name(apply(*v)) for v in values)
                    if mine != reference:
                        wrong.append((kind, values[0], mine, reference))
    assert wrong == []


@pytest.mark.parametrize(
    "reduce", ["sum", "prod", "cumsum", "any", "argmax", "mean", "std", "logsumexp", "exp", "sqrt"]
)
def test_reductions_give_those_dtypes(reduce):
    arguments = (0,) if reduce in ("cumsum", "logsumexp") else ()
    with jax.enable_x64(True):
        for kind in ("bool", "uint8", "int32", "int64", "float16", "float32", "float64"):
            found = []
            for torch in (ours, theirs):
                try:
                    found.append(name(getattr(torch.ones(2, dtype=getattr(torch, kind)), reduce)(*arguments)))
                except RuntimeError:
                    found.append("refused")
            assert found[0] == found[1] or "refused" in found[1], (kind, found)


def test_in_place_keeps_the_dtype_or_refuses():
    x = ours.ones(2, dtype=ours.int32)
    x += True
    assert x.dtype == ours.int32
    with pytest.raises(RuntimeError, match="can't be cast"):
        x += 1.5


def test_32_bits_are_told_once(monkeypatch):
    from normax.errors import Notice
    from normax.torch import dtypes

    monkeypatch.setattr(dtypes, "_told", set())
    with pytest.warns(Notice, match="float64 is float32 here") as told:
        x = ours.zeros(2, dtype=ours.float64)
    assert told[0].filename == __file__
    assert x.double().dtype == ours.float64 == ours.float32  # and no second notice, which would be an error
