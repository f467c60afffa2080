"""Margins, unaligned labels and the adaptive softmax against PyTorch."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from torch_cases import case, cases

from normax import nn
from normax.errors import InputError, Notice
from normax.nn import functional as F

rng = np.random.default_rng(0)
CLASSES = np.array([0, 3, 2, 3, 1])
SETS = np.array([[3, 0, -1, 1], [-1, 0, 1, 2], [0, 1, 2, 3]])
WEIGHT = np.array([0.5, 1.0, 2.0, 0.1])
LOGP = np.log(rng.dirichlet(np.ones(5), (7, 3)))
LABELS = np.array([[1, 1, 2, 4], [3, 2, 1, 1], [2, 2, 2, 2]])
STEPS, COUNTS = np.array([7, 5, 4]), np.array([4, 3, 1])
TRIPLE = [(4, 3)] * 3


@cases(
    *(case("MultiMarginLoss", reduction=r, inputs=[(5, 4), CLASSES]) for r in ("none", "mean", "sum")),
    case("MultiMarginLoss", 2, 0.7, WEIGHT, inputs=[(5, 4), CLASSES]),
    case("MultiMarginLoss", inputs=[(4,), np.array(2)]),
    *(case("MultiLabelMarginLoss", reduction=r, inputs=[(3, 4), SETS]) for r in ("none", "mean", "sum")),
    case("MultiLabelMarginLoss", inputs=[(4,), SETS[0]]),
    case("TripletMarginWithDistanceLoss", inputs=TRIPLE),
    case("TripletMarginWithDistanceLoss", margin=2.0, swap=True, reduction="none", inputs=TRIPLE),
    *(case("CTCLoss", reduction=r, inputs=[LOGP, LABELS, STEPS, COUNTS]) for r in ("none", "mean", "sum")),
    case("CTCLoss", blank=3, inputs=[LOGP, np.minimum(LABELS, 2), STEPS, COUNTS]),
    case("CTCLoss", inputs=[LOGP[:, 0], LABELS[0], np.array(7), np.array(4)]),
    case("CTCLoss", zero_infinity=True, inputs=[LOGP, LABELS, np.array([4, 5, 4]), COUNTS]),
    case("CTCLoss", reduction="none", inputs=[LOGP, LABELS, STEPS, np.array([4, 0, 1])]),
    case(
        "AdaptiveLogSoftmaxWithLoss",
        8,
        12,
        [3, 7],
        div_value=2.0,
        inputs=[(6, 8), np.array([0, 11, 3, 6, 7, 2])],
    ),
    case("AdaptiveLogSoftmaxWithLoss", 8, 9, [4], head_bias=True, inputs=[(8,), np.array(5)]),
)
def test_like_torch(case, compare):
    compare(case)


def test_ctc_of_targets_in_one_row():
    row = np.concatenate([labels[:n] for labels, n in zip(LABELS, COUNTS)])
    x = LOGP.astype("f4")
    wanted = torch.nn.functional.ctc_loss(*(torch.tensor(a) for a in (x, row, STEPS, COUNTS)))
    np.testing.assert_allclose(F.ctc_loss(x, row, STEPS, COUNTS), wanted, rtol=1e-5)


@pytest.mark.slow
def test_ctc_of_what_does_not_fit_is_infinite():
    loss, grad = jax.value_and_grad(
        lambda x: F.ctc_loss(x, np.array([[1, 1, 2]]), np.array([3]), np.array([3])),
    )(LOGP[:3, :1])
    assert loss == jnp.inf
    assert bool(jnp.isfinite(grad).all())


def test_adaptive_softmax_is_a_distribution_and_predicts():
    ours, theirs = (m.AdaptiveLogSoftmaxWithLoss(8, 12, [3, 7], 2.0) for m in (nn, torch.nn))
    ours.load_state_dict(theirs.state_dict())
    x = rng.standard_normal((6, 8)).astype("f4")
    np.testing.assert_allclose(np.exp(ours.log_prob(x)).sum(1), 1, rtol=1e-5)
    np.testing.assert_allclose(ours.log_prob(x), theirs.log_prob(torch.tensor(x)).detach(), rtol=1e-4)
    assert ours.predict(x).tolist() == theirs.predict(torch.tensor(x)).tolist()


def test_classes_of_a_cluster_without_features_are_equally_likely_as_in_torch():
    with pytest.warns(Notice, match=r"clusters without features, \[1, 0\]"):
        ours = nn.AdaptiveLogSoftmaxWithLoss(4, 9, [3, 5], 4.0)
    with pytest.warns(UserWarning, match="zero-element"):
        theirs = torch.nn.AdaptiveLogSoftmaxWithLoss(4, 9, [3, 5], 4.0)
    ours.load_state_dict(theirs.state_dict())
    x, y = rng.standard_normal((6, 4)).astype("f4"), np.array([0, 3, 5, 8, 4, 2])
    wanted = theirs(torch.tensor(x), torch.tensor(y))
    np.testing.assert_allclose(ours(x, y).output, wanted.output.detach(), rtol=1e-5)
    np.testing.assert_allclose(ours.log_prob(x), theirs.log_prob(torch.tensor(x)).detach(), rtol=1e-5)


@pytest.mark.parametrize("p", [0.0, 1.0, 2.0, 3.0, np.inf])
def test_pdist_like_torch(p):
    x = rng.standard_normal((5, 3)).astype("f4")
    np.testing.assert_allclose(F.pdist(x, p), torch.nn.functional.pdist(torch.tensor(x), p), rtol=1e-5)


# The same misuse raises in both libraries.
@pytest.mark.parametrize(
    "misuse",
    [
        lambda nn, a: nn.MultiMarginLoss(p=3),
        lambda nn, a: nn.TripletMarginWithDistanceLoss(margin=0.0),
        lambda nn, a: nn.MultiMarginLoss()(a(np.ones((2, 3))), a(np.array([0, 5]))),
        lambda nn, a: nn.MultiMarginLoss()(a(np.ones((2, 3))), a(np.array([0]))),
        lambda nn, a: nn.MultiMarginLoss(weight=a(np.ones(2)))(a(np.ones((2, 3))), a(np.array([0, 1]))),
        lambda nn, a: nn.MultiLabelMarginLoss()(a(np.ones((2, 3))), a(np.array([[0, 1, 3], [0, 0, 0]]))),
        lambda nn, a: nn.MultiLabelMarginLoss()(a(np.ones((2, 3))), a(np.array([[0, 1]]))),
        lambda nn, a: nn.CTCLoss(blank=9)(*(a(v) for v in (LOGP, LABELS, STEPS, COUNTS))),
        lambda nn, a: nn.CTCLoss()(*(a(v) for v in (LOGP, LABELS, STEPS + 9, COUNTS))),
        lambda nn, a: nn.CTCLoss()(*(a(v) for v in (LOGP, LABELS, STEPS[:2], COUNTS))),
        lambda nn, a: nn.AdaptiveLogSoftmaxWithLoss(8, 12, [7, 3]),
        lambda nn, a: nn.AdaptiveLogSoftmaxWithLoss(8, 12, [3])(
            a(np.ones((2, 8), "f4")), a(np.array([0, 12]))
        ),
        lambda nn, a: nn.AdaptiveLogSoftmaxWithLoss(8, 12, [3])(a(np.ones((2, 8), "f4")), a(np.array([0]))),
        lambda nn, a: nn.EmbeddingBag(5, 2)(a(np.array([0, 1]))),
        lambda nn, a: nn.EmbeddingBag(5, 2)(a(np.array([[0, 1]])), a(np.array([0]))),
        lambda nn, a: nn.EmbeddingBag(5, 2)(a(np.array([0, 1])), a(np.array([1]))),
        lambda nn, a: nn.EmbeddingBag(5, 2)(a(np.array([0, 7])), a(np.array([0]))),
        lambda nn, a: nn.EmbeddingBag(5, 2)(a(np.array([0, 1])), a(np.array([0])), a(np.ones(2, "f4"))),
        lambda nn, a: nn.Transformer(8, 3),
        lambda nn, a: nn.FractionalMaxPool2d(2, output_ratio=1.5),
        lambda nn, a: nn.FractionalMaxPool2d(2, 3, 0.5),
        lambda nn, a: nn.FractionalMaxPool2d(4, 3)(a(np.ones((1, 1, 5, 5)))),
        lambda nn, a: nn.functional.pdist(a(np.ones(3))),
        lambda nn, a: nn.functional.one_hot(a(np.array([0, 4])), 3),
        lambda nn, a: nn.Upsample(3, mode="trilinear")(a(np.ones((1, 1, 4)))),
        lambda nn, a: nn.Upsample(3, 2.0)(a(np.ones((1, 1, 4)))),
        lambda nn, a: nn.Fold(4, 2)(a(np.ones((1, 3, 9)))),
        lambda nn, a: nn.PixelShuffle(2)(a(np.ones((1, 3, 2, 2)))),
    ],
)
def test_the_same_misuse_raises(misuse):
    with pytest.raises((ValueError, RuntimeError, AssertionError, IndexError)):
        misuse(torch.nn, torch.tensor)
    with pytest.raises(InputError):
        misuse(nn, jnp.asarray)
