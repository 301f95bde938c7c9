"""What every figure needs: the style, the two widths, reference slopes, labels at line ends."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Literal, cast

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

STYLE = Path(__file__).with_suffix(".mplstyle")
WIDTHS = {"column": 3.4, "double": 7.0}
GREY = "0.35"


def style() -> AbstractContextManager[Any]:
    """Matplotlib's defaults and then the house's style, for the length of a ``with`` block."""
    return matplotlib.style.context(["default", STYLE])


def figure(width: Literal["column", "double"] = "column", height: float | None = None) -> Figure:
    """Return an empty figure one or two columns wide; `height` in inches (None: 2.5).

    No pyplot: the figure belongs to nobody but its caller.
    """
    return Figure(figsize=(WIDTHS[width], 2.5 if height is None else height))


def reference_slope(
    axes: Axes,
    slope: float,
    x: tuple[float, float],
    y: float,
    *,
    text: str | None = None,
) -> Line2D:
    """Draw y (x / x[0])^slope over `x` in log-log axes and label it at its right end.

    `y` is the height at x[0]; `text` stands in place of "slope p".
    """
    ends = np.asarray(x, dtype=float)
    (line,) = axes.loglog(
        ends, y * (ends / ends[0]) ** slope, color=GREY, marker="", linestyle="-", linewidth=0.7
    )
    label_end(line, f"slope ${slope:g}$" if text is None else text)
    return line


def label_end(line: Line2D, text: str, *, offset: tuple[float, float] = (3, 0)) -> None:
    """Write `text` beside the last finite point of `line`, `offset` points away, in its colour."""
    x, y = (np.asarray(values, dtype=float) for values in line.get_data())
    last = np.flatnonzero(np.isfinite(x) & np.isfinite(y))[-1]
    cast(Axes, line.axes).annotate(
        text,
        (x[last], y[last]),
        xytext=offset,
        textcoords="offset points",
        va="center",
        color=line.get_color(),
        fontsize="small",
        annotation_clip=False,
    )
