"""A tagger of words by a bidirectional LSTM over packed sequences."""

import torch
import torch.nn as nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


class LSTMTagger(nn.Module):
    def __init__(self, embedding_dim, hidden_dim, vocab_size, tagset_size):
        super(LSTMTagger, self).__init__()
        self.hidden_dim = hidden_dim
        self.word_embeddings = nn.Embedding(vocab_size, embedding_dim, padding_idx=0)
        self.lstm = nn.LSTM(
            embedding_dim, hidden_dim // 2, num_layers=2, bidirectional=True, batch_first=True
        )
        self.hidden2tag = nn.Linear(hidden_dim, tagset_size)

    def init_hidden(self, batch_size, like):
        shape = (4, batch_size, self.hidden_dim // 2)
        return like.new_zeros(shape), like.new_zeros(*shape)

    def forward(self, sentence, lengths):
        embeds = self.word_embeddings(sentence)
        packed = pack_padded_sequence(embeds, lengths, batch_first=True, enforce_sorted=False)
        out, (h_n, c_n) = self.lstm(packed, self.init_hidden(sentence.shape[0], embeds))
        out, _ = pad_packed_sequence(out, batch_first=True)
        tag_space = self.hidden2tag(out)
        return nn.functional.log_softmax(tag_space, dim=-1), h_n[-1]


def example():
    sentence = torch.tensor([[3, 1, 4, 1, 5], [9, 2, 6, 0, 0], [5, 3, 5, 8, 0]])
    return LSTMTagger(4, 6, 10, 3), (sentence, torch.tensor([5, 3, 4]))
