"""Five networks written as for PyTorch, once for both libraries: `lib` is `torch.nn` or `normax.nn`.

`ops` holds what the two spell differently: cat, flatten, relu, max_pool.
"""


def mlp(lib, ops):
    class MLP(lib.Module):
        def __init__(self):
            super().__init__()
            self.fc1, self.fc2, self.fc3 = lib.Linear(20, 32), lib.Linear(32, 16), lib.Linear(16, 5)
            self.act, self.drop = lib.ReLU(), lib.Dropout(0.0)

        def forward(self, x):
            return self.fc3(self.drop(self.act(self.fc2(self.act(self.fc1(x))))))

    return MLP()


def lenet5(lib, ops):
    class LeNet5(lib.Module):
        def __init__(self):
            super().__init__()
            self.conv1, self.conv2 = lib.Conv2d(1, 6, 5, padding=2), lib.Conv2d(6, 16, 5)
            self.pool, self.act = lib.AvgPool2d(2), lib.Tanh()
            self.fc1, self.fc2, self.fc3 = lib.Linear(400, 120), lib.Linear(120, 84), lib.Linear(84, 10)
            self.flat = lib.Flatten()

        def forward(self, x):
            x = self.pool(self.act(self.conv1(x)))
            x = self.flat(self.pool(self.act(self.conv2(x))))
            return self.fc3(self.act(self.fc2(self.act(self.fc1(x)))))

    return LeNet5()


def resnet18(lib, ops, width=8, classes=10):
    """He et al. 2016, with a stem for small images; `width=64` is the original's."""

    class BasicBlock(lib.Module):
        def __init__(self, inp, out, stride):
            super().__init__()
            self.conv1 = lib.Conv2d(inp, out, 3, stride, padding=1, bias=False)
            self.bn1 = lib.BatchNorm2d(out)
            self.relu = lib.ReLU(inplace=True)
            self.conv2 = lib.Conv2d(out, out, 3, padding=1, bias=False)
            self.bn2 = lib.BatchNorm2d(out)
            self.downsample = None
            if stride != 1 or inp != out:
                self.downsample = lib.Sequential(
                    lib.Conv2d(inp, out, 1, stride, bias=False), lib.BatchNorm2d(out)
                )

        def forward(self, x):
            same = x if self.downsample is None else self.downsample(x)
            x = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
            return self.relu(x + same)

    class ResNet18(lib.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = lib.Conv2d(3, width, 3, padding=1, bias=False)
            self.bn1, self.relu = lib.BatchNorm2d(width), lib.ReLU(inplace=True)
            inp = width
            for i in range(4):
                out = width * 2**i
                blocks = BasicBlock(inp, out, 1 if i == 0 else 2), BasicBlock(out, out, 1)
                setattr(self, f"layer{i + 1}", lib.Sequential(*blocks))
                inp = out
            self.avgpool, self.flat = lib.AdaptiveAvgPool2d(1), lib.Flatten()
            self.fc = lib.Linear(inp, classes)

        def forward(self, x):
            x = self.relu(self.bn1(self.conv1(x)))
            x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
            return self.fc(self.flat(self.avgpool(x)))

    return ResNet18()


def transformer(lib, ops, layers=2):
    class Classifier(lib.Module):
        def __init__(self):
            super().__init__()
            self.embed, self.place = lib.Embedding(50, 16), lib.Embedding(12, 16)
            layer = lib.TransformerEncoderLayer(16, 4, 32, dropout=0.0, batch_first=True)
            self.encoder = lib.TransformerEncoder(layer, layers, enable_nested_tensor=False)
            self.norm, self.head = lib.LayerNorm(16), lib.Linear(16, 4)

        def forward(self, tokens):
            x = self.embed(tokens) + self.place(ops.arange(tokens.shape[1]))
            return self.head(self.norm(self.encoder(x)).mean(1))

    return Classifier()


def tagger(lib, ops):
    class Tagger(lib.Module):
        def __init__(self):
            super().__init__()
            self.embed = lib.Embedding(50, 12, padding_idx=0)
            self.lstm = lib.LSTM(12, 10, num_layers=2, batch_first=True, bidirectional=True)
            self.head = lib.Linear(20, 6)

        def forward(self, tokens):
            return self.head(self.lstm(self.embed(tokens))[0]).reshape(-1, 6)

    return Tagger()


# name -> (builder, shape of one batch, None for real inputs or the number of tokens, classes, targets a batch)
ALL = {
    "mlp": (mlp, (16, 20), None, 5, 16),
    "lenet5": (lenet5, (8, 1, 28, 28), None, 10, 8),
    "resnet18": (resnet18, (8, 3, 16, 16), None, 10, 8),
    "transformer": (transformer, (8, 12), 50, 4, 8),
    "tagger": (tagger, (4, 9), 50, 6, 36),
}
