"""The benchmark says what it measured, computes its ratios from that, and compares like with like."""

import io
import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from rich.console import Console

from benchmarks.chart import write_chart
from benchmarks.figures import measured, targets_of
from benchmarks.ingest import show
from benchmarks.landing import delivered_extracts
from demo_city.period import PEOPLE_AT_SCALE
from tests.benchmarks.conftest import FIRST_NIGHT, BenchmarkRun, run_benchmark

PROMISED = {
    "rows",
    "floor_s",
    "ours_s",
    "pandas_s",
    "spark_s",
    "ratio_to_floor",
    "speedup_over_pandas",
    "peak_memory_gib",
    "delta_share",
    "growth_ratio",
}
SVG = "{http://www.w3.org/2000/svg}"


def test_prints_one_object_with_the_promised_keys_and_keeps_it(benchmark_run: BenchmarkRun) -> None:
    report = benchmark_run.report
    assert set(report) >= PROMISED
    kept = benchmark_run.home / "bench" / f"ingest-{report['people']}.json"
    assert json.loads(kept.read_text(encoding="utf-8")) == report


def test_every_contender_reads_all_rows(benchmark_run: BenchmarkRun) -> None:
    promised = sum(extract.manifest.row_count for extract in delivered_extracts(benchmark_run.landing, FIRST_NIGHT))
    assert benchmark_run.report["rows"] == promised
    assert benchmark_run.report["held"] == {}


def test_ratios_are_those_of_the_seconds(benchmark_run: BenchmarkRun) -> None:
    report = benchmark_run.report
    assert report["ratio_to_floor"] == pytest.approx(report["ours_s"] / report["floor_s"])
    assert report["speedup_over_pandas"] == pytest.approx(report["pandas_s"] / report["ours_s"])
    assert report["delta_share"] == pytest.approx(report["delta_s"] / report["ours_s"])
    cpu = report["cpu_s"]
    assert report["by_cpu"]["ratio_to_floor"] == pytest.approx(cpu["ours"] / cpu["floor"])
    assert report["by_cpu"]["delta_share"] == pytest.approx(cpu["delta"] / cpu["ours"])
    assert report["ours_s"] == pytest.approx(sum(report["phases_s"]["ours"].values()), rel=0.05)


def test_costs_are_told_for_every_contender_that_ran(benchmark_run: BenchmarkRun) -> None:
    report = benchmark_run.report
    for costs in (report["cpu_s"], report["memory_gib"], report["start_up_s"]):
        assert set(costs) == {"floor", "pandas", "ours", "delta"}
        assert all(cost > 0 for cost in costs.values())
    assert report["peak_memory_gib"] == report["memory_gib"]["ours"]
    assert report["fixed_start_s"] == report["start_up_s"]["ours"]
    assert report["machine"]["cpus"] >= 1
    assert report["versions"]["duckdb"].startswith("1.5.")


def test_what_did_not_run_is_null(benchmark_run: BenchmarkRun) -> None:
    assert benchmark_run.report["spark_s"] is None
    assert benchmark_run.report["growth_ratio"] is None


def test_pandas_came_to_the_same_rows_and_tables(benchmark_run: BenchmarkRun) -> None:
    assert benchmark_run.report["pandas_differences"] == []


def test_the_delta_is_the_second_night_of_the_same_installation(benchmark_run: BenchmarkRun) -> None:
    report = benchmark_run.report
    assert 0 < report["delta_rows"] < report["rows"]
    assert 0 < report["delta_change"] < report["delta_rows"] / report["rows"]


def test_what_the_contenders_wrote_is_removed(benchmark_run: BenchmarkRun) -> None:
    left = sorted(path.name for path in (benchmark_run.home / "bench").iterdir())
    assert left == ["ingest-1500.json", "ingest-1500.svg"]


