"""What the page says of each benchmark: its limits, its contenders beside each other, its chart, what disagreed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.wanted import (
    KINDS,
    Report,
    Wanted,
    at,
    held_up_s,
    wanted_of_casework,
    wanted_of_ingest,
    wanted_of_warn,
)

Rows = Sequence[Sequence[str]]
NOT_MEASURED = "not measured"
# A load of more than so many waiting for each core: seconds by the clock say little then.
BUSY = 2.0
NIGHTS = {"delta": "second night", "idle": "night without deliveries", "growth": "a tenth of the people"}


@dataclass(frozen=True)
class Bars:
    """A chart's bars, of what and in what."""

    subtitle: str
    unit: str
    values: Mapping[str, float]


@dataclass(frozen=True)
class Section:
    """One benchmark on the page."""

    name: str
    title: str
    arguments: str
    packages: tuple[str, ...]
    wanted: Callable[[Report], list[Wanted]]
    size: Callable[[Report], str]
    contenders: Callable[[Report], Rows]
    bars: Callable[[Report], Bars]
    sentences: Callable[[Report], Iterator[str]]


def is_busy(report: Report) -> bool:
    """Whether other work ran beside, as far as the load at the end tells."""
    machine = report["machine"]
    return bool(machine["load_average"][0] > BUSY * machine["cpus"])


def _cell(value: float | None, form: str = "{:,.1f}") -> str:
    return NOT_MEASURED if value is None else form.format(value)


def _costs(report: Report, names: Mapping[str, str]) -> Rows:
    """Seconds, CPU seconds and memory of each contender; `names` says how the page calls it."""
    rows = [["", "Seconds", "CPU seconds", "Peak GiB"]]
    for name, shown in names.items():
        seconds = report.get({"idle": "idle_night_s", "growth": "growth_base_s"}.get(name, f"{name}_s"))
        memory = at(report, f"memory_gib.{name}")
        rows.append([shown, _cell(seconds), _cell(at(report, f"cpu_s.{name}")), _cell(memory)])
    return rows


def _bars_of_costs(report: Report, names: Sequence[str]) -> Bars:
    """By the clock, or by CPU seconds where the machine was busy."""
    busy = is_busy(report)
    place = "cpu_s.{}" if busy else "{}_s"
    values = {name: value for name in names if (value := at(report, place.format(name))) is not None}
    if busy:
        return Bars("CPU seconds, because other work ran beside", "CPU s", values)
    return Bars("seconds of work, one after the other; starting up apart", "s", values)


def _ingest_contenders(report: Report) -> Rows:
    return _costs(report, {name: name for name in ("floor", "ours", "spark", "pandas")} | NIGHTS)


def _ingest_sentences(report: Report) -> Iterator[str]:
    if report["delta_change"] is not None:
        yield f"In the second night {report['delta_change']:.2%} of the rows changed."
    if report["growth_rows"] is not None:
        yield f"The city is measured against one that has 1 / {report['growth_rows']:.1f} of its rows."
    if report["fixed_start_s"] is not None:
        yield f"Starting up takes {report['fixed_start_s']:.1f} s and is counted nowhere above."
    if report["tables_without_pandas"]:
        yield f"pandas has less to do: {len(report['tables_without_pandas'])} tables are not in its script."
    if report["pandas_differences"] is not None:
        yield _agreement(report["pandas_differences"], "pandas came to the same rows and tables")


def _warn_contenders(report: Report) -> Rows:
    return _costs(report, {name: name for name in ("handwritten", "ours", "spark", "pandas")})


def _warn_sentences(report: Report) -> Iterator[str]:
    landed = at(report, "landed.large")
    if landed is not None:
        steps = ", ".join(f"{step} {seconds:.0f} s" for step, seconds in landed["seconds"].items())
        yield (
            f"What landed: {landed['accepted']:,} rows, {landed['warnings']} warnings, "
            f"{landed['orders'].get('opened', 0)} orders opened ({steps})."
        )
    if "ours" in report["hits"] and len(report["hits"]) > 1:
        hits = f"All who answered found the same {report['hits']['ours']:,} hits, row for row"
        yield _agreement(report["disagreements"], hits)


def _casework_contenders(report: Report) -> Rows:
    columns = ("rps", "bare_rps", "p50_ms", "p95_ms", "p99_ms", "cpu_ms.service", "cpu_ms.postgres")
    heads = ["", "A second", "Bare", "p50 ms", "p95 ms", "p99 ms", "CPU ms service", "CPU ms PostgreSQL"]
    return [heads, *([kind, *(_cell(at(report, f"{kind}.{one}")) for one in columns)] for kind in KINDS)]


def _casework_bars(report: Report) -> Bars:
    rates = {"ours": "rps", "bare": "bare_rps"}
    values = {f"{kind}, {who}": report[kind][rate] for kind in KINDS for who, rate in rates.items()}
    return Bars("requests a second, beside bare endpoints that run the same SQL", "a second", values)


def _casework_sentences(report: Report) -> Iterator[str]:
    yield f"A tick with nothing ripe takes {report['tick_s']:.1f} s."
    slow = {name: seconds for name, seconds in held_up_s(report).items() if seconds > 1}
    if slow:
        waits = ", ".join(f"`{name}` {seconds:.1f} s" for name, seconds in slow.items())
        yield f"Migrations that hold people up for more than a second: {waits}."
    yield _agreement(report["disagreements"], "Everything that was answered was recorded")


def _agreement(differences: Sequence[str], agreed: str) -> str:
    return f"**They disagree**: {'; '.join(differences)}." if differences else f"{agreed}."


LOAD = ("python", "duckdb", "pandas", "pyarrow", "pyspark", "pyiceberg", "great-expectations")
SECTIONS = (
    Section(
        "ingest", "A full load and a night", "--scale city", LOAD, wanted_of_ingest,
        lambda report: f"{report['people']:,} people, {report['rows']:,} rows",
        _ingest_contenders,
        lambda report: _bars_of_costs(report, ("floor", "ours", "spark", "pandas")),
        _ingest_sentences,
    ),
    Section(
        "warn", "The models, and what lands by day", "--scale city", LOAD[:-1], wanted_of_warn,
        lambda report: f"sixteen models, {report['people']:,} people",
        _warn_contenders,
        lambda report: _bars_of_costs(report, ("handwritten", "ours", "spark", "pandas")),
        _warn_sentences,
    ),
    Section(
        "casework", "The case service", "", ("python", "fastapi", "uvicorn", "sqlalchemy", "psycopg"),
        wanted_of_casework,
        lambda report: (
            f"{report['workers']:,} grid workers, {report['orders']:,} orders, "
            f"processes of the service: {report['processes']}"
        ),
        _casework_contenders, _casework_bars, _casework_sentences,
    ),
)  # fmt: skip
