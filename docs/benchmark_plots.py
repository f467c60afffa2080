"""Draws docs/images/benchmark-*.svg from what benchmarks/RESULTS.md records: of each row of a table the latest.

python docs/benchmark_plots.py
"""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "RESULTS.md"
IMAGES = ROOT / "docs" / "images"
OURS, THEIRS = "#0072b2", "#7b8794"
SECONDS = re.compile(r"([\d.]+) s\b")
RATIO = re.compile(r"\(([\d.]+)(?: ×|;)")


def tables(text):
    """(title of the section, head, rows) of every table, in the order in which they were recorded."""
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        title, _, body = section.partition("\n")
        for block in re.findall(r"(?:^\|.*\n)+", body, re.MULTILINE):
            head, _, *rows = [
                [c.strip() for c in line.strip().strip("|").split("|")] for line in block.splitlines()
            ]
            yield title, head, rows


def latest(text, title, first):
    """{label of a row: {column: cell}} of the tables of that title whose first head begins so; later rows replace."""
    found = {}
    for of, head, rows in tables(text):
        if of == title and head[0].startswith(first):
            for label, *cells in rows:
                found[label.split(" (")[0]] = dict(zip(head[1:], cells))
    return found


def linear(text):
    """{shape: {library: times our seconds}} of lasso paths."""
    rows = latest(text, "Lasso path, 100 strengths down to a hundredth of the largest", "")
    out = {}
    for shape in ("tall", "square", "wide", "sparse"):
        seconds = {name: SECONDS.match(cell) for name, cell in rows[shape].items()}
        ours = float(seconds["normax"][1])
        out[shape] = {name: float(found[1]) / ours for name, found in seconds.items() if found}
    return out


def ratios(text, title, first, columns):
    """{column: {contender: its ratio}}, ratios as recorded in brackets."""
    rows = latest(text, title, first)
    return {
        column: {
            name: float(RATIO.search(cells[column])[1])
            for name, cells in rows.items()
            if RATIO.search(cells[column])
        }
        for column in columns
    }


def figures(text):
    """name -> (title of the axis, {panel: {label: ratio}})."""
    step = ratios(text, "One training step", "ms a step", ["mlp-1", "mlp-8", "cnn-64"])
    paths = ratios(text, "Whole paths of networks", "MLP", ["50 strengths", "50 × 5 folds"])
    skipped = ("first call", "and a lane", "1 thread", "packed")

    def shown(panels):
        return {
            p: {k: v for k, v in bars.items() if not any(s in k for s in skipped)}
            for p, bars in panels.items()
        }

    return {
        "benchmark-linear": ("time of a lasso path of 100 strengths, normax = 1", linear(text)),
        "benchmark-paths": ("time of a path of networks, normax = 1", shown(paths)),
        "benchmark-step": ("time of a training step, raw JAX = 1", shown(step)),
    }


def draw(name, axis, panels, folder=IMAGES):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.ticker import NullLocator

    count = max(len(bars) for bars in panels.values())
    with plt.rc_context(
        {"svg.fonttype": "none", "svg.hashsalt": name, "font.family": "sans-serif", "font.size": 11}
    ):
        figure, axes = plt.subplots(
            len(panels),
            1,
            figsize=(7.2, (0.27 * count + 0.75) * len(panels)),
            sharex=True,
            layout="constrained",
        )
        for ax, (panel, bars) in zip(axes, panels.items()):
            bars = dict(sorted(bars.items(), key=lambda bar: -bar[1]))
            for place, (label, value) in enumerate(bars.items()):
                color = OURS if label.startswith("normax") else THEIRS
                ax.plot([1, value], [place, place], color=color, lw=4, solid_capstyle="butt")
                ax.plot(value, place, "o", color=color, ms=8)
                said = f"{value:.2g}" if value < 10 else f"{value:.0f}"
                left = value < 1
                ax.annotate(
                    said,
                    (value, place),
                    (-9 if left else 9, 0),
                    textcoords="offset points",
                    fontsize=10,
                    va="center",
                    ha="right" if left else "left",
                )
            ax.set_yticks(range(len(bars)), list(bars))
            ax.set_title(panel, loc="left", fontsize=11, fontweight="bold")
            ax.axvline(1, color="#333", lw=0.8)
            ax.set_xscale("log")
            ax.spines[["top", "right"]].set_visible(False)
            ax.tick_params(axis="y", length=0)
        widest = max(v for bars in panels.values() for v in bars.values())
        least = min(v for bars in panels.values() for v in bars.values())
        axes[0].set_xlim(min(0.8, 0.75 * least), 1.6 * widest)
        low, high = axes[0].get_xlim()
        ticks = [t for t in (0.5, 1, 2, 5, 10, 20, 50, 100) if low < t < high]
        axes[0].set_xticks(ticks, [f"{t:g}" for t in ticks])
        axes[0].xaxis.set_minor_locator(NullLocator())
        axes[-1].set_xlabel(f"{axis}  (log scale, further left is faster)")
        figure.savefig(folder / f"{name}.svg", metadata={"Date": None, "Creator": None})
        plt.close(figure)


if __name__ == "__main__":
    for name, (axis, panels) in figures(RESULTS.read_text(encoding="utf-8")).items():
        draw(name, axis, panels)
