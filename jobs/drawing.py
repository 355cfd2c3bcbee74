"""Pictures as SVG files, which any browser and code host show."""

from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

TEXT = {"font-family": "sans-serif", "font-size": "14", "fill": "#1f2933"}
MUTED = {"fill": "#616e7c"}
HEADING = {"font-size": "16", "font-weight": "bold"}


class Drawing:
    """A white sheet of a size; what is put on it stands above what was put before."""

    def __init__(self, width: int, height: int, title: str, subtitle: str) -> None:
        size = {"viewBox": f"0 0 {width} {height}", "width": str(width), "height": str(height)}
        self._svg = ElementTree.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", **size})
        self.put("rect", {"width": "100%", "height": "100%", "fill": "white"})
        self.text(16, 28, title, HEADING)
        self.text(16, 48, subtitle, MUTED)

    def put(self, shape: str, attributes: Mapping[str, str]) -> None:
        """A shape of SVG."""
        ElementTree.SubElement(self._svg, shape, dict(attributes))

    def text(self, x: float, y: float, text: str, look: Mapping[str, str] | None = None) -> None:
        """Words that begin at a point, unless their look says otherwise."""
        place = {"x": f"{x:.1f}", "y": f"{y:.1f}"}
        ElementTree.SubElement(self._svg, "text", {**TEXT, **(look or {}), **place}).text = text

    def write(self, path: Path) -> None:
        """Write the file, and the folder where it is missing."""
        path.parent.mkdir(parents=True, exist_ok=True)
        ElementTree.ElementTree(self._svg).write(path, encoding="utf-8", xml_declaration=True)
