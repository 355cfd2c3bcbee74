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
from benchmarks.caseload.measuring import KINDS, Effort, measured_in
from benchmarks.caseload.running import CaseBench
from benchmarks.reporting import Report, Tell, about_machine, answer, benchmark_parser, keep

WORKERS, ORDERS, WARNINGS = 13_000, 500_000, 10_000
TARGETS = {"p95_ms": (150.0, "at most"), "share_of_bare": (0.5, "at least"), "batch_10000_s": (10.0, "at most")}


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
    found = {"batch_10000_s": report["batch_10000_s"]}
    for kind in KINDS:
        found |= {f"{kind} {name}": report[kind][name] for name in ("p95_ms", "share_of_bare")}
    for name, value in found.items():
        limit, sense = TARGETS[name.split()[-1]]
        if value is not None:
            targets.add_row(name, f"{value:.3g}", f"{sense} {limit:g}")
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
    slowest = max(report["migrations"], key=lambda one: max(report["migrations"][one]["waited_ms"].values()))
    waited = max(report["migrations"][slowest]["waited_ms"].values()) / 1000
    console.print(f"the migration that holds people up longest is {slowest}: {waited:.2f} s", highlight=False)
    for difference in report["disagreements"]:
        console.print(difference, style="red", soft_wrap=True, markup=False)


if __name__ == "__main__":
    sys.exit(main())
