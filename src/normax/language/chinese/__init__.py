"""Chinese: every table of sentences, as one, and every table of messages."""

from collections import ChainMap

from normax.language.chinese import command, figures, files, fits, options, page, pieces, saved, tables

__all__ = ["MESSAGES", "TABLE"]

TABLE = page.TABLE | figures.TABLE | command.TABLE | options.TABLE
MESSAGES = dict(ChainMap(*(area.MESSAGES for area in (pieces, command, options, files, tables, fits, saved))))
