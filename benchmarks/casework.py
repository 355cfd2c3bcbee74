"""How many requests the case service answers at the size of a city, beside endpoints that run the same SQL alone.

`python -m benchmarks.casework --json` prints one object; without `--json` a table. See benchmarks/NOTES.md for what is
measured and how.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.caseload.filling import Size
from benchmarks.caseload.measuring import Effort, measured_in
from benchmarks.caseload.running import CaseBench
from benchmarks.reporting import Report, Tell, about_machine, answer, benchmark_parser, keep
from benchmarks.wanted import KINDS, held_up_s, wanted_of_casework

WORKERS, ORDERS, WARNINGS = 13_000, 500_000, 10_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    return answer(_parser().parse_args(arguments), run, show)


def _parser() -> argparse.ArgumentParser:
    parser = benchmark_parser("casework", __doc__)
    parser.add_argument("--workers", type=int, default=WORKERS, help="grid workers in the directory")
    parser.add_argument("--orders", type=int, default=ORDERS, help="orders in the database")
    parser.add_argument("--warnings", type=int, default=WARNINGS, help="warnings of the batch")
    parser.add_argument("--askers", type=int, default=800, help="grid workers who sign in")
    parser.add_argument("--processes", type=int, default=1, help="processes that answer, of the service and bare alike")
    parser.add_argument("--rate", type=float, default=100, help="requests a second for the percentiles")
    parser.add_argument("--seconds", type=float, default=15, help="how long each load lasts")
    return parser


def run(options: argparse.Namespace, tell: Tell) -> Report:
    """Fill a database or take the one of today, measure on a copy of it; write the report under <home>/bench."""
    home = options.home.resolve() / "bench"
    size = Size(options.workers, options.orders)
    effort = Effort(options.askers, options.rate, options.seconds, options.warnings)
    with CaseBench(home / f"casework-{size.workers}-{size.orders}", size, options.processes, tell) as bench:
        report = {**asdict(size), "processes": options.processes, "rate": effort.rate}
        report |= measured_in(bench, effort, tell) | about_machine()
    keep(home, f"casework-{size.orders}", report)
    return report


def show(console: Console, report: Mapping[str, Any]) -> None:
    """What was asked for beside what was measured; then every kind of request."""
    targets = Table("figure", "measured", "wanted")
    for wanted in wanted_of_casework(report):
        value = wanted.value(report)
        if value is not None:
            targets.add_row(wanted.figure, f"{value:.3g}", f"{wanted.sense} {wanted.limit:g}")
    console.print(targets)
    rates = Table("request", "a second", "bare", "p50 ms", "p95 ms", "p99 ms", "CPU ms service", "CPU ms PostgreSQL")
    for kind in KINDS:
        one = report[kind]
        cells = [one[name] for name in ("rps", "bare_rps", "p50_ms", "p95_ms", "p99_ms")]
        rates.add_row(kind, *(f"{cell:.1f}" for cell in [*cells, one["cpu_ms"]["service"], one["cpu_ms"]["postgres"]]))
    console.print(rates)
    console.print(
        f"{report['orders']:,} orders; a batch of {report['batch']['warnings']:,} warnings in "
        f"{report['batch']['seconds']:.1f} s, a tick with nothing ripe in {report['tick_s']:.2f} s",
        highlight=False,
    )
    held_up = held_up_s(report)
    slowest = max(held_up, key=lambda one: held_up[one])
    console.print(f"the migration that holds people up longest is {slowest}: {held_up[slowest]:.2f} s", highlight=False)
    for difference in report["disagreements"]:
        console.print(difference, style="red", soft_wrap=True, markup=False)


if __name__ == "__main__":
    sys.exit(main())
