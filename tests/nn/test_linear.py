"""Affine, bilinear and shape layers against PyTorch."""

from torch_cases import case, cases


@cases(
    case("Linear", 5, 3, inputs=(4, 5)),
    case("Linear", 5, 3, inputs=(5,)),
    case("Linear", 5, 3, bias=False, inputs=(2, 3, 5)),
    case("Bilinear", 3, 4, 2, inputs=[(5, 3), (5, 4)]),
    case("Bilinear", 3, 4, 2, bias=False, inputs=[(2, 5, 3), (2, 5, 4)]),
    case("Identity", 1, a=2, inputs=(2, 3)),
    case("Flatten", inputs=(2, 3, 4)),
    case("Flatten", 0, 1, inputs=(2, 3, 4)),
    case("Flatten", start_dim=-2, inputs=(2, 3, 4)),
    case("PixelShuffle", 2, inputs=(2, 8, 3, 2)),
    case("PixelShuffle", 3, inputs=(9, 1, 2)),
    case("PixelUnshuffle", 2, inputs=(2, 3, 4, 6)),
    case("ChannelShuffle", 3, inputs=(2, 6, 2, 2)),
    case("Unflatten", 1, (2, 3), inputs=(4, 6)),
    case("Unflatten", -1, (2, -1), inputs=(4, 6)),
)
def test_like_torch(case, compare):
    compare(case)
