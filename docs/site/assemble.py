"""Lays the site's pages out in build/docs, from which `mkdocs build -f docs/site/mkdocs.yml` makes the site.

Besides docs/*.md they are the papers of the root, the lessons, and the interface from its docstrings. Links are
turned to where things lie in the site, which switches languages by itself.
"""

import re
import shutil
from pathlib import Path

import interface

import lessons

ROOT = Path(__file__).parents[2]
TO = ROOT / "build" / "docs"
PAPERS = {  # of the root -> where it is a page of the site
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "benchmarks/RESULTS.md": "results.md",
    "lessons/README.md": "lessons/index.md",
    "lessons/README.zh-CN.md": "lessons/index.zh-CN.md",
}
SWITCH = re.compile(r"^\[(?:中文|English)\]\([^)]*\)\n", re.MULTILINE)
LINK = re.compile(r"\]\(([^)#\s]+)(#[^)\s]*)?\)")


def placed(path):
    """Where a file of the repository lies in the site."""
    name = path.relative_to(ROOT).as_posix()
    if name in PAPERS:
        return PAPERS[name]
    if path.suffix == ".ipynb":
        return f"lessons/{path.stem}.md"
    return name.removeprefix("docs/") if name.startswith("docs/") else f"files/{name}"


def relinked(text, source, at):
    """A page's text with its links as the site has them, from `at`, and the files that they lead to."""
    linked = set()

    def link(found):
        if "://" in found[1]:
            return found[0]
        path = (source.parent / found[1]).resolve()
        linked.add(path)
        up = "../" * at.count("/")
        return f"]({up}{placed(path).replace('.zh-CN.md', '.md')}{found[2] or ''})"

    return LINK.sub(link, SWITCH.sub("", text)), linked


def write_lessons():
    """Each lesson's page and pictures in both languages, and the notebook to take home."""
    for language, suffix in (("en", ""), ("zh", ".zh-CN")):
        for notebook in sorted((ROOT / "lessons" / language).glob("*.ipynb")):
            for file in [notebook, *lessons.rendered(notebook).iterdir()]:
                if file.suffix in (".md", ".png", ".ipynb"):
                    at = f"{file.stem}{suffix}{file.suffix}"
                    shutil.copyfile(file, TO / "lessons" / at)


def write(source, at):
    text, linked = relinked(source.read_text(encoding="utf-8"), source, at)
    (TO / at).parent.mkdir(parents=True, exist_ok=True)
    (TO / at).write_text(text, encoding="utf-8")
    return {path for path in linked if path.suffix not in (".md", ".ipynb")}


def assemble():
    shutil.rmtree(TO, ignore_errors=True)
    pages = {page: page.name for page in (ROOT / "docs").glob("*.md")}
    papers = {ROOT / paper: at for paper, at in PAPERS.items()}
    linked = set().union(*(write(source, at) for source, at in {**pages, **papers}.items()))
    for file in linked:
        (TO / placed(file)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, TO / placed(file))
    write_lessons()
    for at, text in interface.pages():
        (TO / at).parent.mkdir(exist_ok=True)
        (TO / at).write_text(text, encoding="utf-8")
    for name in ("site.css", "site.js"):
        shutil.copyfile(Path(__file__).with_name(name), TO / name)


if __name__ == "__main__":
    assemble()
