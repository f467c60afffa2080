"""What normax computes for the files in `models`, printed by a process in which torch cannot be imported.

python without_torch.py all|NAME,NAME,...    the files of which training and gradients are asked for too
"""

import json
import sys
import traceback
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))


class _NoTorch:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torch":
            raise ModuleNotFoundError("No module named 'torch'", name="torch")


sys.meta_path.insert(0, _NoTorch())

from formulas import flat, shapes, shown, state, weighted  # noqa: E402

import normax as nx  # noqa: E402


def numbers(file, whole):
    """Outputs in evaluation; of a `whole` comparison those in training, what they leave in buffers, and gradients."""
    net, inputs = nx.from_torch(f"{file}:example")
    found = {}
    if whole and "RANDOM = True" not in file.read_text(encoding="utf-8"):
        net.load_state_dict(state(shapes(net)), strict=False)
        found["train"] = [shown(o) for o in flat(nx.jit(net.train())(*inputs))]
        found["buffers"] = {n: shown(b) for n, b in net.named_buffers() if "running_" in n}
    net.load_state_dict(state(shapes(net)), strict=False)
    outputs = flat(nx.jit(net.eval())(*inputs))
    found["eval"] = [shown(o) for o in outputs]
    if whole:
        floating = [i for i, o in enumerate(outputs) if o.dtype.kind == "f"]
        waves = weighted([outputs[i] for i in floating])

        def loss(net, *inputs):
            made = net(*inputs)
            made = made if isinstance(made, (tuple, list)) else [made]
            return sum((made[i] * w).sum() for i, w in zip(floating, waves))

        found["gradients"] = {n: shown(g) for n, g in nx.value_and_grad(net, loss)(*inputs)[1].items()}
    return found


if __name__ == "__main__":
    asked, result = sys.argv[1].split(","), {}
    for file in sorted((HERE / "models").glob("*.py")):
        try:
            result[file.stem] = numbers(file, whole=file.stem in asked or asked == ["all"])
        except Exception:
            result[file.stem] = {"error": traceback.format_exc()}
    if "torch" in sys.modules:
        raise SystemExit("torch was imported")
    print(json.dumps(result))
