"""What was asked of the benchmarks' figures, and what a report says of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from benchmarks.figures import LEAST, growth_per_tenfold, most_of

Report = Mapping[str, Any]
Sense = Literal["at most", "at least"]
MOST_SPARK_GIB = 8.0
LONGEST_MIGRATION = "longest wait in a migration"
KINDS = ("list", "detail", "submit")


@dataclass(frozen=True)
class Wanted:
    """One figure with its limit; `figure` and `by_cpu` are its places in a report, `form` how it is written."""

    figure: str
    says: str
    sense: Sense
    limit: float
    form: str = "{:.2f}"
    by_cpu: str = ""

    def value(self, report: Report) -> float | None:
        """What was measured; None where it was not."""
        if self.figure == "growth_ratio_per_tenfold":
            return growth_per_tenfold(report)
        if self.figure == LONGEST_MIGRATION:
            return max(held_up_s(report).values(), default=None)
        value: float | None = at(report, self.figure)
        return value

    def cpu_value(self, report: Report) -> float | None:
        """The same by CPU seconds, where the report has it."""
        return at(report, self.by_cpu) if self.by_cpu else None

    def reached(self, value: float) -> bool:
        """Whether a value is on the side of the limit that was asked for."""
        return value <= self.limit if self.sense == "at most" else value >= self.limit


def at(report: Report, place: str) -> Any:
    """What stands at a place like `list.p95_ms`; None where the report has no such place."""
    found: Any = report
    for name in place.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def held_up_s(report: Report) -> dict[str, float]:
    """By migration, the longest that anybody waited for a lock meanwhile."""
    return {name: max(one["waited_ms"].values()) / 1000 for name, one in report["migrations"].items()}


def wanted_of_ingest(report: Report) -> list[Wanted]:
    """What was asked of a load and of a night."""
    most, gib = most_of(report["people"]), "{:.1f} GiB"
    return [
        Wanted("ratio_to_floor", "a full load, in times the floor", "at most", most["ratio_to_floor"],
               by_cpu="by_cpu.ratio_to_floor"),
        Wanted("speedup_over_pandas", "times faster than pandas", "at least", LEAST["speedup_over_pandas"],
               by_cpu="by_cpu.speedup_over_pandas"),
        Wanted("delta_share", "a second night, as a share of the full load", "at most", most["delta_share"], "{:.1%}",
               "by_cpu.delta_share"),
        Wanted("growth_ratio_per_tenfold", "times the seconds for ten times the rows", "at most",
               most["growth_ratio_per_tenfold"]),
        Wanted("peak_memory_gib", "peak memory", "at most", most["peak_memory_gib"], gib),
        Wanted("memory_gib.spark", "peak memory with Spark", "at most", MOST_SPARK_GIB, gib),
    ]  # fmt: skip


def wanted_of_warn(_report: Report) -> list[Wanted]:
    """What was asked of the models, and of what lands by day; the same for a city of any size."""
    return [
        Wanted("ratio_to_handwritten", "the models, in times the script by hand", "at most", 1.5,
               by_cpu="by_cpu.ratio_to_handwritten"),
        Wanted("speedup_over_pandas", "times faster than pandas", "at least", 10.0,
               by_cpu="by_cpu.speedup_over_pandas"),
        Wanted("landed_to_order_s", "from landing to order", "at most", 60.0, "{:.1f} s", "landed_cpu_s.large"),
        Wanted("growth_exponent", "exponent of a look's CPU seconds by the size of the city", "at most", 0.2),
    ]  # fmt: skip


def wanted_of_casework(report: Report) -> list[Wanted]:
    """What was asked of the case service, the percentile at the report's rate."""
    p95 = f"95th percentile of the list at {report['rate']:g} a second"
    return [
        Wanted("list.p95_ms", p95, "at most", 150.0, "{:,.0f} ms"),
        *(
            Wanted(f"{kind}.share_of_bare", f"rate of {kind}, as a share of the bare endpoint's", "at least", 0.5)
            for kind in KINDS
        ),
        Wanted("batch_10000_s", "a batch of 10,000 warnings", "at most", 10.0, "{:.1f} s"),
        Wanted(LONGEST_MIGRATION, "longest that a migration holds anybody up", "at most", 1.0, "{:.1f} s"),
    ]
