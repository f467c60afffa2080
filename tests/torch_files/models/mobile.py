"""Inverted residuals with squeeze and excitation, built from a table."""

from collections import OrderedDict
from functools import partial

import torch
from torch import nn


def _make_divisible(v, divisor=8, min_value=None):
    if min_value is None:
        min_value = divisor
    new_v = max(min_value, int(v + divisor / 2) // divisor * divisor)
    return new_v + divisor if new_v < 0.9 * v else new_v


class ConvBNActivation(nn.Sequential):
    def __init__(self, cin, cout, kernel=3, stride=1, groups=1, act=nn.ReLU6):
        padding = (kernel - 1) // 2
        super().__init__(
            OrderedDict(
                [
                    ("conv", nn.Conv2d(cin, cout, kernel, stride, padding, groups=groups, bias=False)),
                    ("bn", nn.BatchNorm2d(cout, eps=0.001, momentum=0.01)),
                    ("act", act(inplace=True)),
                ]
            )
        )
        self.out_channels = cout


class SqueezeExcitation(nn.Module):
    def __init__(self, channels, squeeze_factor=4):
        super().__init__()
        squeeze = _make_divisible(channels // squeeze_factor, 4)
        self.fc1 = nn.Conv2d(channels, squeeze, 1)
        self.relu = nn.ReLU(inplace=True)
        self.fc2 = nn.Conv2d(squeeze, channels, 1)

    def forward(self, input):
        scale = nn.functional.adaptive_avg_pool2d(input, 1)
        scale = nn.functional.hardsigmoid(self.fc2(self.relu(self.fc1(scale))), inplace=True)
        return scale * input


class InvertedResidual(nn.Module):
    def __init__(self, cin, expanded, cout, kernel, stride, use_se, act):
        super().__init__()
        self.use_res_connect = stride == 1 and cin == cout
        layers = [ConvBNActivation(cin, expanded, 1, act=act)] if expanded != cin else []
        layers.append(ConvBNActivation(expanded, expanded, kernel, stride, groups=expanded, act=act))
        if use_se:
            layers.append(SqueezeExcitation(expanded))
        layers.append(ConvBNActivation(expanded, cout, 1, act=lambda inplace: nn.Identity()))
        self.block = nn.Sequential(*layers)

    def forward(self, input):
        result = self.block(input)
        if self.use_res_connect:
            result += input
        return result


class Mobile(nn.Module):
    table = [(4, 8, 4, 3, 1, True, nn.ReLU), (4, 12, 8, 5, 2, True, nn.Hardswish), (8, 8, 8, 3, 1, False, nn.SiLU)]

    def __init__(self, classes=3):
        super().__init__()
        block = partial(InvertedResidual)
        features = [ConvBNActivation(3, 4, stride=2, act=nn.Hardswish), *(block(*row) for row in self.table)]
        self.features = nn.Sequential(*features)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(nn.Linear(8, 10), nn.Mish(), nn.Dropout(0.0), nn.Linear(10, classes))
        for name, p in self.named_parameters():
            if "bn" in name and name.endswith("weight"):
                nn.init.ones_(p)

    def forward(self, x):
        x = self.features(x)
        x = torch.flatten(self.avgpool(x), start_dim=1)
        return self.classifier(x)


def example():
    return Mobile(), (torch.arange(2 * 3 * 256.0).mul(0.37).sin().view(2, 3, 16, 16),)
