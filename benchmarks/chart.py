"""Draws the contenders' seconds as bars: an SVG file, which any browser and GitHub show."""

from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

WIDTH, LEFT, RIGHT, TOP, BAR, GAP = 760, 130, 170, 64, 26, 14
COLOURS = {"floor": "#9aa5b1", "ours": "#0b6e4f", "spark": "#3d8fb5", "pandas": "#c8553d"}
TEXT = {"font-family": "sans-serif", "font-size": "14", "fill": "#1f2933"}


def write_chart(path: Path, title: str, seconds: Mapping[str, float]) -> None:
    """One bar for each contender, with its seconds and how many times the floor that is."""
    height = TOP + len(seconds) * (BAR + GAP) + GAP
    svg = ElementTree.Element(
        "svg", xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {WIDTH} {height}", width=str(WIDTH), height=str(height)
    )
    ElementTree.SubElement(svg, "rect", width="100%", height="100%", fill="white")
    _text(svg, 16, 28, title, {"font-size": "16", "font-weight": "bold"})
    _text(svg, 16, 48, "seconds, one after the other on the same files; starting up apart", {"fill": "#616e7c"})
    longest = max(seconds.values())
    for at, (name, value) in enumerate(seconds.items()):
        y = TOP + at * (BAR + GAP)
        width = max(1.0, (WIDTH - LEFT - RIGHT) * value / longest)
        bar = {"x": str(LEFT), "y": str(y), "width": f"{width:.1f}", "height": str(BAR)}
        ElementTree.SubElement(svg, "rect", bar, fill=COLOURS[name])
        _text(svg, 16, y + 18, name, {})
        times = f" ({value / seconds['floor']:.1f} × floor)" if "floor" in seconds and name != "floor" else ""
        _text(svg, LEFT + width + 8, y + 18, f"{value:,.1f} s{times}", {})
    path.parent.mkdir(parents=True, exist_ok=True)
    ElementTree.ElementTree(svg).write(path, encoding="utf-8", xml_declaration=True)


def _text(svg: ElementTree.Element, x: float, y: float, text: str, look: Mapping[str, str]) -> None:
    ElementTree.SubElement(svg, "text", {**TEXT, **look, "x": f"{x:.1f}", "y": f"{y:.1f}"}).text = text
