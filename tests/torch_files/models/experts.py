"""A mixture of experts with top-k gates and a load-balancing loss."""

import torch
from torch import nn
import torch.nn.functional as F


class Expert(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.w1, self.w2, self.w3 = nn.Linear(dim, 8, False), nn.Linear(8, dim, False), nn.Linear(dim, 8, False)

    def forward(self, x):
        return self.w2(F.silu(self.w1(x)) * self.w3(x))


class MoE(nn.Module):
    def __init__(self, dim=6, n_experts=4, k=2):
        super().__init__()
        self.k, self.n_experts = k, n_experts
        self.gate = nn.Linear(dim, n_experts, bias=False)
        self.experts = nn.ModuleList([Expert(dim) for _ in range(n_experts)])

    def forward(self, x):
        orig_shape = x.shape
        x = x.reshape(-1, orig_shape[-1])
        logits = self.gate(x)
        weights, chosen = torch.topk(logits, self.k, dim=-1)
        weights = F.softmax(weights, dim=-1, dtype=torch.float).type_as(x)
        gates = torch.zeros_like(logits).scatter(1, chosen, weights)
        outputs = torch.stack([expert(x) for expert in self.experts], dim=1)
        y = torch.einsum("ne,ned->nd", gates, outputs)
        importance = F.one_hot(chosen, self.n_experts).sum(dim=1).float().mean(dim=0)
        aux = self.n_experts * (importance * logits.softmax(-1).mean(0)).sum() / self.k
        return y.view(*orig_shape), aux, chosen.view(*orig_shape[:-1], self.k)


def example():
    return MoE(), (torch.arange(2 * 5 * 6.0).mul(1.1).sin().view(2, 5, 6),)
