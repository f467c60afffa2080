"""A classifier of small pictures, as a first tutorial writes it."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class MLP(nn.Module):
    def __init__(self, in_features=64, hidden=32, classes=10, p=0.0):
        super(MLP, self).__init__()
        self.fc1 = nn.Linear(in_features, hidden)
        self.fc2 = nn.Linear(hidden, hidden)
        self.dropout = nn.Dropout(p)
        self.fc3 = nn.Linear(hidden, classes)

    def forward(self, x):
        x = x.view(x.size(0), -1)
        x = F.relu(self.fc1(x))
        x = self.dropout(F.relu(self.fc2(x)))
        return self.fc3(x)


def example():
    x = torch.sin(torch.arange(4 * 64).float()).view(4, 1, 8, 8)
    return MLP(), (x,)
