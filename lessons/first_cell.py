# The look and the language of the figures, and what checks the answers.
import warnings

import matplotlib.pyplot as plt
from cycler import cycler
from matplotlib import font_manager

from normax.language import speak

speak("en")

FAMILIES = ["Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Source Han Sans SC", "PingFang SC"]
FAMILIES += ["Hiragino Sans GB", "Microsoft YaHei", "SimHei", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei"]
installed = {font.name for font in font_manager.fontManager.ttflist}
chinese = [family for family in FAMILIES if family in installed][:1]
if not chinese:  # the browser has one: leave the letters to it
    warnings.filterwarnings("ignore", "Glyph .* missing from font")
    if "inline" in plt.get_backend():
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        set_matplotlib_formats("svg")

BLUE, ORANGE, GREEN, PURPLE, GOLD, GREY = "#0072b2", "#d55e00", "#00896a", "#a8327a", "#a87900", "#5f6b7a"
plt.rcParams.update(
    {
        "figure.figsize": (6.6, 3.4),
        "figure.dpi": 110,
        "figure.constrained_layout.use": True,
        "font.family": ["DejaVu Sans", *chinese],
        "font.size": 9.5,
        "axes.prop_cycle": cycler(color=[BLUE, ORANGE, GREEN, PURPLE, GOLD, GREY]),
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.grid.axis": "y",
        "axes.axisbelow": True,
        "axes.titlesize": "medium",
        "grid.color": "#d9dee5",
        "legend.frameon": False,
        "svg.fonttype": "none",
    }
)


def check(number, right, hint):
    try:
        passed = right() in (True,)
    except Exception:
        passed = False
    print(f"{number}. " + ("right" if passed else "not yet") + ("" if passed else f": {hint}"))
