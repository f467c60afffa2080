"""Pictures of a path, and the page that explains it."""

from normax.report.comparison import comparison_figure, comparison_page
from normax.report.curves import errors
from normax.report.figures import error_figure, figure, trace_figure
from normax.report.pages import index, page
from normax.report.surface import surface_figure
from normax.report.traces import coefficients, norms, units, zeros

__all__ = [
    "coefficients",
    "comparison_figure",
    "comparison_page",
    "error_figure",
    "errors",
    "figure",
    "index",
    "norms",
    "page",
    "surface_figure",
    "trace_figure",
    "units",
    "zeros",
]
