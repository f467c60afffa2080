"""Writes what there is of PyTorch's names into the pages that tell of it, from both namespaces as they are.

python docs/pytorch_names.py    torch has to be installed
"""

import importlib
import types
from pathlib import Path

from normax.porting.names import find
from normax.torch.absent import reason

DOCS = Path(__file__).parent
SPACES = [
    "torch",
    "torch.Tensor",
    "torch.nn",
    "torch.nn.functional",
    "torch.nn.init",
    "torch.nn.utils",
    "torch.linalg",
    "torch.fft",
    "torch.special",
    "torch.func",
    "torch.optim",
    "torch.optim.lr_scheduler",
    "torch.utils.data",
    "torch.distributions",
]
NAMES = {
    "pytorch-names.md": ("Under", "Names", "Why, or what to write"),
    "pytorch-names.zh-CN.md": ("命名空间", "名称", "原因，或该怎么写"),
}
COUNTS = {
    "your-pytorch-file.md": ("Under", "There", "Of PyTorch's names"),
    "your-pytorch-file.zh-CN.md": ("命名空间", "已有", "PyTorch 的名称总数"),
}


def public(path):
    """PyTorch's own documented functions and classes under a namespace, or the methods of `Tensor`."""
    parent, _, last = path.rpartition(".")
    if last == "Tensor":
        return sorted(n for n in dir(importlib.import_module(parent).Tensor) if not n.startswith("_"))
    space = importlib.import_module(path)
    classes = path != "torch"  # whose classes are its compiler's
    return sorted(
        name
        for name in (getattr(space, "__all__", dir(space)) if classes else dir(space))
        if not name.startswith("_") and _is_own(getattr(space, name, None), classes)
    )


def _is_own(value, classes):
    home = getattr(value, "__module__", None) or "torch"
    plain = not isinstance(value, types.ModuleType) and (classes or not isinstance(value, type))
    return plain and callable(value) and bool(value.__doc__) and home.startswith("torch")


def is_there(full):
    try:
        find(full)
    except (AttributeError, ImportError):
        return False
    return True


def row(*cells):
    return f"| {' | '.join(cells)} |"


def table(head, rows):
    return "\n".join([row(*head), "|---" * len(head) + "|", *(row(*cells) for cells in rows)])


def code(names):
    return " ".join(f"`{name}`" for name in names)


def tables():
    """Each page's tables by their names."""
    there, missing = {}, {}
    for path in SPACES:
        for name in public(path):
            (there if is_there(f"{path}.{name}") else missing).setdefault(path, []).append(name)
    counts = [(f"`{p}`", str(len(there[p])), str(len(there[p]) + len(missing.get(p, [])))) for p in SPACES]
    absent = []
    for path in SPACES:
        groups = {}
        for name in missing.get(path, []):
            said = reason(f"{path}.{name}".removeprefix("torch."))
            groups.setdefault(said, []).append(name)
        absent += [
            (f"`{path}`", code(names), said and f"{said[0].upper()}{said[1:]}.")
            for said, names in groups.items()
        ]
    return {
        **{
            page: {
                "there": table(head[:2], [(f"`{path}`", code(there[path])) for path in SPACES]),
                "absent": table(head, absent),
            }
            for page, head in NAMES.items()
        },
        **{page: {"counts": table(head, counts)} for page, head in COUNTS.items()},
    }


def written(text, named):
    """A page's text with its tables between their markers renewed."""
    for name, made in named.items():
        begin, end = f"<!-- {name}: by pytorch_names.py -->", f"<!-- end of {name} -->"
        before, _, rest = text.partition(begin)
        _, found, after = rest.partition(end)
        if not found:
            raise SystemExit(f"there is no {begin} ... {end}")
        text = f"{before}{begin}\n\n{made}\n\n{end}{after}"
    return text


if __name__ == "__main__":
    for page, named in tables().items():
        file = DOCS / page
        file.write_text(written(file.read_text(encoding="utf-8"), named), encoding="utf-8")
