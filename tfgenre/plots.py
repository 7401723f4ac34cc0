"""What all plots share."""

import io

from matplotlib.axes import Axes
from matplotlib.figure import Figure


def as_svg(figure: Figure) -> str:
    """A figure as an SVG element."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    return buffer.getvalue()[buffer.getvalue().index("<svg") :]


def plain(axes: Axes) -> None:
    """Removes the frame's top and right sides, and adds a light grid."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25)
