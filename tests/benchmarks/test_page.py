"""The page says what the kept results say: limits, peers, machine, and what was not measured."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from rich.console import Console

from benchmarks import figures, warn
from benchmarks.page import DOCS, RESULTS, main, write_page
from benchmarks.reporting import Report, Tell, about_machine, answer, benchmark_parser, keep_result
from benchmarks.warners import keep_hits

SVG = "{http://www.w3.org/2000/svg}"
QUIET = {"cpus": 2, "cpu": "A processor", "memory_gib": 8.0, "load_average": [1.5, 1.0, 1.0]}
VERSIONS = {"python": "3.11.7", "duckdb": "1.5.6"}
ON_A_MACHINE: Report = {"measured_on": "2026-03-04", "machine": QUIET, "versions": VERSIONS}
WITH_PANDAS = {"pandas_s": 16.0, "speedup_over_pandas": 4.0, "pandas_differences": []}
ONE_CONTENDER = {"start_up_s": 1.0, "peak_memory_gib": 1.5, "rows": 1000, "changed_rows": 1000}


def ingest_report(**seconds: float) -> Report:
    """What contenders that took so many seconds, and twice the CPU, give; but for pandas, whose tables are compared."""
    results = {name: {**ONE_CONTENDER, "seconds": value, "cpu_s": 2 * value} for name, value in seconds.items()}
    return {"people": 5000, **figures.measured(results), **ON_A_MACHINE}


def warn_report(folder: Path, **seconds: float) -> Report:
    answers = keep_hits({"W01": [("somebody", "2026-03", "red")]}, folder / "answers.json")
    told = {"answers": answers, "hits": 1, "peak_memory_gib": 1.0}
    results = {name: {**told, "seconds": value, "cpu_s": value / 10} for name, value in seconds.items()}
    return {"people": 5000, "smaller": 500, **warn.measured(results, 5000, 500), **ON_A_MACHINE}


def casework_report() -> Report:
    kind = {"rps": 60.0, "bare_rps": 100.0, "share_of_bare": 0.6, "p50_ms": 5.0, "p95_ms": 151.0, "p99_ms": 200.0}
    kinds = {name: {**kind, "cpu_ms": {"service": 8.0, "postgres": 4.0}} for name in ("list", "detail", "submit")}
    waits = {"0002": {"read": 1500.0, "write": 20.0}, "0003": {"read": 1.0, "write": 2.0}}
    migrations = {name: {"waited_ms": waited} for name, waited in waits.items()}
    rest: Report = {"batch_10000_s": None, "tick_s": 0.1, "migrations": migrations, "disagreements": []}
    return {"workers": 20, "orders": 400, "processes": 1, "rate": 10.0, **kinds, **rest, **ON_A_MACHINE}


def rendered(folder: Path, reports: Mapping[str, Report]) -> str:
    for name, report in reports.items():
        keep_result(folder / "results", name, report)
    return write_page(folder / "results", folder / "docs").read_text(encoding="utf-8")


def bar_widths(chart: Path) -> list[float]:
    drawn = ElementTree.parse(chart).getroot().findall(f"{SVG}rect")
    return [float(bar.get("width", "0")) for bar in drawn if bar.get("x")]


def test_all_three_stand_on_the_page_with_limits_peers_machine_and_chart(tmp_path: Path) -> None:
    reports = {
        "ingest": ingest_report(floor=2.0, ours=4.0, spark=8.0, delta=1.0) | WITH_PANDAS,
        "warn": warn_report(tmp_path, models=4.0, by_hand=2.0, by_pandas=50.0),
        "casework": casework_report(),
    }
    page = rendered(tmp_path, reports)
    assert "| a full load, in times the floor | at most 2.50 | 2.00 | 2.00 | yes |" in page
    assert "| times faster than pandas | at least 5.00 | 4.00 |  | no |" in page
    assert "| a second night, as a share of the full load | at most 6.0% | 25.0% | 25.0% | no |" in page
    assert "| the models, in times the script by hand | at most 1.50 | 2.00 | 2.00 | no |" in page
    assert "| times faster than pandas | at least 10.00 | 12.50 | 12.50 | yes |" in page
    assert "| 95th percentile of the list at 10 a second | at most 150 ms | 151 ms |  | no |" in page
    assert "| rate of submit, as a share of the bare endpoint's | at least 0.50 | 0.60 |  | yes |" in page
    assert "| longest that a migration holds anybody up | at most 1.0 s | 1.5 s |  | no |" in page
    assert "| spark | 8.0 | 16.0 | 1.5 |" in page
    assert "pandas came to the same rows and tables." in page
    assert "All who answered found the same 1 hits" in page
    assert "Machine: A processor, 2 cores, 8.0 GiB of memory" in page
    assert "python 3.11.7, duckdb 1.5.6" in page
    assert page.count("2026-03-04") == 6
    assert "busy" not in page
    charts = tmp_path / "docs" / "benchmarks"
    assert [len(bar_widths(charts / f"{name}.svg")) for name in reports] == [4, 3, 6]
    floor, ours, *_ = bar_widths(charts / "ingest.svg")
    assert ours == pytest.approx(2 * floor, abs=0.1)


def test_what_was_not_measured_is_said_to_be_missing(tmp_path: Path) -> None:
    stale = tmp_path / "docs" / "benchmarks" / "warn.svg"
    stale.parent.mkdir(parents=True)
    stale.touch()
    page = rendered(tmp_path, {"ingest": ingest_report(floor=2.0, ours=4.0)})
    assert "| A full load and a night | 2026-03-04 | 2 of 6, 4 not measured |" in page
    assert "| The case service | not measured |  |" in page
    assert "| times faster than pandas | at least 5.00 | not measured |  |  |" in page
    assert "| spark | not measured | not measured | not measured |" in page
    assert "pandas came to" not in page
    assert "`python -m benchmarks.warn --scale city --keep-result benchmarks/results` measures it." in page
    assert "`python -m benchmarks.casework --keep-result benchmarks/results` measures it." in page
    assert [path.name for path in stale.parent.iterdir()] == ["ingest.svg"]


def test_nothing_measured_is_a_page_too(tmp_path: Path) -> None:
    page = rendered(tmp_path, {})
    assert page.count("measures it.") == 3
    assert "](benchmarks/" not in page


def test_a_busy_machine_is_told_and_the_bars_are_cpu_seconds(tmp_path: Path) -> None:
    report = ingest_report(floor=3.0, ours=4.0) | {"machine": {**QUIET, "load_average": [4.1, 1.0, 1.0]}}
    report["cpu_s"] = {"floor": 1.0, "ours": 4.0}
    page = rendered(tmp_path, {"ingest": report | {"remarks": ["Something else ran."]}})
    assert page.index("The machine was busy") < page.index("- Something else ran.") < page.index("| Figure |")
    floor, ours = bar_widths(tmp_path / "docs" / "benchmarks" / "ingest.svg")
    assert ours == pytest.approx(4 * floor, abs=0.1)


def test_who_came_to_something_else_is_named(tmp_path: Path) -> None:
    report = casework_report() | {"disagreements": ["list: 7 answered, 6 recorded"]}
    assert "**They disagree**: list: 7 answered, 6 recorded." in rendered(tmp_path, {"casework": report})


def test_every_benchmark_keeps_its_result_where_the_page_reads_it(tmp_path: Path) -> None:
    kept = tmp_path / "results"

    def run(_options: Any, _tell: Tell) -> Report:
        return ingest_report(floor=2.0, ours=4.0) | about_machine() | {"chart": "somewhere.svg"}

    def show(_console: Console, _report: Mapping[str, Any]) -> None:
        """Nobody reads it here."""

    options = benchmark_parser("ingest", None).parse_args(["--keep-result", str(kept)])
    assert answer(options, run, show) == 0
    assert "chart" not in json.loads((kept / "ingest.json").read_text(encoding="utf-8"))
    page = write_page(kept, tmp_path / "docs").read_text(encoding="utf-8")
    assert f"Measured on {about_machine()['measured_on']} with 5,000 people, 1,000 rows" in page


@pytest.mark.parametrize("content", ["{", "[]", '{"people": 5000}'])
def test_what_is_no_result_is_named_with_what_to_do(
    content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "warn.json").write_text(content, encoding="utf-8")
    assert main(["--results", str(tmp_path), "--docs", str(tmp_path / "docs")]) == 1
    told = " ".join(capsys.readouterr().err.split())
    assert f"{tmp_path / 'warn.json'} is no" in told
    assert "measure again with `python -m benchmarks.warn" in told
    assert not (tmp_path / "docs").exists()


def test_the_committed_page_is_what_the_committed_results_say(tmp_path: Path) -> None:
    assert main(["--docs", str(tmp_path)]) == 0
    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    committed = [DOCS / "benchmarks.md", *sorted((DOCS / "benchmarks").iterdir())]
    assert made == {path.relative_to(DOCS): path.read_bytes() for path in committed}
    assert {path.stem for path in RESULTS.iterdir()} == {"ingest", "warn", "casework"}
