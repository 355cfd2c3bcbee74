"""The layers say the same on DuckDB and Spark, and what they say is what the rules mean."""

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from jobs.conform import conform, ensure_conformed
from jobs.ingest import ingest_department
from jobs.installation import Installation
from jobs.lineage import layer_tables
from jobs.settings import Settings
from schemas.delivery import departments_with_deliveries
from schemas.loader import contracts
from tests.jobs.landing import NIGHT_1, NIGHT_2, deliver
from tests.jobs.layers_anew import said_rows
from tests.jobs.people import identity_number, on_dibao, registered, settlement
from tests.shared_homes import copy_home

ENGINES = ["duckdb", "spark"]
LAYER_TABLES = [*(table.name for table in layer_tables()), "ads.freshness"]

State = Callable[[str], list[dict[str, Any]]]


def pension(n: int, month: str, paid: str, **changes: Any) -> dict[str, Any]:
    """A pension row whose six months back from `month` were paid (1) or not (0), newest first."""
    months = {f"aae180_{at}": "5000.00" if flag == "1" else "" for at, flag in enumerate(paid, start=1)}
    flags = {f"aae078_{at}": flag for at, flag in enumerate(paid, start=1)}
    fixed = {"aac001": f"P{n:06d}", "aac002": identity_number(n), "aac003": "赵某", "aac008": "1", "aac084": "0"}
    return {**fixed, "aab004": "铜某公司", "aae003": month, "aae201": "9", **months, **flags, **changes}


def certificate(n: int, level: str, certified_on: str) -> dict[str, Any]:
    return {
        "certificate_no": f"{identity_number(n)}4{level}",
        "psn_name": "周某",
        "certno": identity_number(n),
        "sex": "1",
        "disability_category": "4",
        "disability_level": level,
        "first_certified_on": "2020-05-01",
        "certified_on": certified_on,
        "certificate_status": "有效",
        "domicile_village_code": "340706100003",
    }


