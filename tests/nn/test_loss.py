"""Losses against PyTorch."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from torch_cases import case, cases

from normax import nn
from normax.errors import InputError
from normax.nn import functional as F

rng = np.random.default_rng(0)
CLASSES = np.array([0, 3, 2, 3, 1])
IMAGE = rng.integers(0, 3, (2, 4, 5))
SIGNS = np.where(rng.random((4, 3)) < 0.5, -1.0, 1.0)
UNIT = rng.random((4, 3))
HITS = (rng.random((4, 3)) < 0.5).astype(float)
COUNTS = rng.poisson(3.0, (4, 3)).astype(float)
WEIGHT = np.array([0.5, 1.0, 2.0, 0.1])
PROBABILITIES = rng.dirichlet(np.ones(4), 5)
PAIR = [(4, 3), (4, 3)]
REDUCTIONS = ("none", "mean", "sum")


@cases(
    *(
        case(name, reduction=r, inputs=PAIR)
        for name in ("MSELoss", "L1Loss", "SmoothL1Loss")
        for r in REDUCTIONS
    ),
    case("SmoothL1Loss", beta=0.3, inputs=PAIR),
    case("SmoothL1Loss", beta=0.0, inputs=PAIR),
    case("HuberLoss", inputs=PAIR),
    case("HuberLoss", "sum", 0.4, inputs=PAIR),
    case("PoissonNLLLoss", inputs=[(4, 3), COUNTS]),
    case("PoissonNLLLoss", full=True, reduction="none", inputs=[(4, 3), COUNTS]),
    case("PoissonNLLLoss", log_input=False, inputs=[(4, 3), COUNTS], positive=True),
    case("GaussianNLLLoss", inputs=[(4, 3), (4, 3), (4, 3)], positive=True),
    case("GaussianNLLLoss", full=True, reduction="sum", inputs=[(4, 3), (4, 3), (4, 1)], positive=True),
    case("GaussianNLLLoss", eps=0.5, reduction="none", inputs=[(4, 3), (4, 3), (4,)], positive=True),
    case("GaussianNLLLoss", inputs=[(4, 3), (4, 3), (1, 3)], positive=True),
    case("GaussianNLLLoss", inputs=[(4, 3, 2), (4, 3, 2), (4, 1, 2)], positive=True),
    case("LinearCrossEntropyLoss", 3, 4, bias=True, weight=WEIGHT, inputs=[(5, 3), CLASSES]),
    case("LinearCrossEntropyLoss", 3, 4, label_smoothing=0.1, ignore_index=3, inputs=[(5, 3), CLASSES]),
    case("LinearCrossEntropyLoss", 6, 3, out_features=(4, 5), reduction="sum", inputs=[(2, 6), IMAGE]),
    case("LinearCrossEntropyLoss", 3, 4, inputs=[(5, 3), PROBABILITIES]),
    case("KLDivLoss", reduction="batchmean", inputs=[np.log(PROBABILITIES[::-1]), PROBABILITIES]),
    case("KLDivLoss", reduction="sum", inputs=[(4, 3), UNIT]),
    case("KLDivLoss", log_target=True, reduction="none", inputs=PAIR),
    case("CrossEntropyLoss", inputs=[(5, 4), CLASSES]),
    *(case("CrossEntropyLoss", WEIGHT, reduction=r, inputs=[(5, 4), CLASSES]) for r in REDUCTIONS),
    case("CrossEntropyLoss", ignore_index=3, inputs=[(5, 4), CLASSES]),
    case("CrossEntropyLoss", WEIGHT, label_smoothing=0.2, ignore_index=3, inputs=[(5, 4), CLASSES]),
    case("CrossEntropyLoss", label_smoothing=0.1, reduction="none", inputs=[(5, 4), CLASSES]),
    case("CrossEntropyLoss", inputs=[(5, 4), PROBABILITIES]),
    case("CrossEntropyLoss", WEIGHT, label_smoothing=0.2, inputs=[(5, 4), PROBABILITIES]),
    case("CrossEntropyLoss", inputs=[(4,), np.array(2)]),
    case("CrossEntropyLoss", inputs=[(2, 3, 4, 5), IMAGE]),
    case("CrossEntropyLoss", WEIGHT[:3], reduction="none", inputs=[(2, 3, 4, 5), IMAGE]),
    case("NLLLoss", inputs=[(5, 4), CLASSES]),
    case("NLLLoss", WEIGHT, ignore_index=0, reduction="sum", inputs=[(5, 4), CLASSES]),
    case("NLLLoss", WEIGHT[:3], inputs=[(2, 3, 4, 5), IMAGE]),
    case("BCELoss", inputs=[UNIT, HITS]),
    case("BCELoss", np.array([1.0, 0.5, 2.0]), reduction="sum", inputs=[UNIT, UNIT[::-1].copy()]),
    case(
        "BCELoss", reduction="none", inputs=[np.array([0.0, 1.0, 0.5]), np.array([1.0, 1.0, 0.0])], rtol=1e-8
    ),
    case("BCEWithLogitsLoss", inputs=[(4, 3), HITS]),
    case("BCEWithLogitsLoss", np.array([1.0, 0.5, 2.0]), reduction="none", inputs=[(4, 3), UNIT]),
    case("BCEWithLogitsLoss", pos_weight=np.array([1.0, 3.0, 0.2]), inputs=[(4, 3), HITS]),
    case("SoftMarginLoss", inputs=[(4, 3), SIGNS], constant=(1,)),
    case("MultiLabelSoftMarginLoss", inputs=[(4, 3), HITS]),
    case("MultiLabelSoftMarginLoss", np.array([1.0, 0.5, 2.0]), reduction="none", inputs=[(4, 3), HITS]),
)
def test_like_torch(case, compare):
    compare(case)


def test_extreme_scores_stay_finite():
    x, y = np.array([-200.0, 200.0], "f4"), np.array([1.0, 0.0], "f4")
    assert F.binary_cross_entropy_with_logits(x, y).tolist() == 200.0
    scores = np.array([[500.0, -500.0]], "f4")
    assert F.cross_entropy(scores, np.array([1])).tolist() == 1000.0


def test_deprecated_flags_are_understood():
    assert nn.MSELoss(False).reduction == "sum"
    assert nn.MSELoss(None, False).reduction == "none"
    assert nn.CrossEntropyLoss(reduce=True).reduction == "mean"


def test_an_ignored_target_may_have_an_infinite_score():
    x = np.array([[0.0, 0.0], [-np.inf, 0.0]], "f4")
    y = np.array([1, -100])
    np.testing.assert_allclose(F.nll_loss(x, y), 0.0)


def test_functional_weights_of_squared_and_absolute_errors_are_torchs():
    x, y, w = (rng.random((4, 3)).astype("f4") for _ in range(3))
    tx, ty, tw = map(torch.tensor, (x, y, w))
    for name in ("mse_loss", "l1_loss", "huber_loss"):
        for reduction in REDUCTIONS:
            theirs = getattr(torch.nn.functional, name)(tx, ty, reduction=reduction, weight=tw)
            ours = getattr(F, name)(x, y, reduction=reduction, weight=w)
            np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-5)


COLUMN, FLAT = np.full((4, 1), 0.5, "f4"), np.full(4, 0.5, "f4")
PAIRS = {
    **{
        name: getattr(F, name)
        for name in F.__all__
        if (name.endswith("_loss") or "cross_entropy" in name)
        and name not in ("ctc_loss", "gaussian_nll_loss")
    },
    "kl_div": F.kl_div,
    "gaussian_nll_loss": lambda x, y: F.gaussian_nll_loss(x, y, jnp.ones(())),
    "margin_ranking_loss": lambda x, y: F.margin_ranking_loss(x, x, y),
    "cosine_embedding_loss": lambda x, y: F.cosine_embedding_loss(x, y, jnp.ones(4)),
    "triplet_margin_loss": lambda x, y: F.triplet_margin_loss(x, x, y),
    "triplet_margin_with_distance_loss": lambda x, y: F.triplet_margin_with_distance_loss(x, y, x),
}
FACTORS = {
    "variance": lambda x, v: F.gaussian_nll_loss(x, x, v),
    "cosine_embedding_loss": lambda x, y: F.cosine_embedding_loss(x[..., None], x[..., None], y),
    **{
        f"{name}, {factor}": lambda x, w, name=name, factor=factor: getattr(F, name)(x, x, **{factor: w})
        for name, factor in [
            *((name, "weight") for name in ("mse_loss", "l1_loss", "huber_loss", "binary_cross_entropy")),
            ("binary_cross_entropy_with_logits", "weight"),
            ("binary_cross_entropy_with_logits", "pos_weight"),
            ("multilabel_soft_margin_loss", "weight"),
        ]
    },
}


@pytest.mark.parametrize("shapes", [(COLUMN, FLAT), (FLAT, COLUMN)])
@pytest.mark.parametrize("name", PAIRS)
def test_a_column_against_a_row_is_never_every_pair(name, shapes):
    with pytest.raises((InputError, TypeError)):
        PAIRS[name](*shapes)
    with pytest.raises((InputError, TypeError)):
        jax.jit(PAIRS[name])(*shapes)


@pytest.mark.parametrize("shapes", [(COLUMN, FLAT), (FLAT, COLUMN)])
@pytest.mark.parametrize("name", FACTORS)
def test_nor_are_factors(name, shapes):
    if name == "variance" and shapes[0] is COLUMN:  # without the last axis, as PyTorch has it
        return np.testing.assert_array_equal(FACTORS[name](*shapes), FACTORS[name](COLUMN, COLUMN))
    with pytest.raises(InputError):
        FACTORS[name](*shapes)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: nn.MSELoss()(jnp.ones((4, 1)), jnp.ones(4)), r"equal shapes, got \(4, 1\) and \(4,\)"),
        (lambda: nn.MSELoss(reduction="means")(jnp.ones(1), jnp.ones(1)), "did you mean 'mean'"),
        (lambda: F.cross_entropy(jnp.ones((2, 3)), jnp.array([0, 3])), "classes from 0 to 2, got 3"),
        (lambda: F.cross_entropy(jnp.ones((2, 3)), jnp.array([0])), r"expected shape \(2,\)"),
        (lambda: F.cross_entropy(jnp.ones((2, 3)), jnp.ones(2)), "expected integer classes"),
        (lambda: F.cross_entropy(jnp.ones((2, 3)), jnp.array([0, 1]), jnp.ones(2)), "one a class"),
        (lambda: F.cross_entropy(jnp.ones((2, 3)), jnp.array([0, 1]), label_smoothing=2), "label_smoothing"),
        (lambda: F.binary_cross_entropy(jnp.array([1.5]), jnp.array([1.0])), "with_logits"),
        (lambda: F.huber_loss(jnp.ones(1), jnp.ones(1), delta=0), "delta: expected > 0"),
    ],
)
def test_refused(call, words):
    with pytest.raises(InputError, match=words):
        call()
