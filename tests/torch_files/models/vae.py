"""A variational autoencoder; in evaluation the code is its mean."""

import torch
from torch import nn
from torch.nn import functional as F


class VAE(nn.Module):
    def __init__(self, n_in=20, hidden=12, latent=3):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(n_in, hidden), nn.Softplus(), nn.Linear(hidden, latent * 2))
        self.decoder = nn.Sequential(nn.Linear(latent, hidden), nn.ELU(inplace=True), nn.Linear(hidden, n_in))

    def reparameterize(self, mu, logvar):
        if not self.training:
            return mu
        std = torch.exp(0.5 * logvar)
        eps = torch.randn_like(std)
        return eps.mul(std).add_(mu)

    def forward(self, x):
        mu, logvar = torch.chunk(self.encoder(x.view(-1, 20)), 2, dim=1)
        z = self.reparameterize(mu, logvar)
        recon = torch.sigmoid(self.decoder(z))
        kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
        bce = F.binary_cross_entropy(recon, x.view(-1, 20), reduction="sum")
        return recon, mu, logvar, bce + kld


RANDOM = True


def example():
    x = torch.sigmoid(torch.arange(3 * 20).remainder(7).float() - 3).reshape(3, 4, 5)
    return VAE(), (x,)
