"""Attention with rotary positions, whose tables and masks are cached as they are met, and a counter of calls."""

import torch
from torch import nn


class Rotary(nn.Module):
    def __init__(self, dim, base=10000):
        super().__init__()
        inv_freq = 1.0 / (base ** (torch.arange(0, dim, 2).float() / dim))
        self.register_buffer("inv_freq", inv_freq, persistent=False)
        self.seq_len_cached = None
        self.cos_cached = None
        self.sin_cached = None

    def forward(self, x, seq_dim=1):
        seq_len = x.shape[seq_dim]
        if seq_len != self.seq_len_cached:
            self.seq_len_cached = seq_len
            t = torch.arange(x.shape[seq_dim], device=x.device).type_as(self.inv_freq)
            freqs = torch.einsum("i,j->ij", t, self.inv_freq)
            emb = torch.cat((freqs, freqs), dim=-1).to(x.device)
            self.cos_cached = emb.cos()[None, :, :]
            self.sin_cached = emb.sin()[None, :, :]
        return self.cos_cached, self.sin_cached


def rotate_half(x):
    x1, x2 = x[..., : x.shape[-1] // 2], x[..., x.shape[-1] // 2 :]
    return torch.cat((-x2, x1), dim=x1.ndim - 1)


class Attention(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.qkv = nn.Linear(dim, dim * 3)
        self.rotary = Rotary(dim)
        self._masks = {}
        self.register_buffer("calls", torch.tensor(0))

    def mask(self, n, device):
        if n not in self._masks:
            self._masks[n] = torch.ones(n, n, dtype=torch.bool, device=device).triu(1)
        return self._masks[n]

    def forward(self, x):
        self.calls += 1
        q, k, v = self.qkv(x).chunk(3, -1)
        cos, sin = self.rotary(q)
        q, k = (q * cos) + (rotate_half(q) * sin), (k * cos) + (rotate_half(k) * sin)
        scores = torch.bmm(q, k.transpose(1, 2)) / q.size(-1) ** 0.5
        scores = scores.masked_fill(self.mask(x.size(1), x.device), torch.finfo(scores.dtype).min)
        return scores.softmax(-1).bmm(v)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList(Attention(6) for _ in range(2))

    def forward(self, x):
        for block in self.blocks:
            x = x + block(x)
        return x


def example():
    return Net(), (torch.arange(2 * 5 * 6.0).mul(0.7).sin().view(2, 5, 6),)
