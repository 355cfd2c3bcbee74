"""The command line of the demo city: `python -m demo_city build` and `spoil`."""

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import get_args

from rich.console import Console
from rich.table import Table

from demo_city.build import CityRefusedError, build
from demo_city.period import CITIES_AT_SCALE, FIRST_NIGHT, PEOPLE_AT_SCALE, CityPlan, Mess
from demo_city.province import build_province
from demo_city.spoil import WAYS, NothingToSpoilError, spoil
from schemas.delivery import Manifest


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    options = _parser().parse_args(arguments)
    console = Console(stderr=False)
    try:
        if options.command == "build":
            _build(options, console)
        else:
            spoil(options.home, options.date, options.extract_class, options.how, options.sequence)
            console.print(f"{options.extract_class} of {options.date}: {options.how} damaged.")
    except (CityRefusedError, NothingToSpoilError) as error:
        Console(stderr=True).print(str(error), style="red", soft_wrap=True)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m demo_city", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    building = commands.add_parser("build", help="imagine a city and write its deliveries")
    building.add_argument("--home", type=Path, required=True)
    building.add_argument("--people", type=int, help="how many people live in a city; by default as its scale says")
    building.add_argument(
        "--scale", choices=list(PEOPLE_AT_SCALE), default="town", help="a town, a city, or ten of them"
    )
    building.add_argument("--seed", type=int, default=7)
    building.add_argument("--first-night", type=date.fromisoformat, default=FIRST_NIGHT)
    building.add_argument("--nights", type=int, default=2, help="how many nights of deliveries, up to a year of them")
    building.add_argument("--mess", choices=get_args(Mess), help="all by default, but usual for a town")
    spoiling = commands.add_parser("spoil", help="damage a delivery in a known way")
    spoiling.add_argument("--home", type=Path, required=True)
    spoiling.add_argument("--date", type=date.fromisoformat, required=True)
    spoiling.add_argument("--class", dest="extract_class", required=True)
    spoiling.add_argument("--how", choices=list(WAYS), required=True)
    spoiling.add_argument("--sequence", type=int, default=1)
    return parser


def _build(options: argparse.Namespace, console: Console) -> None:
    people = options.people or PEOPLE_AT_SCALE[options.scale]
    mess: Mess = options.mess or ("usual" if options.scale == "town" else "all")
    plan = CityPlan(people, options.seed, options.first_night, options.nights, mess)
    is_province = CITIES_AT_SCALE[options.scale] > 1
    with console.status("building the demo city") as status:
        if is_province:
            for home, city_plan, manifests in build_province(options.home, plan, status.update):
                _tell(console, home, city_plan, manifests)
            return
        manifests = build(options.home, plan, status.update)
    if manifests:
        console.print(_summary(manifests))
    _tell(console, options.home, plan, manifests)


def _tell(console: Console, home: Path, plan: CityPlan, manifests: Sequence[Manifest]) -> None:
    if manifests:
        rows = sum(manifest.row_count for manifest in manifests)
        console.print(
            f"The demo city of {plan.people:,} people is in {home}: {len(manifests)} deliveries with {rows:,} rows."
        )
    else:
        console.print(f"This demo city is already in {home}; nothing was changed.")


def _summary(manifests: Sequence[Manifest]) -> Table:
    table = Table("delivery", "rows", "control sum")
    for manifest in manifests:
        control_sum = "" if manifest.control_sum is None else f"{manifest.control_sum:,}"
        table.add_row(manifest.delivery_id, f"{manifest.row_count:,}", control_sum)
    return table


if __name__ == "__main__":
    sys.exit(main())
