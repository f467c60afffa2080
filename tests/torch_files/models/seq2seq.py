"""Translation by GRU cells with additive attention over the source."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class Encoder(nn.Module):
    def __init__(self, vocab, emb, hid):
        super().__init__()
        self.embedding = nn.Embedding(vocab, emb)
        self.rnn = nn.GRU(emb, hid, bidirectional=True)
        self.fc = nn.Linear(hid * 2, hid)

    def forward(self, src):
        outputs, hidden = self.rnn(self.embedding(src))
        hidden = torch.tanh(self.fc(torch.cat((hidden[-2, :, :], hidden[-1, :, :]), dim=1)))
        return outputs, hidden


class Attention(nn.Module):
    def __init__(self, hid):
        super().__init__()
        self.attn = nn.Linear(hid * 3, hid)
        self.v = nn.Linear(hid, 1, bias=False)

    def forward(self, hidden, encoder_outputs):
        src_len = encoder_outputs.shape[0]
        hidden = hidden.unsqueeze(1).repeat(1, src_len, 1)
        encoder_outputs = encoder_outputs.permute(1, 0, 2)
        energy = torch.tanh(self.attn(torch.cat((hidden, encoder_outputs), dim=2)))
        return F.softmax(self.v(energy).squeeze(2), dim=1)


class Seq2Seq(nn.Module):
    def __init__(self, vocab=9, emb=4, hid=5):
        super().__init__()
        self.encoder = Encoder(vocab, emb, hid)
        self.attention = Attention(hid)
        self.embedding = nn.Embedding(vocab, emb)
        self.cell = nn.GRUCell(emb + hid * 2, hid)
        self.out = nn.Linear(hid * 3 + emb, vocab)

    def forward(self, src, trg):
        trg_len, batch_size = trg.shape
        outputs = torch.zeros(trg_len, batch_size, self.out.out_features).to(src.device)
        encoder_outputs, hidden = self.encoder(src)
        input = trg[0, :]
        for t in range(1, trg_len):
            embedded = self.embedding(input)
            a = self.attention(hidden, encoder_outputs).unsqueeze(1)
            weighted = torch.bmm(a, encoder_outputs.permute(1, 0, 2)).squeeze(1)
            hidden = self.cell(torch.cat([embedded, weighted], dim=1), hidden)
            output = self.out(torch.cat((hidden, weighted, embedded), dim=1))
            outputs[t] = output
            top1 = output.argmax(1)
            input = trg[t] if t % 2 else top1
        return outputs


def example():
    return Seq2Seq(), ((torch.arange(6 * 2) * 5 % 9).view(6, 2), (torch.arange(4 * 2) * 7 % 9).view(4, 2))