def deliver_two_nights(landing: Path) -> None:
    deliver(landing, "household_register", [registered(n, household=n // 3 * 3) for n in range(12)])
    costs = [
        settlement(1),
        settlement(2, vali_flag="0"),
        settlement(3, refd_setl_flag="1"),
        settlement(4, med_type="52"),
        settlement(5, fulamt_ownpay_amt="390.00", overlmt_selfpay="50.00"),
        settlement(6, setl_date="2025-12-31", adm_date="2025-12-01", dscg_date="2025-12-30"),
        settlement(77, setl_id="S-elsewhere"),
    ]
    deliver(landing, "inpatient_settlement", costs)
    outpatient = {
        "certno": identity_number(1),
        "psn_name": "王某",
        "ym": "2026-02",
        "visits": "2",
        "medfee_sumamt": "100",
        "fulamt_ownpay_amt": "0",
        "overlmt_selfpay": "0",
        "fund_pay_sumamt": "40",
        "psn_part_amt": "60",
        "psn_cash_pay": "60",
    }
    deliver(landing, "general_outpatient_month", [outpatient])
    deliver(
        landing,
        "dibao",
        [
            on_dibao(1),
            on_dibao(2),
            on_dibao(4),
            on_dibao(5),
        ],
    )
    tekun = {
        "support_kind": "2",
        "selfcare_level": "1",
        "start_date": "2024-01-01",
        "monthly_amount": "900",
        "psn_name": "孙某",
    }
    deliver(landing, "tekun", [{**tekun, "certno": identity_number(1)}])
    marginal = {
        "family_no": "M1",
        "psn_name": "钱某",
        "household_kind": "1",
        "per_capita_income": "900",
        "start_date": "2026-01-01",
    }
    ended = {**marginal, "certno": identity_number(7), "valid_to": "2026-06-30"}
    deliver(
        landing, "marginal_and_rigid", [{**marginal, "certno": identity_number(2), "valid_to": "2026-12-31"}, ended]
    )
    monitored = {
        "family_no": "R1",
        "psn_name": "周某",
        "household_kind": "2",
        "monitored_kind": "2",
        "identified_month": "202501",
        "risk_cleared": "0",
        "per_capita_income": "9000",
    }
    cleared = {**monitored, "certno": identity_number(6), "risk_cleared": "1", "cleared_month": "202603"}
    only_lifted = {"family_no": "R2", "psn_name": "吴某", "household_kind": "1", "per_capita_income": "15000"}
    deliver(
        landing,
        "relapse_monitoring",
        [
            {**monitored, "certno": identity_number(5)},
            {**monitored, "certno": identity_number(7)},
            cleared,
            {**only_lifted, "certno": identity_number(8)},
        ],
    )
    deliver(landing, "employee_pension_contribution", [pension(8, "202604", "111111"), pension(9, "202604", "111100")])
    deliver(
        landing,
        "employee_pension_contribution",
        [pension(8, "202610", "000111"), pension(9, "202610", "111111")],
        sequence=2,
    )
    deliver(landing, "disability_certificate", [certificate(10, "3", "2020-05-01"), certificate(11, "4", "2020-05-01")])
    deliver(
        landing,
        "disability_certificate",
        [certificate(10, "2", "2026-11-18"), certificate(11, "4", "2020-05-01")],
        NIGHT_2,
    )
    deliver(landing, "dibao", [on_dibao(1), on_dibao(2), on_dibao(4), on_dibao(5)], NIGHT_2)


def ingest_night(installation: Installation, day: date) -> None:
    for department in departments_with_deliveries(installation.settings.landing_folder, day):
        for record in ingest_department(installation, department, day):
            assert (record.status, record.rejected) == ("ingested", 0), record


def rows_of(installation: Installation, name: str) -> list[dict[str, Any]]:
    return sorted(said_rows(installation.warehouse, name), key=str)


@pytest.fixture(scope="module")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with both nights ingested."""
    home = tmp_path_factory.mktemp("layers")
    deliver_two_nights(home / "landing")
    installation = Installation(Settings(mode="demo", home=home))
    for day in (NIGHT_1, NIGHT_2):
        ingest_night(installation, day)
    return home


def tables_on(
    engine: str,
    ingested: Path,
    tables: Iterable[str],
    tmp_path_factory: pytest.TempPathFactory,
    bring: Callable[[Installation, date], None] = ensure_conformed,
) -> dict[str, list[dict[str, Any]]]:
    """The tables as of the second night, as an engine builds them from the deliveries."""
    home = copy_home(ingested, tmp_path_factory.mktemp(engine) / "home")
    installation = Installation(Settings.model_validate({"mode": "demo", "home": home, "engine": engine}))
    bring(installation, NIGHT_2)
    return {name: rows_of(installation, name) for name in tables}


@pytest.fixture(scope="module")
def states(ingested: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, list[dict[str, Any]]]]:
    return {engine: tables_on(engine, ingested, LAYER_TABLES, tmp_path_factory) for engine in ENGINES}


@pytest.fixture(params=ENGINES)
def state(request: pytest.FixtureRequest, states: dict[str, dict[str, list[dict[str, Any]]]]) -> State:
    return lambda name: states[request.param][name]


def key(n: int) -> str:
    return Installation(Settings(mode="demo")).pseudonymiser.person_key(identity_number(n))


def by_person(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["person_key"]: row for row in rows}


def test_only_valid_unreversed_costs_count_and_never_below_zero(state: State) -> None:
    costs = by_person([row for row in state("dwd.medical_cost") if row["source_class"] == "inpatient_settlement"])
    assert set(costs) == {key(n) for n in (1, 5, 6, 77)}
    assert costs[key(1)]["self_paid_amount"] == Decimal("400.00")
    assert costs[key(5)]["self_paid_amount"] == Decimal("0.00")


def test_month_totals_count_by_their_month_and_years_are_kept_apart(state: State) -> None:
    years = {(row["person_key"], row["year"]): row for row in state("dws.medical_year")}
    assert years[key(1), 2026]["self_paid_total"] == Decimal("460.00")
    assert years[key(1), 2026]["outpatient_total"] == Decimal("60.00")
    assert years[key(6), 2025]["self_paid_total"] == Decimal("400.00")
    assert (key(6), 2026) not in years


def test_the_lowest_tier_of_all_valid_identities_applies(state: State) -> None:
    tiers = {row["person_key"]: (row["tier"], row["labels"]) for row in state("dws.assistance_tier")}
    assert tiers == {
        key(1): ("tekun", "dibao,tekun"),
        key(2): ("dibao", "dibao,marginal"),
        key(4): ("dibao", "dibao"),
        key(5): ("dibao", "dibao,relapse_monitored"),
        key(7): ("low_income", "relapse_monitored"),
    }


def test_monitoring_counts_until_the_end_of_the_month_its_risk_was_cleared(state: State) -> None:
    spells = {
        row["person_key"]: row for row in state("dwd.assistance_spell") if row["assistance"] == "relapse_monitored"
    }
    assert spells.keys() == {key(5), key(6), key(7)}
    assert spells[key(5)]["valid_to"] is None
    assert (spells[key(6)]["valid_from"], spells[key(6)]["valid_to"]) == (date(2025, 1, 1), date(2026, 3, 31))


def test_a_class_never_delivered_has_a_freshness_row_that_covers_nothing(state: State) -> None:
    freshness = {row["extract_class"]: row for row in state("ads.freshness")}
    assert freshness.keys() == set(contracts())
    custody = freshness["custody"]
    assert (custody["covers_until"], custody["last_delivery_id"], custody["row_count"]) == (None, None, 0)


def test_the_latest_snapshot_has_the_last_word_on_a_month_and_older_months_stay(state: State) -> None:
    months = {(row["person_key"], row["month"]): row["is_paid"] for row in state("dwd.contribution_month")}
    assert len(months) == 24
    assert months[key(8), date(2026, 10, 1)] is False
    assert months[key(8), date(2026, 7, 1)] is True
    assert months[key(9), date(2025, 12, 1)] is False


def test_a_certificate_that_became_graver_remembers_its_earlier_level(state: State) -> None:
    certificates = by_person(state("dwd.disability_certificate"))
    assert (certificates[key(10)]["level"], certificates[key(10)]["previous_level"]) == (2, 3)
    assert certificates[key(11)]["previous_level"] is None


def test_households_have_members_and_a_place_and_nobody_named_is_lost(state: State) -> None:
    households = {row["household_key"]: row["member_count"] for row in state("dwd.household")}
    assert sorted(households.values()) == [3, 3, 3, 3]
    people = by_person(state("dwd.person"))
    assert len(people) == 13
    assert people[key(77)]["household_key"] is None


def test_both_engines_build_equal_layers(states: dict[str, dict[str, list[dict[str, Any]]]]) -> None:
    assert states["duckdb"] == states["spark"]


def test_night_after_night_equals_a_build_at_once_and_an_earlier_night_can_be_seen_again(
    states: dict[str, dict[str, list[dict[str, Any]]]], tmp_path: Path
) -> None:
    installation = Installation(Settings(mode="demo", home=tmp_path))
    deliver_two_nights(installation.settings.landing_folder)
    known = []
    for day in (NIGHT_1, NIGHT_2):
        ingest_night(installation, day)
        conform(installation, day)
        known.append({name: rows_of(installation, name) for name in LAYER_TABLES})
    assert known[1] == states["duckdb"]
    assert known[0]["dwd.disability_certificate"] != known[1]["dwd.disability_certificate"]
    ensure_conformed(installation, NIGHT_1)
    assert {name: rows_of(installation, name) for name in LAYER_TABLES} == known[0]
