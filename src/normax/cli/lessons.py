"""Which lesson of the repository tells more about what `normax explain` names."""

from __future__ import annotations

__all__ = ["LESSON_OF", "TITLES"]

# The notebook lessons/en/<name>.ipynb or lessons/zh/<name>.ipynb -> its title in both languages.
TITLES = {
    "01-what-regularisation-is": ("What regularisation is", "正则化是什么"),
    "02-l1-l2-elastic-net": (
        "L1, L2 and the elastic net, by hand and by normax",
        "L1、L2 与弹性网：手算与 normax",
    ),
    "03-why-ridge": ("Why ridge is called ridge", "岭回归为什么叫“岭”"),
    "04-weight-decay": (
        "Weight decay is L2 for SGD, and why it is not for Adam",
        "权重衰减对 SGD 就是 L2，对 Adam 为何不是",
    ),
    "05-dropout": ("Dropout: an ensemble of subnetworks", "Dropout（随机失活）：子网络的集成"),
    "06-dropout-and-l1": ("Dropout and L1 compared", "Dropout 与 L1 的比较"),
    "07-batch-norm": ("The noise of batch norm, measured", "测量批归一化的噪声"),
    "14-from-a-notebook-to-a-path": (
        "From a notebook to a cross-validated path",
        "从笔记本到交叉验证的路径",
    ),
}

# A penalty, a layer or an option, its dashes left out -> the lesson to read.
LESSON_OF = {
    "l1": "02-l1-l2-elastic-net",
    "l2": "03-why-ridge",
    "elastic-net": "02-l1-l2-elastic-net",
    "group-lasso": "06-dropout-and-l1",
    "sparse-group-lasso": "06-dropout-and-l1",
    "mcp": "02-l1-l2-elastic-net",
    "scad": "02-l1-l2-elastic-net",
    "slope": "02-l1-l2-elastic-net",
    "group-mcp": "02-l1-l2-elastic-net",
    "group-scad": "02-l1-l2-elastic-net",
    "l2-sp": "04-weight-decay",
    "max-norm": "05-dropout",
    "weight-decay": "04-weight-decay",
    "dropout": "05-dropout",
    "batch-norm": "07-batch-norm",
    "early-stopping": "01-what-regularisation-is",
    "none": "01-what-regularisation-is",
    "penalty": "02-l1-l2-elastic-net",
    "l1-ratio": "02-l1-l2-elastic-net",
    "methods": "06-dropout-and-l1",
    "strengths": "14-from-a-notebook-to-a-path",
    "cv": "14-from-a-notebook-to-a-path",
    "select": "14-from-a-notebook-to-a-path",
    "test": "14-from-a-notebook-to-a-path",
    "model": "14-from-a-notebook-to-a-path",
}
