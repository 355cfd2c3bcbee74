"""What all benchmarks share: one object or a table, a report that is kept, and what the figures hold for."""

import argparse
import json
import os
import platform
from collections.abc import Callable, Mapping
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.race import BenchmarkError

PACKAGES = (
    "duckdb", "pandas", "pyarrow", "pyspark", "pyiceberg", "great-expectations",
    "fastapi", "sqlalchemy", "psycopg", "uvicorn",
)  # fmt: skip

Tell = Callable[[str], None]
Report = dict[str, Any]


def benchmark_parser(name: str, description: str | None) -> argparse.ArgumentParser:
    """A parser with what every benchmark takes."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}", description=description)
    parser.add_argument("--home", type=Path, default=Path(os.environ.get("SHOUWANG_HOME", "var")))
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--keep-result", type=Path, metavar="FOLDER", help="keep the object as FOLDER/<benchmark>.json too"
    )
    parser.set_defaults(benchmark=name)
    return parser


def answer(
    options: argparse.Namespace,
    run: Callable[[argparse.Namespace, Tell], Report],
    show: Callable[[Console, Mapping[str, Any]], None],
) -> int:
    """Run a benchmark and print what it found; returns the exit code."""
    console = Console(stderr=True)
    try:
        report = run(options, lambda step: console.print(step, highlight=False, soft_wrap=True))
    except BenchmarkError as error:
        console.print(str(error), style="red", soft_wrap=True, markup=False)
        return 1
    if options.keep_result:
        keep_result(options.keep_result, options.benchmark, report)
    if options.json:
        print(json.dumps(report, ensure_ascii=False))  # noqa: T201
    else:
        show(Console(), report)
    return 0


def keep(home: Path, name: str, report: Mapping[str, Any]) -> None:
    """Write the report to <home>/<name>.json."""
    (home / f"{name}.json").write_text(json.dumps(report, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def keep_result(folder: Path, benchmark: str, report: Mapping[str, Any]) -> None:
    """Write the report to <folder>/<benchmark>.json, from which `benchmarks.page` makes the page."""
    folder.mkdir(parents=True, exist_ok=True)
    # Where this machine keeps its chart is of no use to whoever reads the page.
    keep(folder, benchmark, {name: value for name, value in report.items() if name != "chart"})


def about_machine() -> Report:
    """What the figures hold for: the day, the machine and what runs on it."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    model = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return {
        "measured_on": datetime.now().astimezone().date().isoformat(),
        "machine": {
            "cpus": os.cpu_count(),
            "cpu": model[0].partition(":")[2].strip() if model else platform.machine(),
            "memory_gib": round(memory, 1),
            "system": platform.platform(),
            "load_average": os.getloadavg(),
        },
        "versions": {"python": platform.python_version()} | {name: version(name) for name in PACKAGES},
    }