def test_growth_compares_equal_work_on_two_cities() -> None:
    results = {
        "ours": {"seconds": 50.0, "start_up_s": 2.0, "cpu_s": 90.0, "peak_memory_gib": 3.0, "rows": 1000},
        "growth": {"seconds": 6.0, "start_up_s": 2.0, "cpu_s": 9.0, "peak_memory_gib": 1.0, "rows": 125},
    }
    report = measured(results) | {"people": PEOPLE_AT_SCALE["city"]}
    assert report["growth_ratio"] == pytest.approx(50 / 6)
    assert report["growth_rows"] == 8
    value, asked, reached = targets_of(report)["growth_ratio_per_tenfold"]
    assert value == pytest.approx(50 / 6 / 8 * 10)
    assert (asked, reached) == ("≤ 11", "yes")


def test_missed_targets_say_by_how_much() -> None:
    nothing = dict.fromkeys([*PROMISED, "growth_rows"]) | {"people": PEOPLE_AT_SCALE["city"]}
    targets = targets_of(nothing | {"ratio_to_floor": 5.0, "speedup_over_pandas": 2.5, "delta_share": 0.06})
    assert targets == {
        "ratio_to_floor": (5.0, "≤ 2.5", "no, by a factor of 2.00"),
        "speedup_over_pandas": (2.5, "≥ 5", "no, by a factor of 2.00"),
        "delta_share": (0.06, "≤ 0.06", "yes"),
    }


def test_more_memory_is_allowed_to_more_than_a_city() -> None:
    nothing = dict.fromkeys([*PROMISED, "growth_rows"]) | {"peak_memory_gib": 6.0}
    city = PEOPLE_AT_SCALE["city"]
    assert targets_of(nothing | {"people": city})["peak_memory_gib"] == (6.0, "≤ 4", "no, by a factor of 1.50")
    assert targets_of(nothing | {"people": 10 * city})["peak_memory_gib"] == (6.0, "≤ 8", "yes")


def test_people_read_ratios_first_and_what_a_night_costs(benchmark_run: BenchmarkRun) -> None:
    printed = Console(record=True, width=120, file=io.StringIO())
    show(printed, benchmark_run.report)
    text = printed.export_text()
    assert text.index("ratio_to_floor") < text.index("contender")
    assert f"A night of {benchmark_run.report['delta_rows']:,} rows" in text
    assert benchmark_run.report["chart"] in text


def test_the_chart_has_a_bar_in_proportion_for_each_contender(tmp_path: Path) -> None:
    write_chart(tmp_path / "chart.svg", "Title & more", {"floor": 2.0, "ours": 4.0, "pandas": 8.0})
    svg = ElementTree.parse(tmp_path / "chart.svg").getroot()
    widths = [float(bar.get("width", "0")) for bar in svg.findall(f"{SVG}rect") if bar.get("x")]
    assert widths == pytest.approx([widths[2] / 4, widths[2] / 2, widths[2]], abs=0.1)
    texts = [element.text or "" for element in svg.findall(f"{SVG}text")]
    assert "Title & more" in texts
    assert "8.0 s (4.0 × floor)" in texts


def test_a_landing_folder_without_deliveries_is_told(tmp_path: Path) -> None:
    done = run_benchmark("--landing", str(tmp_path), "--home", str(tmp_path))
    assert done.returncode == 1
    assert "holds no deliveries" in done.stderr


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_town_with_every_contender(tmp_path: Path) -> None:
    done = run_benchmark("--scale", "town", "--home", str(tmp_path), "--json")
    assert done.returncode == 0, done.stderr[-3000:]
    report = json.loads(done.stdout)
    assert report["people"] == PEOPLE_AT_SCALE["town"]
    assert report["pandas_differences"] == []
    assert all(report[name] is not None for name in PROMISED)
    assert report["growth_ratio"] == pytest.approx(report["ours_s"] / report["growth_base_s"])
    assert 8 < report["growth_rows"] < 12
