"""From what the contenders measured to the figures that were promised, and how far those are from the targets."""

from collections.abc import Mapping
from typing import Any

from benchmarks.agreement import SUMMARIES, differences
from demo_city.period import PEOPLE_AT_SCALE

Results = Mapping[str, Mapping[str, Any]]

# Who is compared with whom, in the order of the chart.
BARS = ("floor", "ours", "spark", "pandas")
MOST = {
    "ratio_to_floor": 2.5,
    "peak_memory_gib": 4.0,
    "delta_share": 0.06,
    "growth_ratio_per_tenfold": 11.0,
}
MOST_MEMORY_BEYOND_A_CITY = 8.0
LEAST = {"speedup_over_pandas": 5.0}


def measured(results: Results) -> dict[str, Any]:
    """The figures that the contenders' results give; null where a contender did not run.

    Seconds are those of the work, without starting up, which stands under `start_up_s`.
    """
    ours, delta, growth = (results.get(name, {}) for name in ("ours", "delta", "growth"))
    seconds = _of_each(results, "seconds")
    cpu = _of_each(results, "cpu_s")
    return {
        "rows": ours.get("rows") or results.get("floor", {}).get("rows"),
        **{f"{name}_s": seconds.get(name) for name in BARS},
        **_ratios(seconds),
        "peak_memory_gib": ours.get("peak_memory_gib"),
        "fixed_start_s": ours.get("start_up_s"),
        "growth_rows": ratio(ours.get("rows"), growth.get("rows")),
        "growth_base_s": seconds.get("growth"),
        "delta_s": seconds.get("delta"),
        "delta_rows": delta.get("rows"),
        "delta_change": ratio(delta.get("changed_rows"), ours.get("changed_rows")),
        "idle_night_s": seconds.get("idle"),
        "cpu_s": cpu,
        "by_cpu": _ratios(cpu),
        "memory_gib": _of_each(results, "peak_memory_gib"),
        "start_up_s": _of_each(results, "start_up_s"),
        "phases_s": {name: result["phases"] for name, result in results.items() if "phases" in result},
        "ended_after_s": {name: result["ended"] for name, result in results.items() if "ended" in result},
        "held": {name: result["held"] for name, result in results.items() if result.get("held")},
        "pandas_differences": _pandas_differences(results),
        "tables_without_pandas": sorted(set(ours.get("tables", {})) - set(SUMMARIES)),
    }


def _of_each(results: Results, figure: str) -> dict[str, float]:
    return {name: result[figure] for name, result in results.items()}


def _ratios(costs: Mapping[str, float]) -> dict[str, float | None]:
    ours = costs.get("ours")
    return {
        "ratio_to_floor": ratio(ours, costs.get("floor")),
        "speedup_over_pandas": ratio(costs.get("pandas"), ours),
        "delta_share": ratio(costs.get("delta"), ours),
        "growth_ratio": ratio(ours, costs.get("growth")),
    }


def ratio(dividend: float | None, divisor: float | None) -> float | None:
    return dividend / divisor if dividend is not None and divisor else None


def _pandas_differences(results: Results) -> list[str] | None:
    """Where pandas did not come to what we came to; None where not both ran."""
    if "ours" not in results or "pandas" not in results:
        return None
    ours, pandas = results["ours"], results["pandas"]
    return differences(ours["counts"], pandas["counts"], ours["tables"], pandas["tables"])


def most_of(people: int) -> dict[str, float]:
    """The upper limits that hold for a city of so many people."""
    beyond = people > PEOPLE_AT_SCALE["city"]
    return {**MOST, "peak_memory_gib": MOST_MEMORY_BEYOND_A_CITY} if beyond else MOST


def growth_per_tenfold(report: Mapping[str, Any]) -> float | None:
    """Times the seconds for ten times the rows; in proportion where a city has not exactly ten times."""
    of_one = ratio(report["growth_ratio"], report["growth_rows"])
    return None if of_one is None else of_one * 10


def targets_of(report: Mapping[str, Any]) -> dict[str, tuple[float, str, str]]:
    """Each measured figure that has a target: its value, the target, and by how much it is missed if it is."""
    values = {**report, "growth_ratio_per_tenfold": growth_per_tenfold(report)}
    found = {}
    most = most_of(report["people"])
    for name, limit in {**most, **LEAST}.items():
        value = values.get(name)
        if value is not None:
            over = value / limit if name in most else limit / value
            sign = "≤" if name in most else "≥"
            found[name] = (value, f"{sign} {limit:g}", "yes" if over <= 1 else f"no, by a factor of {over:.2f}")
    return found
