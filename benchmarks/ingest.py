"""How fast a full load, a night and a larger city are, against the floor and against pandas.

`python -m benchmarks.ingest --scale city --json` prints one object; without `--json` a table and
bars. See benchmarks/NOTES.md for what is measured and how.
"""

import argparse
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.chart import write_chart
from benchmarks.figures import BARS, measured, targets_of
from benchmarks.race import CONTENDERS, Race, demo_landing
from benchmarks.reporting import Tell, about_machine, answer, benchmark_parser, keep
from demo_city.period import PEOPLE_AT_SCALE

SCALES = ("town", "city")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    return answer(_parser().parse_args(arguments), run, show)


def _parser() -> argparse.ArgumentParser:
    parser = benchmark_parser("ingest", __doc__)
    parser.add_argument("--scale", choices=SCALES, default="town", help="how large the city is")
    parser.add_argument("--people", type=int, help="how many people live there, in place of --scale")
    parser.add_argument("--landing", type=Path, help="deliveries to run on, only read; a demo city without it")
    parser.add_argument("--without", nargs="*", choices=CONTENDERS, default=[], help="contenders to leave out")
    parser.add_argument("--keep", action="store_true", help="keep what the contenders wrote")
    return parser


def run(options: argparse.Namespace, tell: Tell) -> dict[str, Any]:
    """Run all contenders; write the report and the chart under <home>/bench and return the report."""
    home = options.home.resolve() / "bench"
    people = options.people or PEOPLE_AT_SCALE[options.scale]
    landing = options.landing.resolve() if options.landing else demo_landing(home, people, tell)
    race = Race(home, landing, people, tell)
    for contender in CONTENDERS:
        if contender not in options.without:
            race.run(contender)
    name = f"ingest-{people if options.people else options.scale}"
    report = {"people": people, **measured(race.results), "chart": str(home / f"{name}.svg")} | about_machine()
    if not options.keep:
        shutil.rmtree(home / "work")
    keep(home, name, report)
    _draw(report, home / f"{name}.svg")
    return report


def _draw(report: Mapping[str, Any], path: Path) -> None:
    seconds = {name: report[f"{name}_s"] for name in BARS}
    run_seconds = {name: value for name, value in seconds.items() if value is not None}
    if run_seconds:
        write_chart(path, f"Full load of {report['rows']:,} rows, {report['people']:,} people", run_seconds)


def show(console: Console, report: Mapping[str, Any]) -> None:
    """Ratios first, with what was asked for; then everybody's seconds as bars."""
    targets = Table("figure", "measured", "asked for", "reached")
    for name, (value, asked, reached) in targets_of(report).items():
        targets.add_row(name, f"{value:.3g}", asked, reached)
    console.print(targets)
    seconds = {name: report[f"{name}_s"] for name in BARS}
    longest = max((value for value in seconds.values() if value), default=0)
    bars = Table("contender", "seconds", "CPU seconds", "peak GiB", "")
    for name, value in seconds.items():
        if value is not None:
            cpu, memory = report["cpu_s"][name], report["memory_gib"][name]
            bars.add_row(name, f"{value:.1f}", f"{cpu:.1f}", f"{memory:.2f}", "█" * max(1, round(25 * value / longest)))
    console.print(bars)
    for sentence in _sentences(report):
        console.print(sentence, highlight=False, soft_wrap=True)
    for difference in report["pandas_differences"] or []:
        console.print(difference, style="red", soft_wrap=True, markup=False)
    console.print(f"{report['rows']:,} rows; chart: {report['chart']}", highlight=False, soft_wrap=True)


def _sentences(report: Mapping[str, Any]) -> Iterator[str]:
    if report["fixed_start_s"] is not None:
        yield f"Starting up takes {report['fixed_start_s']:.1f} s and is counted nowhere above."
    if report["delta_s"] is not None:
        yield (
            f"A night of {report['delta_rows']:,} rows, {report['delta_change']:.2%} of the full load's being new, "
            f"takes {report['delta_s']:.1f} s."
        )
    if report["idle_night_s"] is not None:
        yield f"A night without deliveries takes {report['idle_night_s']:.1f} s."
    if report["growth_ratio"] is not None:
        yield f"{report['growth_rows']:.2f} times the rows take {report['growth_ratio']:.2f} times the time."
    if report["tables_without_pandas"]:
        yield f"Not built by pandas: {', '.join(report['tables_without_pandas'])}."


if __name__ == "__main__":
    sys.exit(main())
