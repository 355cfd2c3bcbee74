"""Who is who, who lives where and with whom: the same on DuckDB and Spark, and as of any date."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from jobs.as_of import table_as_of
from jobs.installation import Installation
from jobs.layer_build import LayerBuild
from jobs.lineage import layer_tables, upstream
from jobs.settings import Settings
from tests.jobs.landing import NIGHT_1, NIGHT_2, deliver
from tests.jobs.people import identity_number, on_dibao, registered, settlement
from tests.warehouse.test_layers_on_both_engines import (
    State,
    by_person,
    certificate,
    ingest_night,
    key,
    rows_of,
    tables_on,
)
from warehouse.definitions import definition

PEOPLE_TABLES = ["dwd.division", "dwd.person_link", "dwd.death_report", "dwd.move", "dwd.person", "dwd.register_span"]
PEOPLE_TABLES += ["dwd.household_membership", "dwd.residence", "dwd.family_membership", "dwd.family_exclusion"]
PEOPLE_TABLES += ["dwd.person_label", "dwd.person_review", "dws.family", "dws.medical_year", "dws.assistance_tier"]
OLD_VILLAGE, VILLAGE = "340721100003", "340706100003"


def event(number: int, n: int, kind: str, day: str, **changes: Any) -> dict[str, Any]:
    fixed = {"event_no": f"E{number:04d}", "certno": identity_number(n), "psn_name": "王某", "event_kind": kind}
    return {**fixed, "event_date": day, "happened_on": day, **changes}


def renumbered(number: int, old: int, new: int, day: str = "2026-11-10") -> dict[str, Any]:
    return event(number, new, "5", day, old_certno=identity_number(old))


def monitored(n: int) -> dict[str, Any]:
    return {
        "family_no": "R1", "psn_name": "周某", "certno": identity_number(n), "relation": "户主", "household_kind": "2",
        "monitored_kind": "2", "identified_month": "202501", "risk_cleared": "0", "per_capita_income": "9000",
    }  # fmt: skip


def in_custody(n: int, kind: str, start: str, end: str = "") -> dict[str, Any]:
    number = {"custody_no": f"C{n:04d}", "certno": identity_number(n), "psn_name": "吴某", "custody_kind": kind}
    return {**number, "start_date": start, "actual_end": end}


def register_of_night_1() -> list[dict[str, Any]]:
    people = [registered(n) for n in range(1, 18)] + [registered(n) for n in range(30, 60)]
    people[9] = registered(10, village_code=OLD_VILLAGE, grid_code=OLD_VILLAGE + "001")
    twins = {"household_no": "H00018", "relation_code": "02", "sex": "1", "born_on": "1960-01-01"}
    return [*people, registered(18, **twins), registered(19, **twins)]


def register_of_night_2() -> list[dict[str, Any]]:
    people = register_of_night_1()
    people[10] = registered(11, grid_code=VILLAGE + "002")
    people[2] = registered(3, household=12)
    people[8] = registered(103)
    return [*people, registered(107)]


def deliver_people(landing: Path) -> None:
    """The first night everybody has one number; on the second the police tell of changes, deaths and moves."""
    deliver(landing, "household_register", register_of_night_1())
    deliver(landing, "inpatient_settlement", [settlement(1), settlement(2), settlement(4), settlement(6)])
    families = [on_dibao(n, family_no="D-two", member_count="2") for n in (12, 13)]
    deliver(landing, "dibao", [*families, on_dibao(14), on_dibao(15), on_dibao(1), on_dibao(17)])
    deliver(landing, "relapse_monitoring", [monitored(14)])
    deliver(landing, "disability_certificate", [certificate(3, "2", "2020-05-01")])

    deliver(landing, "household_register", register_of_night_2(), NIGHT_2)
    changes = [renumbered(1, 1, 101), renumbered(2, 2, 102), renumbered(3, 102, 103, "2026-11-12")]
    forks = [renumbered(4, 4, 104), renumbered(5, 4, 105), renumbered(6, 5, 106), renumbered(7, 106, 5)]
    both = [renumbered(8, 6, 107)]
    lives = [event(9, 7, "1", "2026-06-01"), event(10, 9, "3", "2026-10-01"), event(11, 16, "4", "2026-11-01")]
    deliver(landing, "register_event", [*changes, *forks, *both, *lives], NIGHT_2)
    died = {"psn_name": "王某", "issued_on": "2026-06-02", "cause_chapter": "09", "died_on": "2026-05-31"}
    deliver(landing, "death_certificate", [{**died, "certificate_no": "W1", "certno": identity_number(7)}], NIGHT_2)
    burnt = {"cremation_no": "H1", "certno": identity_number(8), "died_on": "2026-09-01", "cremated_on": "2026-09-03"}
    deliver(landing, "cremation", [{**burnt, "death_source": "3"}], NIGHT_2)
    later = [
        settlement(101, setl_id="S-new"),
        settlement(7, adm_date="2026-07-01", dscg_date="2026-07-02", setl_date="2026-07-03"),
    ]
    deliver(landing, "inpatient_settlement", later, NIGHT_2)
    deliver(landing, "custody", [in_custody(13, "3", "2026-01-01"), in_custody(12, "1", "2026-01-01")], NIGHT_2)
    kept = [*families, on_dibao(14), on_dibao(101, start_date="2025-01-01"), on_dibao(17)]
    deliver(landing, "dibao", kept, NIGHT_2)
    of_101 = {**certificate(101, "2", "2020-05-01"), "certificate_no": identity_number(1) + "42B1"}
    of_another = {**certificate(16, "2", "2020-05-01"), "certificate_no": identity_number(200) + "42"}
    deliver(landing, "disability_certificate", [certificate(3, "2", "2020-05-01"), of_101, of_another], NIGHT_2)


@pytest.fixture(scope="module")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("people")
    deliver_people(home / "landing")
    installation = Installation(Settings(mode="demo", home=home))
    for day in (NIGHT_1, NIGHT_2):
        ingest_night(installation, day)
    return home


@pytest.fixture(scope="module")
def people(ingested: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """The tables on DuckDB."""
    return tables_on("duckdb", ingested, PEOPLE_TABLES, tmp_path_factory, bring_people)


def bring_people(installation: Installation, day: date) -> None:
    """Build what is asked of here, and what that is made from."""
    needed = {item.name for name in PEOPLE_TABLES for item in upstream(definition(name))}
    with installation.engine() as engine:
        build = LayerBuild(engine, installation, day, whole=True)
        for table in layer_tables():
            if table.name in needed:
                build.bring(table)


@pytest.fixture
def state(people: dict[str, list[dict[str, Any]]]) -> State:
    return people.__getitem__


def test_facts_of_a_changed_number_stand_under_the_current_one(state: State) -> None:
    years = {row["person_key"]: row for row in state("dws.medical_year")}
    assert years[key(101)]["inpatient_count"] == 2
    assert years[key(103)]["inpatient_count"] == 1
    assert not {key(1), key(2), key(102)} & years.keys()
    assert key(101) in by_person(state("dws.assistance_tier"))


def test_nobody_stands_twice_among_the_people_and_nobody_named_is_lost(state: State) -> None:
    people = [row["person_key"] for row in state("dwd.person")]
    assert len(people) == len(set(people))
    assert not {key(1), key(2), key(102)} & set(people)
    assert {key(n) for n in (3, 4, 5, 6, 101, 103, 104, 105, 106, 107)} <= set(people)


def test_a_person_whom_the_register_still_has_under_the_old_number_keeps_the_household(state: State) -> None:
    person = by_person(state("dwd.person"))[key(101)]
    assert person["household_key"] is not None
    assert person["status"] == "living"


def test_links_say_since_when_on_whose_word_and_where_they_lead(state: State) -> None:
    links = {(row["former_key"], row["next_key"]): row for row in state("dwd.person_link")}
    first, second = links[key(2), key(102)], links[key(102), key(103)]
    assert (first["person_key"], second["person_key"]) == (key(103), key(103))
    assert (first["valid_from"], first["valid_to"]) == (date(2026, 11, 10), date(2026, 11, 11))
    assert second["valid_to"] is None
    assert (first["kind"], first["standing"], first["known_on"]) == ("changed", "followed", NIGHT_2)
    assert first["delivery_id"].startswith("public_security.register_event")
    assert first["source_line"] is not None


def test_a_number_claimed_by_two_a_circle_and_two_registered_people_are_for_review_and_not_followed(
    state: State,
) -> None:
    costs = {row["person_key"] for row in state("dws.medical_year")}
    assert {key(4), key(6)} <= costs
    review = {(row["kind"], row["person_key"], row["other_key"]) for row in state("dwd.person_review")}
    assert {
        ("number_claimed_twice", key(4), key(104)),
        ("number_claimed_twice", key(4), key(105)),
        ("numbers_in_a_circle", key(5), key(106)),
        ("numbers_in_a_circle", key(106), key(5)),
        ("both_numbers_registered", key(6), key(107)),
    } <= review


def test_two_heads_of_one_household_born_alike_are_for_review(state: State) -> None:
    found = [row for row in state("dwd.person_review") if row["kind"] == "possible_duplicate"]
    assert [{row["person_key"], row["other_key"]} for row in found] == [{key(18), key(19)}]


def test_a_certificate_with_a_former_number_is_the_persons_and_one_with_another_is_for_review(state: State) -> None:
    found = {row["person_key"] for row in state("dwd.person_review") if row["kind"] == "certificate_of_another"}
    assert found == {key(16)}


def test_dead_is_who_two_sources_agree_on_and_each_source_keeps_its_day(state: State) -> None:
    people = by_person(state("dwd.person"))
    assert (people[key(7)]["status"], people[key(7)]["status_since"]) == ("deceased", date(2026, 5, 31))
    assert people[key(7)]["status_sources"] == "death_certificate,register_event"
    assert people[key(8)]["status"] == "reported_deceased"
    days = {row["source_class"]: row["died_on"] for row in state("dwd.death_report") if row["person_key"] == key(7)}
    assert days == {"register_event": date(2026, 6, 1), "death_certificate": date(2026, 5, 31)}


def test_somebody_reported_dead_and_treated_later_is_for_review(state: State) -> None:
    found = [row for row in state("dwd.person_review") if row["kind"] == "active_after_death"]
    assert [(row["person_key"], row["source_class"]) for row in found] == [(key(7), "inpatient_settlement")]


def test_who_moved_away_is_told_with_the_day(state: State) -> None:
    people = by_person(state("dwd.person"))
    assert (people[key(9)]["status"], people[key(9)]["status_since"]) == ("moved_out", date(2026, 10, 1))
    assert people[key(103)]["status"] == "living"
    moves = {row["person_key"]: row["moved_on"] for row in state("dwd.move")}
    assert moves == {key(9): date(2026, 10, 1)}


def test_memberships_and_residences_have_dates(state: State) -> None:
    memberships = [row for row in state("dwd.household_membership") if row["person_key"] == key(3)]
    spells = sorted((row["valid_from"], row["valid_to"]) for row in memberships)
    assert spells == [(NIGHT_1, NIGHT_1), (NIGHT_2, None)]
    places = sorted(
        (row["valid_from"], row["valid_to"], row["grid_code"])
        for row in state("dwd.residence")
        if row["person_key"] == key(11)
    )
    assert places == [(NIGHT_1, NIGHT_1, VILLAGE + "001"), (NIGHT_2, None, VILLAGE + "002")]
    unchanged = [row for row in state("dwd.household_membership") if row["person_key"] == key(11)]
    assert [(row["valid_from"], row["valid_to"]) for row in unchanged] == [(NIGHT_1, None)]


def test_an_event_tells_when_somebody_came_or_went(state: State) -> None:
    spans = {row["person_key"]: row for row in state("dwd.register_span")}
    assert (spans[key(16)]["valid_from"], spans[key(16)]["begins_by_event"]) == (date(2026, 11, 1), True)
    gone = spans[key(9)]
    assert (gone["valid_from"], gone["valid_to"]) == (NIGHT_1, NIGHT_1)


def test_a_village_under_its_old_code_is_understood_as_its_successor(state: State) -> None:
    person = by_person(state("dwd.person"))[key(10)]
    assert (person["village_code"], person["delivered_village_code"]) == (VILLAGE, OLD_VILLAGE)
    assert person["grid_code"] == VILLAGE + "001"
    [residence] = [row for row in state("dwd.residence") if row["person_key"] == key(10)]
    assert (residence["village_code"], residence["delivered_grid_code"]) == (VILLAGE, OLD_VILLAGE + "001")
    division = {row["code"]: row for row in state("dwd.division")}[OLD_VILLAGE]
    assert (division["change"], division["current_code"]) == ("recoded", VILLAGE)


def test_the_family_that_lives_together_is_not_the_registered_household(state: State) -> None:
    families = {row["family_key"]: row for row in state("dws.family")}
    together = families["dibao:D-two"]
    assert (together["listed_count"], together["member_count"], together["registered_household_count"]) == (2, 1, 2)
    assert families["relapse_monitoring:R1"]["member_count"] == 1
    assert {(row["person_key"], row["reason"]) for row in state("dwd.family_exclusion")} == {
        (key(13), "serving_sentence"),
        (key(7), "deceased"),
    }


def test_a_family_membership_goes_on_under_a_changed_number_and_ends_when_it_is_gone(state: State) -> None:
    spells = {row["person_key"]: row for row in state("dwd.family_membership") if row["source_class"] == "dibao"}
    assert (spells[key(15)]["valid_from"], spells[key(15)]["valid_to"]) == (date(2025, 1, 1), NIGHT_1)
    assert spells[key(14)]["valid_to"] is None
    labels = [row for row in state("dwd.person_label") if row["person_key"] == key(101) and row["label"] == "dibao"]
    assert [(row["valid_from"], row["valid_to"]) for row in labels] == [(date(2025, 1, 1), None)]


def test_a_person_holds_many_labels_on_one_date(state: State) -> None:
    labels = {row["label"] for row in state("dwd.person_label") if row["person_key"] == key(14)}
    assert labels == {"dibao", "relapse_monitored"}
    tier = by_person(state("dws.assistance_tier"))[key(14)]
    assert tier["labels"] == "dibao,relapse_monitored"
    severe = {row["label"] for row in state("dwd.person_label") if row["person_key"] == key(3)}
    assert severe == {"severely_disabled"}


def test_before_a_change_was_known_the_old_key_stands(ingested: Path) -> None:
    installation = Installation(Settings(mode="demo", home=ingested))
    people = table_as_of(installation, "dwd.person", NIGHT_1, 1000).column("person_key").to_pylist()
    assert key(1) in people
    assert key(101) not in people
    assert table_as_of(installation, "dwd.person_link", NIGHT_1, 10).num_rows == 0


def test_ods_stays_as_delivered(ingested: Path) -> None:
    stored = rows_of(Installation(Settings(mode="demo", home=ingested)), "ods.inpatient_settlement")
    assert {key(1), key(101)} <= {row["person_key"] for row in stored}


@pytest.mark.long
def test_both_engines_say_the_same_of_people(
    ingested: Path, people: dict[str, list[dict[str, Any]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Of people with plainer lives the short tests compare all tables: see test_layers_on_both_engines.py."""
    assert tables_on("spark", ingested, PEOPLE_TABLES, tmp_path_factory, bring_people) == people
