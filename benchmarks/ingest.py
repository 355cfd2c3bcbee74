"""How fast a full load, a night and a larger city are, against the floor and against pandas.

`python -m benchmarks.ingest --scale city --json` prints one object; without `--json` a table and
bars. See benchmarks/NOTES.md for what is measured and how.
"""

import argparse
import json
import os
import platform
import shutil
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.agreement import SUMMARIES, differences
from benchmarks.chart import write_chart
from benchmarks.race import CONTENDERS, BenchmarkError, Race, demo_landing
from demo_city.period import PEOPLE_AT_SCALE

# What issue 3 asks for; None of it fails the run.
MOST = {
    "ratio_to_floor": 2.5,
    "peak_memory_gib": 4.0,
    "delta_share": 0.06,
    "growth_ratio_per_tenfold": 11.0,
}
LEAST = {"speedup_over_pandas": 5.0}
PACKAGES = ("duckdb", "pandas", "pyarrow", "pyspark", "pyiceberg", "great-expectations")

Results = Mapping[str, Mapping[str, Any]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    options = _parser().parse_args(arguments)
    console = Console(stderr=True)
    try:
        report = run(options, lambda step: console.print(step, highlight=False, soft_wrap=True))
    except BenchmarkError as error:
        console.print(str(error), style="red", soft_wrap=True, markup=False)
        return 1
    if options.json:
        print(json.dumps(report, ensure_ascii=False))  # noqa: T201
    else:
        show(Console(), report)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingest", description=__doc__)
    parser.add_argument("--scale", choices=list(PEOPLE_AT_SCALE), default="town", help="how large the city is")
    parser.add_argument("--people", type=int, help="how many people live there, in place of --scale")
    parser.add_argument("--home", type=Path, default=Path(os.environ.get("SHOUWANG_HOME", "var")))
    parser.add_argument("--landing", type=Path, help="deliveries to run on, only read; a demo city without it")
    parser.add_argument("--without", nargs="*", choices=CONTENDERS, default=[], help="contenders to leave out")
    parser.add_argument("--keep", action="store_true", help="keep what the contenders wrote")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def run(options: argparse.Namespace, tell: Any) -> dict[str, Any]:
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
    (home / f"{name}.json").write_text(json.dumps(report, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    _draw(report, home / f"{name}.svg")
    return report


def measured(results: Results) -> dict[str, Any]:
    """The figures that the contenders' results give; null where a contender did not run."""
    ours, growth = results.get("ours", {}), results.get("growth", {})
    seconds = {name: result["seconds"] for name, result in results.items()}
    return {
        "rows": ours.get("rows") or results.get("floor", {}).get("rows"),
        "floor_s": seconds.get("floor"),
        "ours_s": seconds.get("ours"),
        "pandas_s": seconds.get("pandas"),
        "spark_s": seconds.get("spark"),
        "ratio_to_floor": ratio(seconds.get("ours"), seconds.get("floor")),
        "speedup_over_pandas": ratio(seconds.get("pandas"), seconds.get("ours")),
        "peak_memory_gib": ours.get("peak_memory_gib"),
        "delta_share": ratio(seconds.get("delta"), seconds.get("ours")),
        "growth_ratio": ratio(seconds.get("ours"), seconds.get("growth")),
        "growth_rows": ratio(ours.get("rows"), growth.get("rows")),
        "fixed_start_s": {name: result["start_up_s"] for name, result in results.items()},
        "delta_s": seconds.get("delta"),
        "delta_rows": results.get("delta", {}).get("rows"),
        "delta_change": ratio(results.get("delta", {}).get("changed_rows"), ours.get("changed_rows")),
        "idle_night_s": seconds.get("idle"),
        "growth_base_s": seconds.get("growth"),
        "cpu_s": {name: result["cpu_s"] for name, result in results.items()},
        "memory_gib": {name: result["peak_memory_gib"] for name, result in results.items()},
        "phases_s": {name: result["phases"] for name, result in results.items() if "phases" in result},
        "steps_s": ours.get("steps"),
        "held": {name: result["held"] for name, result in results.items() if result.get("held")},
        "pandas_differences": _pandas_differences(results),
        "tables_without_pandas": sorted(set(ours.get("tables", {})) - set(SUMMARIES)),
    }


def ratio(dividend: float | None, divisor: float | None) -> float | None:
    return dividend / divisor if dividend is not None and divisor else None


def _pandas_differences(results: Results) -> list[str] | None:
    """Where pandas did not come to what we came to; None where not both ran."""
    if "ours" not in results or "pandas" not in results:
        return None
    ours, pandas = results["ours"], results["pandas"]
    return differences(ours["counts"], pandas["counts"], ours["tables"], pandas["tables"])


def about_machine() -> dict[str, Any]:
    """What the figures hold for."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    model = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return {
        "machine": {
            "cpus": os.cpu_count(),
            "cpu": model[0].partition(":")[2].strip() if model else platform.machine(),
            "memory_gib": round(memory, 1),
            "system": platform.platform(),
            "load_average": os.getloadavg(),
        },
        "versions": {"python": platform.python_version()} | {name: version(name) for name in PACKAGES},
    }


def _draw(report: Mapping[str, Any], path: Path) -> None:
    seconds = {name: report[f"{name}_s"] for name in ("floor", "ours", "spark", "pandas")}
    run_seconds = {name: value for name, value in seconds.items() if value is not None}
    if run_seconds:
        write_chart(path, f"Full load of {report['rows']:,} rows, {report['people']:,} people", run_seconds)


def show(console: Console, report: Mapping[str, Any]) -> None:
    """Ratios first, with what was asked for; then everybody's seconds as bars."""
    targets = Table("figure", "measured", "asked for", "reached")
    for name, (value, asked, reached) in targets_of(report).items():
        targets.add_row(name, f"{value:.3g}", asked, reached)
    console.print(targets)
    seconds = {name: report[f"{name}_s"] for name in ("floor", "ours", "spark", "pandas")}
    longest = max((value for value in seconds.values() if value), default=0)
    bars = Table("contender", "seconds", "CPU seconds", "peak GiB", "")
    for name, value in seconds.items():
        if value is not None:
            cpu, memory = report["cpu_s"][name], report["memory_gib"][name]
            bars.add_row(name, f"{value:.1f}", f"{cpu:.1f}", f"{memory:.2f}", "█" * max(1, round(40 * value / longest)))
    console.print(bars)
    for difference in report["pandas_differences"] or []:
        console.print(difference, style="red", soft_wrap=True, markup=False)
    console.print(f"{report['rows']:,} rows; chart: {report['chart']}", highlight=False, soft_wrap=True)


def targets_of(report: Mapping[str, Any]) -> dict[str, tuple[float, str, str]]:
    """Each measured figure that has a target: its value, the target, and by how much it is missed if it is."""
    values = dict(report)
    if report["growth_ratio"] is not None:
        # Eleven times for ten times the rows; in proportion where a city has not exactly ten times.
        values["growth_ratio_per_tenfold"] = report["growth_ratio"] / report["growth_rows"] * 10
    found = {}
    for name, limit in {**MOST, **LEAST}.items():
        value = values.get(name)
        if value is not None:
            over = value / limit if name in MOST else limit / value
            sign = "≤" if name in MOST else "≥"
            found[name] = (value, f"{sign} {limit:g}", "yes" if over <= 1 else f"no, by a factor of {over:.2f}")
    return found


if __name__ == "__main__":
    sys.exit(main())
