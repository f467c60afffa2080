"""Write the notebooks `en/*.ipynb` and `zh/*.ipynb` from the bilingual `source/*.md`.

    python lessons/make.py

A source is Markdown: text in both languages, code once. `<!-- en -->` and `<!-- zh -->` begin a text cell; a block of
Python is a code cell. `<!-- exercise -->`, `<!-- solution -->` and `<!-- check -->` stand before the blocks that a
reader completes, that completes it (kept in the exercise's metadata), and that checks it (hidden). The table behind
`<!-- words -->` translates strings and comments of the code.
"""

import io
import json
import re
import tokenize
from pathlib import Path

HERE = Path(__file__).parent
SOURCES = sorted((HERE / "source").glob("*.md"))
LANGUAGES = ("en", "zh")
HIDDEN = {"jupyter": {"source_hidden": True}}  # folded in JupyterLab; the tag tells other readers
WORDS = {  # of the first cell
    "right": "正确",
    "not yet": "还不对",
    "The look and the language of the figures, and what checks the answers.": "图的样式与语言，以及检查答案的函数。",
    "en": "zh",
    "the browser has one: leave the letters to it": "浏览器有中文字体：文字交给它",
}
PART = re.compile(r"^<!-- (\w+) -->\n|^```python\n(.*?)^```\n", re.MULTILINE | re.DOTALL)


def parts(text):
    """(kind, content) of each part: "en", "zh" and "words" are text, "code", "exercise", "solution", "check" code."""
    kind, found, at = None, [], 0
    for match in [*PART.finditer(text), None]:
        between = text[at : match.start() if match else None].strip()
        if between:
            found.append((kind, between))
            kind = None
        if match:
            at = match.end()
            if match[1]:
                kind = match[1]
            else:
                found.append(
                    (kind if kind in ("exercise", "solution", "check") else "code", match[2].rstrip())
                )
                kind = None
    return found


def words(table):
    """{English: Chinese} of a Markdown table of two columns."""
    rows = [[cell.strip() for cell in line.strip(" |").split(" | ")] for line in table.splitlines()[2:]]
    return dict(rows)


def said(text, table):
    """A string, comment or piece of an f-string with what it says in Chinese, if the table has it."""
    inner = text.strip("#").strip().strip('"').strip()
    return text.replace(inner, table.get(inner, inner)) if inner else text


def translated(code, table):
    """The code with its strings and comments in Chinese where the table has them."""
    lines = code.splitlines(keepends=True)
    for token in reversed(list(tokenize.generate_tokens(io.StringIO(code).readline))):
        name, text = tokenize.tok_name[token.type], token.string
        if name == "STRING" and text.startswith('f"'):  # whole before Python 3.12, in pieces since
            pieces = re.split(r"(\{[^{}]*\})", text[2:-1])
            text = 'f"' + "".join(said(piece, table) for piece in pieces) + '"'
        elif name in ("STRING", "COMMENT", "FSTRING_MIDDLE"):
            text = said(text, table)
        (row, begin), (last, end) = token.start, token.end
        if text != token.string and row == last:
            lines[row - 1] = lines[row - 1][:begin] + text + lines[row - 1][end:]
    return "".join(lines)


def cell(kind, source, **metadata):
    made = {"cell_type": kind, "metadata": metadata, "source": source.splitlines(keepends=True)}
    return made | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def notebook(text, language):
    """The notebook of a source in one language, as the text of its file."""
    found = parts(text)
    table = next((words(content) for kind, content in found if kind == "words"), {})
    table, of_setup = ({}, {}) if language == "en" else (table, WORDS)

    def code(content, **metadata):
        return cell("code", translated(content, table), **metadata)

    setup = translated((HERE / "first_cell.py").read_text(encoding="utf-8").rstrip(), of_setup)
    cells = []
    for kind, content in found:
        if kind == language:
            cells.append(cell("markdown", content))
        elif kind == "exercise":
            cells.append(code(content, tags=["exercise"]))
        elif kind == "solution":
            cells[-1]["metadata"]["solution"] = translated(content, table).splitlines(keepends=True)
        elif kind == "check":
            cells.append(code(content, tags=["check", "hide-input"], **HIDDEN))
        elif kind == "code":
            cells.append(code(content))
    cells.insert(1, cell("code", setup, tags=["setup", "hide-input"], **HIDDEN))
    for i, made in enumerate(cells):
        made["id"] = f"cell-{i}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    whole = {
        "cells": [dict(sorted(made.items())) for made in cells],
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def main():
    for source in SOURCES:
        for language in LANGUAGES:
            file = HERE / language / f"{source.stem}.ipynb"
            file.parent.mkdir(exist_ok=True)
            file.write_text(notebook(source.read_text(encoding="utf-8"), language), encoding="utf-8")


if __name__ == "__main__":
    main()
