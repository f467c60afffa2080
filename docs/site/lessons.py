"""A lesson's notebook as a page: text, code, and what the code prints and draws when it is run here.

python docs/site/lessons.py NOTEBOOK FOLDER    writes FOLDER/NAME.md and its pictures; exercises are not run
"""

import ast
import contextlib
import hashlib
import io
import json
import re
import subprocess
import sys
import warnings
from pathlib import Path

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "build" / "lessons"
WORDS = {
    "en": {"solution": "A solution", "notebook": "This lesson as a notebook"},
    "zh": {"solution": "一种解法", "notebook": "本课的笔记本"},
}


def rendered(notebook):
    """The folder of a lesson's page and pictures; run once for each version of the notebook."""
    digest = hashlib.sha256(notebook.read_bytes() + Path(__file__).read_bytes()).hexdigest()[:16]
    folder = KEPT / notebook.parent.name / digest
    if not (folder / "done").exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, __file__, str(notebook), str(folder)], check=True, cwd=folder)
        (folder / "done").touch()
    return folder


def page(notebook, folder):
    words, space, out = WORDS[notebook.parent.name], {"__name__": "lesson"}, []
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        source, tags = "".join(cell["source"]), cell["metadata"].get("tags", [])
        if cell["cell_type"] == "markdown":
            out.append(_spaced(re.sub(r"\]\(([\w.-]+)\.ipynb\)", r"](\1.md)", source)))
            continue
        if not {"setup", "check"} & set(tags):
            out.append(f"```python\n{source}\n```")
        if "exercise" in tags:
            solution = "".join(cell["metadata"].get("solution", []))
            out.append(
                f'<details markdown="1"><summary>{words["solution"]}</summary>\n\n```python\n{solution}\n```\n\n</details>'
            )
        elif "check" not in tags:
            out += _output(source, space, folder, f"{notebook.stem}-{len(out)}")
    title, _, rest = "\n\n".join(out).partition("\n")
    return f"{title}\n\n[{words['notebook']}]({notebook.name})\n{rest}\n"


def _spaced(text):
    """Lists behind a line of text need an empty line before them on a page."""
    lines = text.splitlines()
    return "\n".join(
        f"\n{line}"
        if line.startswith(("- ", "1. "))
        and i
        and lines[i - 1]
        and not lines[i - 1].startswith(("-", " ", "1"))
        else line
        for i, line in enumerate(lines)
    )


def _output(source, space, folder, name):
    """Runs a cell; yields its text and its figures as Markdown."""
    import matplotlib.pyplot as plt
    from matplotlib.artist import Artist

    tree, last = ast.parse(source), None
    if tree.body and isinstance(tree.body[-1], ast.Expr) and not source.rstrip().endswith(";"):
        last = ast.Expression(tree.body.pop().value)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(tree, name, "exec"), space)
        value = eval(compile(last, name, "eval"), space) if last else None
    shown = printed.getvalue()
    figures = [plt.figure(number) for number in plt.get_fignums()]
    if isinstance(value, Artist):  # a figure of the library, or its axes, which a notebook shows
        figure = value.get_figure(root=True)
        figures += [figure] if figure not in figures else []
    elif value is not None and not figures:
        shown += repr(value)
    if shown.strip():
        yield f"```text\n{shown.rstrip()}\n```"
    for number, figure in enumerate(figures, 1):
        figure.savefig(folder / f"{name}-{number}.png", dpi=130, bbox_inches="tight")
        said = " – ".join(filter(None, (part.get_title() or part.get_ylabel() for part in figure.axes)))
        yield f"![{said.replace('$', '').replace('[', '(').replace(']', ')')}]({name}-{number}.png)"
    plt.close("all")


if __name__ == "__main__":
    import matplotlib

    matplotlib.use("Agg")
    notebook, folder = Path(sys.argv[1]), Path(sys.argv[2])
    (folder / f"{notebook.stem}.md").write_text(page(notebook, folder), encoding="utf-8")
