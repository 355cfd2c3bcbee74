"""Draws the contenders' seconds as bars."""

from collections.abc import Mapping
from pathlib import Path

from jobs.drawing import Drawing

WIDTH, LEFT, RIGHT, TOP, BAR, GAP = 760, 130, 170, 64, 26, 14
COLOURS = {"floor": "#9aa5b1", "ours": "#0b6e4f", "spark": "#3d8fb5", "pandas": "#c8553d", "handwritten": "#9aa5b1"}


def write_chart(path: Path, title: str, seconds: Mapping[str, float]) -> None:
    """One bar for each contender, with its seconds and how many times the floor that is."""
    subtitle = "seconds, one after the other on the same files; starting up apart"
    drawing = Drawing(WIDTH, TOP + len(seconds) * (BAR + GAP) + GAP, title, subtitle)
    longest = max(seconds.values())
    for at, (name, value) in enumerate(seconds.items()):
        y = TOP + at * (BAR + GAP)
        width = max(1.0, (WIDTH - LEFT - RIGHT) * value / longest)
        bar = {"x": str(LEFT), "y": str(y), "width": f"{width:.1f}", "height": str(BAR)}
        drawing.put("rect", {**bar, "fill": COLOURS[name]})
        drawing.text(16, y + 18, name)
        times = f" ({value / seconds['floor']:.1f} × floor)" if "floor" in seconds and name != "floor" else ""
        drawing.text(LEFT + width + 8, y + 18, f"{value:,.1f} s{times}")
    drawing.write(path)
