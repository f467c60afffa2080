"""What mkdocs does not do by itself: formulas as MathML, which browsers draw without a script or a font from elsewhere."""

import html
import logging
import re

import jieba
from latex2mathml.converter import convert

jieba.setLogLevel(logging.WARNING)  # it splits Chinese into words for the search, and speaks of it
FORMULA = re.compile(r'<(span|div) class="arithmatex">\\([(\[])(.*?)\\[)\]]</\1>', re.DOTALL)


def on_page_content(text, page, config, files):
    return FORMULA.sub(_drawn, text)


def _drawn(found):
    return convert(html.unescape(found[3]), display="block" if found[2] == "[" else "inline")
