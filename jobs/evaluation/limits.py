"""What a limit costs and brings: visits against people found, as all amounts that a model turns on move together."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path

from jobs.claims.placing import placed_by_county
from jobs.drawing import MUTED, Drawing
from warehouse.engines.engine import Engine
from warning_models.loader import DatedValue, HelpModel, Parameter

FACTORS = tuple(Decimal(factor) for factor in ("0.5", "0.7", "0.85", "1", "1.25", "1.5", "2", "3"))
WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 760, 420, 80, 80, 40, 60
LINE, MARK = "#0b6e4f", "#c8553d"


@dataclass(frozen=True)
class LimitPoint:
    """With the model's amounts times `factor`: the households it finds, each a visit, and those in hardship among them.

    `found` is None where nobody knows: below the limits in force nobody was visited, unless by a control visit.
    """

    factor: Decimal
    visits: int
    found: int | None


def has_limits(model: HelpModel) -> bool:
    """Whether the model turns on any amount of yuan."""
    return any(parameter.unit == "yuan" for parameter in model.parameters.values())


def limit_curve(
    engine: Engine, model: HelpModel, as_of: date, found: Callable[[Decimal, set[str]], int | None]
) -> list[LimitPoint]:
    """The points from the lowest to the highest limit, on the layers that the engine shows.

    `found` says of how many of the households (by household key, or person key where there is none) help was due.
    """
    points = []
    for factor in FACTORS:
        rows = placed_by_county(engine, with_limits_times(model, factor), as_of).values()
        households = {row["household_key"] or row["person_key"] for of_county in rows for row in of_county}
        points.append(LimitPoint(factor, len(households), found(factor, households)))
    return points


def with_limits_times(model: HelpModel, factor: Decimal) -> HelpModel:
    """The model with all its amounts of yuan times a factor."""
    return replace(model, parameters={name: _times(item, factor) for name, item in model.parameters.items()})


def _times(parameter: Parameter, factor: Decimal) -> Parameter:
    if parameter.unit != "yuan":
        return parameter

    def scaled(values: dict[date, DatedValue]) -> dict[date, DatedValue]:
        return {day: replace(item, value=_amount(Decimal(str(item.value)) * factor)) for day, item in values.items()}

    counties = {county: scaled(values) for county, values in parameter.counties.items()}
    return replace(parameter, values=scaled(parameter.values), counties=counties)


def _amount(value: Decimal) -> int | Decimal:
    return int(value) if value == value.to_integral_value() else value


def draw_curve(path: Path, model: HelpModel, points: Sequence[LimitPoint]) -> None:
    """Visits from left to right, people found upwards, each point with its factor; the limit in force is marked."""
    known = [(point, point.found) for point in points if point.found is not None]
    drawing = Drawing(
        WIDTH, HEIGHT, f"{model.number} {model.title.zh}", "visits (across) and households found (up), limits × factor"
    )
    most_visits, most_found = max([point.visits for point in points] + [1]), max([found for _, found in known] + [1])

    def place(visits: int, found: int) -> tuple[float, float]:
        across = LEFT + (WIDTH - LEFT - RIGHT) * visits / most_visits
        return across, HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * found / most_found

    _axes(drawing, most_visits, most_found)
    line = _line(place(point.visits, found) for point, found in known)
    drawing.put("polyline", {"points": line, "fill": "none", "stroke": LINE, "stroke-width": "2"})
    for point, found in known:
        x, y = place(point.visits, found)
        colour = MARK if point.factor == 1 else LINE
        drawing.put("circle", {"cx": f"{x:.1f}", "cy": f"{y:.1f}", "r": "4", "fill": colour})
        drawing.text(x - 4, y - 10, f"× {point.factor}", {"font-size": "12", "fill": colour, "text-anchor": "end"})
    drawing.write(path)


def _axes(drawing: Drawing, most_visits: int, most_found: int) -> None:
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    corner = _line([(LEFT, TOP), (LEFT, bottom), (right, bottom)])
    drawing.put("polyline", {"points": corner, "fill": "none", "stroke": "#9aa5b1"})
    drawing.text(LEFT - 12, TOP + 6, f"{most_found:,}", {**MUTED, "text-anchor": "end"})
    drawing.text(LEFT - 12, bottom, "0", {**MUTED, "text-anchor": "end"})
    drawing.text(right, bottom + 22, f"{most_visits:,} visits", {**MUTED, "text-anchor": "end"})


def _line(places: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
