"""The notebooks run from the first cell to the last on the published file alone, and are kept with what they show."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.case_service.running_service import running_case_service
from tests.forked_commands import shouwang
from tests.journeys.conftest import environment, run_night
from tests.shared_homes import copy_home

PROJECT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((PROJECT / "notebooks").glob("*.ipynb"))
NIGHT = "2026-11-19"
# Six digits of a place, a birth date, three digits and a check character, standing by themselves.
NUMBER_PATTERN = r"(^|\D)[1-9]\d{5}(19|20)\d{2}(0[1-9]|1[0-2])([0-2]\d|3[01])\d{3}[\dXx](\D|$)"
CONTROLS = """
near_limit: {unit: visits, description: x, values: {2025-01-01: {value: 3, reference: x}}}
never_warned: {unit: visits, description: x, values: {2025-01-01: {value: 12, reference: x}}}
band: {unit: ratio, description: x, values: {2025-01-01: {value: 0.80, reference: x}}}
"""


@pytest.fixture(scope="module")
def published(small_city: Path, first_night_warned: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a night on a small city publishes once grid workers answered its orders."""
    folder = tmp_path_factory.mktemp("visited")
    home, service_home = copy_home(first_night_warned, folder / "home"), folder / "service"
    (home / "controls.yaml").write_text(CONTROLS, encoding="utf-8")
    (home / "demo" / "truth").symlink_to(small_city / "demo" / "truth")
    shutil.copytree(home / "demo" / "directory", service_home / "demo" / "directory")
    with running_case_service(service_home, {"SHOUWANG_VISITS_PER_WEEK": "1000"}) as url:
        run_night(home, NIGHT, url, SHOUWANG_CONTROLS=str(home / "controls.yaml"))
        for words in (("demo", "visits"), ("feedback",), ("publish",)):
            done = shouwang(*words, "--date", NIGHT, env=environment(home, url))
            assert done.returncode == 0, done.stderr[-2000:]
    return home / "warehouse" / "published" / "latest" / "shouwang.duckdb"


def cells(notebook: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in found if cell["cell_type"] == "code"]


@pytest.fixture(scope="module")
def run(published: Path) -> Callable[[str], dict[str, Any]]:
    """Executes a notebook by its number and gives the names that its cells leave behind."""

    def execute(number: str) -> dict[str, Any]:
        [notebook] = [path for path in NOTEBOOKS if path.name.startswith(number)]
        namespace: dict[str, Any] = {}
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SHOUWANG_PUBLISHED", str(published))
            patch.setenv("MPLBACKEND", "Agg")
            for at, cell in enumerate(cells(notebook), start=1):
                exec(compile("".join(cell["source"]), f"{notebook.name} cell {at}", "exec"), namespace)
        return namespace

    return execute


def test_the_tour_shows_tables_freshness_what_is_coarse_and_every_warning(run: Callable[[str], dict[str, Any]]) -> None:
    seen = run("01")
    assert {"ads.warning", "ads.freshness", "dwd.person", "ops.delivery"} <= set(seen["tables"]["table"])
    assert seen["tables"]["title"].notna().all()
    assert {"born_on", "village_code"} <= set(seen["coarse"]["column_name"])
    assert seen["by_county"]["warnings"].sum() == seen["dispositions"]["warnings"].sum() > 0
    assert not seen["performance"]["warned"].between(1, 4).any()


def test_a_warning_is_followed_to_its_rows_its_deliveries_and_its_visit(run: Callable[[str], dict[str, Any]]) -> None:
    seen = run("02")
    assert seen["warning"].outcome in {"helped", "referred", "already_receiving", "deceased"}
    assert "medical_cost_over_limit" in set(seen["claims"]["model_id"])
    assert seen["rows"]["department"].notna().all(), "each row names a delivery of the ledger"
    assert seen["summed"] == pytest.approx(seen["claimed"]), "one night: nothing was corrected since"
    assert list(seen["course"]["what"])[-1] == f"visit: {seen['warning'].outcome}"


def test_the_models_own_text_with_a_higher_limit_asks_for_fewer_visits(
    run: Callable[[str], dict[str, Any]], published: Path
) -> None:
    curve = run("03")["curve"].set_index("factor")
    visits = list(curve["visits"])
    assert visits == sorted(visits, reverse=True)
    assert visits[0] > visits[-1]
    with duckdb.connect(str(published), read_only=True) as connection:
        claimed = connection.execute(
            "select count(distinct household_key) from ads.claim where model_id = 'medical_cost_over_limit'"
        ).fetchall()[0][0]
    assert curve.loc[1, "visits"] == claimed > 0, "as the night found them"
    assert (curve["found"] <= curve["known"]).all()
    assert (curve["known"] <= curve["visits"]).all()


def test_whom_we_miss_is_a_range_and_small_counts_are_left_out(run: Callable[[str], dict[str, Any]]) -> None:
    seen = run("04")
    strata = seen["strata"]
    assert strata["drawn"].sum() == len(seen["controls"]) > 5
    known = strata[strata["met"] > 0]
    assert (known["low"] <= known["share"]).all()
    assert (known["share"] < known["high"]).all(), "none found is not none there"
    assert set(seen["groups"]["kind"]) == {"sex", "age", "tier", "county"}
    assert not seen["groups"]["warned"].between(1, 4).any()


def test_a_county_is_compared_with_all_others(run: Callable[[str], dict[str, Any]]) -> None:
    seen = run("05")
    assert seen["county"] in set(seen["counties"]["county"])
    assert seen["weekly"].sum().sum() > 0
    assert len(seen["months"]) >= 12
    assert (seen["counties"]["warned rate"] <= seen["counties"]["warned high"]).all()


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.name)
def test_every_notebook_is_kept_with_outputs_and_a_picture_and_reads_nothing_but_the_file(notebook: Path) -> None:
    code = cells(notebook)
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1)), "run: make notebooks"
    outputs = [output for cell in code for output in cell["outputs"]]
    assert not [output for output in outputs if output["output_type"] == "error"]
    assert [output for output in outputs if "image/png" in output.get("data", {})]
    source = "\n".join("".join(cell["source"]) for cell in code)
    assert re.findall(r"duckdb\.connect\(.*\)", source) == ["duckdb.connect(str(published), read_only=True)"]
    assert not re.findall(r"from (?:jobs|warehouse|schemas|warning_models)\b|\bread_(?:csv|parquet)", source)
    assert not re.search(NUMBER_PATTERN, json.dumps([o for o in outputs if "image/png" not in o.get("data", {})]))


def test_the_published_file_shows_no_identity_number(published: Path) -> None:
    with duckdb.connect(str(published), read_only=True) as connection:
        texts = connection.sql(
            "select schema_name, table_name, column_name from duckdb_columns() "
            "where data_type = 'VARCHAR' and not internal"
        ).fetchall()
        assert texts
        for schema, table, column in texts:
            found = connection.sql(
                f"select count(*) from {schema}.{table} where regexp_matches(\"{column}\", '{NUMBER_PATTERN}')"
            ).fetchall()
            assert found == [(0,)], f"{schema}.{table}.{column}"
