"""Draws the contenders' seconds as bars."""

from collections.abc import Mapping
from pathlib import Path

from jobs.drawing import Drawing

WIDTH, LEFT, RIGHT, TOP, BAR, GAP = 760, 130, 170, 64, 26, 14
OURS, OTHERS = "#0b6e4f", "#9aa5b1"
COLOURS = {"ours": OURS, "spark": "#3d8fb5", "pandas": "#c8553d"}
SECONDS_ALONE = "seconds, one after the other on the same files; starting up apart"


def write_chart(
    path: Path, title: str, bars: Mapping[str, float], subtitle: str = SECONDS_ALONE, unit: str = "s"
) -> None:
    """One bar for each contender, with its figure and, where there is a floor, how many times the floor that is."""
    drawing = Drawing(WIDTH, TOP + len(bars) * (BAR + GAP) + GAP, title, subtitle)
    longest = max(bars.values())
    for at, (name, value) in enumerate(bars.items()):
        y = TOP + at * (BAR + GAP)
        width = max(1.0, (WIDTH - LEFT - RIGHT) * value / longest)
        bar = {"x": str(LEFT), "y": str(y), "width": f"{width:.1f}", "height": str(BAR)}
        drawing.put("rect", {**bar, "fill": COLOURS.get(name.split(", ")[-1], OTHERS)})
        drawing.text(16, y + 18, name)
        times = f" ({value / bars['floor']:.1f} × floor)" if "floor" in bars and name != "floor" else ""
        drawing.text(LEFT + width + 8, y + 18, f"{value:,.1f} {unit}{times}")
    drawing.write(path)
