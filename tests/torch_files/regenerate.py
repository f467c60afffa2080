"""Writes `expected.json`: what PyTorch computes for the files in `models`. Run it where torch is installed.

python tests/torch_files/regenerate.py
"""

import importlib.util
import json
import sys
import warnings
from pathlib import Path

import numpy as np
import torch
from formulas import flat, shapes, shown, state, weighted

HERE = Path(__file__).parent


def loaded(file):
    spec = importlib.util.spec_from_file_location(file.stem, file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = module
    spec.loader.exec_module(module)
    return module


def numbers(module):
    net, inputs = module.example()
    net.load_state_dict({k: torch.tensor(v) for k, v in state(shapes(net)).items()}, strict=False)
    found = {}
    if not getattr(module, "RANDOM", False):
        with torch.no_grad():
            found["train"] = [shown(o) for o in flat(net.train()(*inputs))]
            found["buffers"] = {n: shown(b) for n, b in net.named_buffers() if "running_" in n}
        net.load_state_dict({k: torch.tensor(v) for k, v in state(shapes(net)).items()}, strict=False)
    outputs = _tensors(net.eval()(*inputs))
    found["eval"] = [shown(o.detach()) for o in outputs]
    floating = [o for o in outputs if o.is_floating_point() and o.requires_grad]
    waves = weighted([o.detach().numpy() for o in floating])
    loss = sum((o * torch.tensor(w)).sum() for o, w in zip(floating, waves))
    loss.backward()
    found["gradients"] = {
        name: shown(np.zeros(p.shape) if p.grad is None else p.grad) for name, p in net.named_parameters()
    }
    return found


def _tensors(outputs):
    if isinstance(outputs, (tuple, list)):
        return [tensor for part in outputs for tensor in _tensors(part)]
    return [torch.as_tensor(outputs)]


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    found = {file.stem: numbers(loaded(file)) for file in sorted((HERE / "models").glob("*.py"))}
    text = json.dumps(found, indent=0, separators=(",", ":")).replace(",\n", ",").replace("[\n", "[")
    (HERE / "expected.json").write_text(text + "\n", encoding="utf-8")
