"""Chinese: every table of sentences, as one."""

from normax.language.chinese import page

__all__ = ["TABLE"]

TABLE = page.TABLE
