"""A siamese network with a contrastive loss."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class ContrastiveLoss(nn.Module):
    def __init__(self, margin=2.0):
        super(ContrastiveLoss, self).__init__()
        self.margin = margin

    def forward(self, output1, output2, label):
        euclidean_distance = F.pairwise_distance(output1, output2, keepdim=True)
        return torch.mean(
            (1 - label) * torch.pow(euclidean_distance, 2)
            + label * torch.pow(torch.clamp(self.margin - euclidean_distance, min=0.0), 2)
        )


class SiameseNetwork(nn.Module):
    def __init__(self):
        super(SiameseNetwork, self).__init__()
        self.cnn = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(1, 4, kernel_size=3),
            nn.PReLU(),
            nn.GroupNorm(2, 4),
            nn.MaxPool2d(2, stride=2),
        )
        self.fc = nn.Sequential(nn.Linear(4 * 4 * 4, 16), nn.ReLU6(inplace=True), nn.Linear(16, 5))
        self.criterion = ContrastiveLoss()

    def forward_once(self, x):
        output = self.cnn(x)
        output = output.view(output.size()[0], -1)
        return self.fc(output)

    def forward(self, input1, input2, label):
        output1 = self.forward_once(input1)
        output2 = self.forward_once(input2)
        return output1, output2, self.criterion(output1, output2, label), F.cosine_similarity(output1, output2)


def example():
    a = torch.arange(2 * 64.0).sin().view(2, 1, 8, 8)
    return SiameseNetwork(), (a, a.flip(-1) * 0.5, torch.tensor([[0.0], [1.0]]))
