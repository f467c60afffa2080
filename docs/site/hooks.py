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
    named = set(_names(config.nav))
    config.nav = [_expanded(item, Path(config.docs_dir), named) for item in config.nav]
    return config


def _names(item):
    if isinstance(item, str):
        yield item
    for inner in item.values() if isinstance(item, dict) else item if isinstance(item, list) else ():
        yield from _names(inner)


def _expanded(item, folder, named):
    ((title, inner),) = item.items()
    if not isinstance(inner, list):
        return item
    lines = []
    for line in inner:
        if isinstance(line, str) and "*" in line:
            found = [
                page.relative_to(folder).as_posix()
                for page in sorted(folder.glob(line))
                if page.suffix == ".md"
            ]
            lines += [name for name in found if name not in named and ".zh-CN" not in name]
        else:
            lines.append(line)
    return {title: lines}


def on_page_content(text, page, config, files):
    return FORMULA.sub(_drawn, text)


def on_post_page(output, page, config):
    """The theme's search is a dialog without a name, which those who listen to a page would not know."""
    label = {"en": "Search", "zh": "搜索"}[config.theme["language"]]
    return output.replace(
        'data-md-component="search" role="dialog"',
        f'data-md-component="search" role="dialog" aria-label="{label}"',
    )


def _drawn(found):
    return convert(html.unescape(found[3]), display="block" if found[2] == "[" else "inline")
