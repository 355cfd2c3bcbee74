"""How fast the sixteen models are, beside a script by hand, pandas and Spark; how fast what lands becomes an order.

`python -m benchmarks.warn --scale city --json` prints one object; without `--json` a table. See benchmarks/NOTES.md for
what is measured and how.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from math import log
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.chart import write_chart
from benchmarks.figures import ratio
from benchmarks.lived import lived_in
from benchmarks.race import LEAST_PEOPLE, Race, demo_landing
from benchmarks.reporting import Report, Tell, about_machine, answer, benchmark_parser, keep
from benchmarks.wanted import wanted_of_warn
from benchmarks.warners import disagreements, kept_hits
from demo_city.period import PEOPLE_AT_SCALE

SCALES = ("town", "city")
ANSWERING = ("models", "by_hand", "by_pandas", "models_on_spark")
# What takes seconds is run three times: beside it chance would be a large part.
TIMES = {"models": 3, "by_hand": 3}
LANDING = ("landed", "landed_smaller")
CONTENDERS = (*ANSWERING, *LANDING)
BARS = {"by_hand": "handwritten", "models": "ours", "models_on_spark": "spark", "by_pandas": "pandas"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    return answer(_parser().parse_args(arguments), run, show)


def _parser() -> argparse.ArgumentParser:
    parser = benchmark_parser("warn", __doc__)
    parser.add_argument("--scale", choices=SCALES, default="town", help="how large the city is")
    parser.add_argument("--people", type=int, help="how many people live there, in place of --scale")
    parser.add_argument("--smaller", type=int, help="how many live in the smaller city; a tenth without it")
    parser.add_argument("--without", nargs="*", choices=CONTENDERS, default=[], help="contenders to leave out")
    return parser


def run(options: argparse.Namespace, tell: Tell) -> dict[str, Any]:
    """Run all contenders; write the report and the chart under <home>/bench and return the report.

    The report is written anew after each of them, so that a run that breaks off leaves what it measured.
    """
    home = options.home.resolve() / "bench"
    people = options.people or PEOPLE_AT_SCALE[options.scale]
    smaller = options.smaller or max(people // 10, LEAST_PEOPLE)
    race = Race(home, demo_landing(home, people, tell), people, tell)
    night = race.nights[0]
    city = home / f"city-{people}"
    lived_in(city, night, tell)
    name_of_run = f"warn-{people if options.people else options.scale}"
    for name in ANSWERING:
        if name not in options.without:
            race.measure_in(name, name, city, night, TIMES.get(name, 1))
            _report(race, smaller, home, name_of_run)
    for name, size in zip(LANDING, (people, smaller), strict=True):
        if name not in options.without:
            demo_landing(home, size, tell)
            lived_in(home / f"city-{size}", night, tell)
            race.measure_in(name, "landed", home / f"city-{size}", night)
            _report(race, smaller, home, name_of_run)
    bars = {BARS[one]: race.results[one]["seconds"] for one in BARS if one in race.results}
    if bars:
        write_chart(home / f"{name_of_run}.svg", f"Sixteen models, {people:,} people", bars)
    return _report(race, smaller, home, name_of_run)


def _report(race: Race, smaller: int, home: Path, name: str) -> Report:
    """What the contenders that ran until now give, written down."""
    sizes = {"people": race.people, "smaller": smaller}
    report = {**sizes, **measured(race.results, race.people, smaller)} | about_machine()
    keep(home, name, report)
    return report


def measured(results: Mapping[str, Mapping[str, Any]], people: int, smaller: int) -> dict[str, Any]:
    """The figures that the contenders' results give; null where a contender did not run."""
    seconds = {name: results.get(one, {}).get("seconds") for one, name in BARS.items()}
    cpu = {name: results.get(one, {}).get("cpu_s") for one, name in BARS.items()}
    large, small = (results.get(name, {}) for name in LANDING)
    return {
        **{f"{name}_s": value for name, value in seconds.items()},
        "ratio_to_handwritten": ratio(seconds["ours"], seconds["handwritten"]),
        "speedup_over_pandas": ratio(seconds["pandas"], seconds["ours"]),
        "landed_to_order_s": large.get("look_s"),
        "growth_exponent": exponent(large.get("look_cpu_s"), small.get("look_cpu_s"), people, smaller),
        "growth_exponent_by_the_clock": exponent(large.get("look_s"), small.get("look_s"), people, smaller),
        "cpu_s": cpu,
        "by_cpu": {
            "ratio_to_handwritten": ratio(cpu["ours"], cpu["handwritten"]),
            "speedup_over_pandas": ratio(cpu["pandas"], cpu["ours"]),
        },
        "memory_gib": {BARS[name]: results[name]["peak_memory_gib"] for name in BARS if name in results},
        "hits": {BARS[name]: results[name]["hits"] for name in BARS if name in results},
        "disagreements": [*_disagreements(results)],
        "landed": {"large": large.get("look"), "small": small.get("look")},
        "landed_cpu_s": {"large": large.get("look_cpu_s"), "small": small.get("look_cpu_s")},
    }


def exponent(large: float | None, small: float | None, people: int, smaller: int) -> float | None:
    """To which power of the city's size the cost grows: 0 is flat, 1 in proportion."""
    if not large or not small or people == smaller:
        return None
    return log(large / small) / log(people / smaller)


def _disagreements(results: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Where another did not come to the answers of our models on DuckDB."""
    if "models" not in results:
        return
    ours = kept_hits(results["models"]["answers"])
    for name in ANSWERING:
        if name != "models" and name in results:
            yield from disagreements(ours, kept_hits(results[name]["answers"]), BARS[name])


def show(console: Console, report: Mapping[str, Any]) -> None:
    """What was asked for beside what was measured; then everybody's seconds."""
    targets = Table("figure", "measured", "wanted")
    for one in wanted_of_warn(report):
        value = one.value(report)
        if value is not None:
            targets.add_row(one.figure, f"{value:.3g}", f"{one.sense} {one.limit:g}")
    console.print(targets)
    costs = Table("contender", "seconds", "CPU seconds", "peak GiB", "hits")
    for name in report["hits"]:
        cpu, memory = report["cpu_s"][name], report["memory_gib"][name]
        costs.add_row(name, f"{report[f'{name}_s']:.1f}", f"{cpu:.1f}", f"{memory:.2f}", str(report["hits"][name]))
    console.print(costs)
    for difference in report["disagreements"]:
        console.print(difference, style="red", soft_wrap=True, markup=False)


if __name__ == "__main__":
    sys.exit(main())
