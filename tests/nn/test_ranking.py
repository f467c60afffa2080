"""Losses of pairs and triplets, and distances, against PyTorch."""

import numpy as np
from torch_cases import case, cases

SIGNS = np.array([1.0, -1.0, -1.0, 1.0])
PAIR, TRIPLE = [(4, 3), (4, 3)], [(4, 3)] * 3


@cases(
    case("CosineSimilarity", inputs=PAIR),
    case("CosineSimilarity", dim=0, eps=1e-3, inputs=PAIR),
    case("PairwiseDistance", inputs=PAIR),
    case("PairwiseDistance", p=1.0, keepdim=True, inputs=PAIR),
    case("MarginRankingLoss", inputs=[(4,), (4,), SIGNS], constant=(2,)),
    case("MarginRankingLoss", 0.5, reduction="none", inputs=[(4,), (4,), SIGNS], constant=(2,)),
    case("HingeEmbeddingLoss", inputs=[(4,), SIGNS], constant=(1,)),
    case("HingeEmbeddingLoss", 0.3, reduction="sum", inputs=[(4,), SIGNS], constant=(1,)),
    case("CosineEmbeddingLoss", 0.1, inputs=[*PAIR, SIGNS], constant=(2,)),
    case("TripletMarginLoss", inputs=TRIPLE),
    case("TripletMarginLoss", 2.0, p=1.0, swap=True, reduction="none", inputs=TRIPLE),
)
def test_like_torch(case, compare):
    compare(case)
