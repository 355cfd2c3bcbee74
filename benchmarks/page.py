"""Makes docs/benchmarks.md and its charts from the results that the benchmarks kept.

`python -m benchmarks.page` measures nothing. A benchmark without a result is said to be missing, with the command that
measures it; so is each figure that a run left out.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rich.console import Console

from benchmarks.chart import write_chart
from benchmarks.race import BenchmarkError
from benchmarks.sections import NOT_MEASURED, SECTIONS, Rows, Section, is_busy
from benchmarks.wanted import Report, Wanted

PROJECT = Path(__file__).resolve().parents[1]
RESULTS, DOCS = PROJECT / "benchmarks" / "results", PROJECT / "docs"
KEPT_IN = "--keep-result benchmarks/results"
INTRODUCTION = """# Benchmarks

How fast it is at the size of a city, beside others who do the same work on the same machine. `make bench` measures
anew, keeps the results under `benchmarks/results` and makes this page of them;
`python -m benchmarks.page` only makes the page. What a limit asks for is measured by the clock; by CPU stands beside.
What is measured and how, and in words where the time goes: [notes on speed](../benchmarks/NOTES.md).
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the page; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page", description=__doc__)
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the benchmarks kept their results")
    parser.add_argument("--docs", type=Path, default=DOCS, help="the folder of the page and of its charts")
    options = parser.parse_args(arguments)
    console = Console(stderr=True)
    try:
        page = write_page(options.results, options.docs)
    except BenchmarkError as error:
        console.print(str(error), style="red", soft_wrap=True, markup=False)
        return 1
    console.print(f"written: {page}", highlight=False, soft_wrap=True)
    return 0


def write_page(results: Path, docs: Path) -> Path:
    """Write <docs>/benchmarks.md and a chart for each result that is there; the same results give the same bytes."""
    reports = {section.name: kept_result(results, section.name) for section in SECTIONS}
    parts = [INTRODUCTION, _table(_overview(reports))]
    for section in SECTIONS:
        report, chart = reports[section.name], docs / "benchmarks" / f"{section.name}.svg"
        chart.unlink(missing_ok=True)
        parts.append(f"## {section.title}\n")
        parts.extend(_missing(section) if report is None else _measured(section, report, chart))
    page = docs / "benchmarks.md"
    docs.mkdir(parents=True, exist_ok=True)
    page.write_text("\n".join(parts), encoding="utf-8")
    return page


def kept_result(results: Path, benchmark: str) -> Report | None:
    """What a benchmark kept; None where it kept nothing."""
    path = results / f"{benchmark}.json"
    if not path.exists():
        return None
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BenchmarkError(f"{path} is no JSON object ({error}): {_measure_again(path, benchmark)}") from error
    if not isinstance(report, dict) or not {"measured_on", "machine", "versions"} <= set(report):
        raise BenchmarkError(f"{path} is no result of this benchmark: {_measure_again(path, benchmark)}")
    return report


def _measure_again(path: Path, benchmark: str) -> str:
    return f"remove it, or measure again with `python -m benchmarks.{benchmark} --keep-result {path.parent}`."


def _overview(reports: Mapping[str, Report | None]) -> Rows:
    rows = [["Benchmark", "Measured on", "Limits reached"]]
    for section in SECTIONS:
        report = reports[section.name]
        if report is None:
            rows.append([section.title, NOT_MEASURED, ""])
            continue
        values = [(one, one.value(report)) for one in section.wanted(report)]
        reached = sum(one.reached(value) for one, value in values if value is not None)
        missing = sum(value is None for _, value in values)
        counted = f"{reached} of {len(values)}" + (f", {missing} {NOT_MEASURED}" if missing else "")
        rows.append([section.title, report["measured_on"], counted])
    return rows


def _command(section: Section) -> str:
    return " ".join(f"python -m benchmarks.{section.name} {section.arguments} {KEPT_IN}".split())


def _missing(section: Section) -> Iterator[str]:
    yield f"Not measured. `{_command(section)}` measures it.\n"


def _measured(section: Section, report: Report, chart: Path) -> Iterator[str]:
    yield f"Measured on {report['measured_on']} with {section.size(report)}. {_machine(section, report)}\n"
    remarks = [*report.get("remarks", [])]
    if is_busy(report):
        remarks.insert(0, "**The machine was busy**: what was measured by the clock does not hold for a quiet one.")
    yield from _list(remarks)
    yield _table(_limits(section.wanted(report), report))
    bars = section.bars(report)
    if bars.values:
        write_chart(chart, section.title, bars.values, bars.subtitle, bars.unit)
        yield f"![{section.title}: {bars.subtitle}](benchmarks/{chart.name})\n"
    yield _table(section.contenders(report))
    yield from _list([*section.sentences(report)])


def _machine(section: Section, report: Report) -> str:
    machine, versions = report["machine"], report["versions"]
    named = ", ".join(f"{package} {versions[package]}" for package in section.packages if package in versions)
    return (
        f"Machine: {machine['cpu']}, {machine['cpus']} cores, {machine['memory_gib']} GiB of memory, "
        f"a load of {machine['load_average'][0]:.1f} at the end. Versions: {named}."
    )


def _limits(wanted: Sequence[Wanted], report: Report) -> Rows:
    rows = [["Figure", "Wanted", "Measured", "By CPU", "Reached"]]
    for one in wanted:
        value, by_cpu = one.value(report), one.cpu_value(report)
        rows.append(
            [
                one.says,
                f"{one.sense} {one.form.format(one.limit)}",
                NOT_MEASURED if value is None else one.form.format(value),
                "" if by_cpu is None else one.form.format(by_cpu),
                "" if value is None else "yes" if one.reached(value) else "no",
            ]
        )
    return rows


def _table(rows: Rows) -> str:
    head, *rest = (f"| {' | '.join(row)} |" for row in rows)
    return "\n".join([head, "|---" * len(rows[0]) + "|", *rest, ""])


def _list(sentences: Sequence[str]) -> Iterator[str]:
    if sentences:
        yield "\n".join([*(f"- {sentence}" for sentence in sentences), ""])


if __name__ == "__main__":
    sys.exit(main())
