"""Tables: reading them, learning what their columns are, and turning them into a design matrix."""

from normax.tables.columns import Column
from normax.tables.expansion import Expansion
from normax.tables.locale import Locale
from normax.tables.reading import Table, read_table
from normax.tables.scaling import FillAndScale
from normax.tables.schema import Schema
from normax.tables.target import Target
from normax.tables.words import MISSING

__all__ = [
    "MISSING",
    "Column",
    "Expansion",
    "FillAndScale",
    "Locale",
    "Schema",
    "Table",
    "Target",
    "read_table",
]
