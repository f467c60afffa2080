"""The interface, a page a module, from the docstrings of its public names."""

import functools
import importlib
import inspect
import re

MODULES = {  # page: (module, what stands before a name, the line above it in English, in Chinese)
    "normax": ("normax", "nx.", "`import normax as nx`: networks, their paths, and what serves both.",
               "`import normax as nx`：网络、网络的路径，以及两者共用的部分。"),
    "linear_model": ("normax.linear_model", "", "Linear models, certified, under scikit-learn's names; without JAX.",
                     "线性模型：带证书，沿用 scikit-learn 的名称，不需要 JAX。"),
    "families": ("normax.linear_model.families", "", "The losses of linear models.", "线性模型的损失。"),
    "penalties": ("normax.penalties", "", "Penalties: what they charge, and their proximal steps.",
                  "惩罚：它们收取什么，以及它们的近端步。"),
    "scales": ("normax.penalties.scales", "", "Strengths between normax and other libraries.",
               "normax 与其他库之间的强度换算。"),
    "training": ("normax.training", "", "Training networks.", "训练网络。"),
    "distributed": ("normax.distributed", "nx.distributed.", "The processes of a run.", "一次运行的各个进程。"),
    "paths": ("normax.paths", "", "Paths of networks and what they return.", "网络的路径，以及它们返回的东西。"),
    "selection": ("normax.selection", "", "Grids of strengths, folds, the 1-SE rule.", "强度网格、折、1-SE 规则。"),
    "pruning": ("normax.pruning", "", "Smaller networks from zeros.", "由零得到更小的网络。"),
    "tables": ("normax.tables", "", "Files and data frames as arrays.", "把文件和数据框变成数组。"),
    "plot": ("normax.plot", "plot.", "Figures, drawn into matplotlib's axes.", "画进 matplotlib 坐标轴的图。"),
    "diagnostics": ("normax.diagnostics", "diagnostics.", "What an analyst asks of a fitted model, as numbers.",
                    "分析者对拟合好的模型所问的，用数字回答。"),
    "nn": ("normax.nn", "nn.", "Modules and layers under PyTorch's names: arguments, shapes and initial values are PyTorch's.",
           "沿用 PyTorch 名称的模块与层：参数、形状与初始值都与 PyTorch 相同。"),
    "functional": ("normax.nn.functional", "F.", "The layers as functions of arrays; arguments and shapes are PyTorch's.",
                   "以数组为参数的函数形式；参数与形状都与 PyTorch 相同。"),
    "init": ("normax.nn.init", "init.", "Initial values, written into a parameter.", "写入参数的初始值。"),
    "utils": ("normax.nn.utils", "utils.", "Norms of gradients, weight norm, parametrizations, packed sequences.",
              "梯度的范数、权重归一化、参数化、打包序列。"),
}  # fmt: skip
ENGLISH = "Of version {version}, from its docstrings; examples are run by the tests."
CHINESE = "版本 {version}，取自文档字符串（英文）；其中的例子由测试运行。"
SECTION = re.compile(
    r"^(Args|Attributes|Returns|Yields|Raises|Example|Examples|Source|Sources|Note):[ \t]*(.*)$"
)
ITEM = re.compile(r"^(`?[\w.*]+`?(?:, `?[\w.*]+`?)*): +(.*)$")


def pages():
    """Names of pages and their text, in both languages."""
    import normax

    for page, (module, before, english, chinese) in MODULES.items():
        names = list(_names(importlib.import_module(module)))
        body = "\n".join(_entry(before + name, value) for name, value in names)
        for suffix, line, origin in ((".md", english, ENGLISH), (".zh-CN.md", chinese, CHINESE)):
            said = origin.format(version=normax.__version__)
            yield f"interface/{page}{suffix}", f"# {module}\n\n{line}\n\n*{said}*\n\n{body}\n"


def _names(module):
    for name in sorted(module.__all__, key=str.lower):
        value = getattr(module, name)
        if not inspect.ismodule(value) and name != "__version__":
            yield name, value


def _entry(name, value):
    """A name's heading, call, and docstring; of a class its own methods too."""
    if not callable(value):
        return f"## `{name}`\n\nA constant of type `{type(value).__name__}`.\n"
    parts = [f"## `{name}`", "", *_call(name, value), "", documented(inspect.getdoc(value) or "")]
    for method, function in _methods(value) if inspect.isclass(value) else ():
        parts += [
            f"### `{name}.{method}`",
            "",
            *_call(method, function),
            "",
            documented(inspect.getdoc(function)),
        ]
    return "\n".join(parts) + "\n"


def _call(name, value):
    if isinstance(value, property):
        return []
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):
        return []
    shown = [
        p.replace(annotation=p.empty) for p in signature.parameters.values() if p.name not in ("self", "cls")
    ]
    text = str(signature.replace(parameters=shown, return_annotation=signature.empty))
    if len(name + text) > 88:
        text = "(\n    " + ",\n    ".join(str(parameter) for parameter in shown) + ",\n)"
    return ["```python", re.sub(r"<(?:function|class|object) ?'?([\w.]*).*?>", r"\1", name + text), "```"]


@functools.cache
def _public():
    """The classes that have an entry of their own."""
    modules = [importlib.import_module(module) for module, *_ in MODULES.values()]
    return {value for module in modules for _, value in _names(module) if inspect.isclass(value)}


def _methods(cls):
    """Public methods and properties with docstrings that normax gives a class; a base with its own entry tells its own."""
    seen, elsewhere = {}, _public() - {cls}
    for base in cls.__mro__:
        ours = base.__module__.startswith("normax") and base not in elsewhere
        for name, value in vars(base).items() if ours else ():
            value = value.__func__ if isinstance(value, classmethod | staticmethod) else value
            shown = not name.startswith("_") and name != "forward" and getattr(value, "__doc__", None)
            if shown and (inspect.isfunction(value) or isinstance(value, property)):
                seen.setdefault(name, value)
    return sorted(seen.items())


def documented(text):
    """A docstring as Markdown: sections are bold, what they list are definitions, examples are blocks of code."""
    out, section = [], None
    for chunk in _sections(text.splitlines()):
        section, lines = chunk
        if section is None:
            out += _plain(lines)
        elif section.startswith("Example"):
            out += ["```pycon", *lines, "```", ""]
        else:
            out += [f"**{section}**", "", *_listed(lines), ""]
    return "\n".join(out)


def _sections(lines):
    section, held = None, []
    for line in lines:
        found = SECTION.match(line)
        if found or (section and line and not line.startswith(" ")):
            yield section, _dedented(held)
            section, held = (found[1], [found[2]] if found[2] else []) if found else (None, [line])
        else:
            held.append(line)
    yield section, _dedented(held)


def _dedented(lines):
    return inspect.cleandoc("\n".join(["", *lines])).splitlines()


def _plain(lines):
    """Text as it is; code that stands between paragraphs becomes a block."""
    out, within = [], False
    for line in lines:
        code = line.startswith((">>>", "..."))
        if code and not within:
            out += ["", "```pycon"]
        if within and not line:
            out.append("```")
        within = code or (within and bool(line))
        out.append(line)
    return [*out, "```", ""] if within else [*out, ""]


def _listed(lines):
    """`name: text` with its indented lines, as definitions; anything else as text."""
    out = []
    for line in lines:
        found = ITEM.match(line)
        if found and not line.startswith(" "):
            names = ", ".join(f"`{n.strip(' `')}`" for n in found[1].split(","))
            out += ["", names, f":   {found[2]}"]
        else:
            out.append(f"    {line.strip()}" if out and line.strip() else line)
    return out
