"""MLP-Mixer with gated spatial mixing and a Fourier block."""

import torch
import torch.nn as nn
from torch.nn import functional as F


class FeedForward(nn.Module):
    def __init__(self, num_features, expansion_factor):
        super().__init__()
        self.fc1 = nn.Linear(num_features, num_features * expansion_factor)
        self.fc2 = nn.Linear(num_features * expansion_factor, num_features)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))


class TokenMixer(nn.Module):
    def __init__(self, num_patches, num_features):
        super().__init__()
        self.norm = nn.LayerNorm(num_features)
        self.mlp = FeedForward(num_patches, 2)

    def forward(self, x):
        residual = x
        x = self.norm(x).transpose(1, 2)
        x = self.mlp(x).transpose(1, 2)
        return x + residual


class FourierMixer(nn.Module):
    def __init__(self, num_features):
        super().__init__()
        self.norm = nn.LayerNorm(num_features)

    def forward(self, x):
        return x + torch.fft.fft(torch.fft.fft(self.norm(x), dim=-1), dim=-2).real


class SpatialGate(nn.Module):
    def __init__(self, num_patches, num_features):
        super().__init__()
        self.norm = nn.LayerNorm(num_features // 2)
        self.proj = nn.Conv1d(num_patches, num_patches, kernel_size=1)
        nn.init.constant_(self.proj.bias, 1.0)

    def forward(self, x):
        u, v = x.chunk(2, dim=-1)
        return u * self.proj(self.norm(v))


class Mixer(nn.Module):
    def __init__(self, image_size=8, patch_size=4, num_features=6, num_classes=3):
        super().__init__()
        num_patches = (image_size // patch_size) ** 2
        self.patcher = nn.Conv2d(3, num_features, kernel_size=patch_size, stride=patch_size)
        self.mixers = nn.Sequential(
            TokenMixer(num_patches, num_features), FourierMixer(num_features), TokenMixer(num_patches, num_features)
        )
        self.gate = SpatialGate(num_patches, num_features)
        self.classifier = nn.Linear(num_features // 2, num_classes)

    def forward(self, x):
        patches = self.patcher(x)
        batch_size, num_features, _, _ = patches.shape
        patches = patches.permute(0, 2, 3, 1)
        patches = patches.view(batch_size, -1, num_features)
        embedding = self.gate(self.mixers(patches))
        return self.classifier(embedding.mean(dim=1))


def example():
    return Mixer(), (torch.arange(2 * 3 * 64.0).sin().view(2, 3, 8, 8),)
