"""What mkdocs does not do by itself: folders in the navigation; formulas as MathML, which browsers draw without a script."""

import html
import logging
import re
from pathlib import Path

import jieba
from latex2mathml.converter import convert
from mkdocs.plugins import event_priority

jieba.setLogLevel(logging.WARNING)  # it splits Chinese into words for the search, and speaks of it
FORMULA = re.compile(r'<(span|div) class="arithmatex">\\([(\[])(.*?)\\[)\]]</\1>', re.DOTALL)


@event_priority(100)
def on_config(config):
    """`folder/*` in the navigation is every page of the folder that no other line names."""
    config.nav = [_expanded(item, Path(config.docs_dir)) for item in config.nav]
    return config


def _expanded(item, folder):
    ((title, inner),) = item.items()
    if not isinstance(inner, list):
        return item
    lines = []
    for line in inner:
        found = sorted(folder.glob(line)) if isinstance(line, str) and "*" in line else None
        names = (
            [line]
            if found is None
            else [page.relative_to(folder).as_posix() for page in found if page.suffix == ".md"]
        )
        lines += [name for name in names if name not in lines and ".zh-CN" not in str(name)]
    return {title: lines}


def on_page_content(text, page, config, files):
    return FORMULA.sub(_drawn, text)


def _drawn(found):
    return convert(html.unescape(found[3]), display="block" if found[2] == "[" else "inline")
