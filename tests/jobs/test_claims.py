"""Claims become one warning for each household and hardship, said once and again only when twice as grave."""

import json
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from jobs.claims.claim import Claim, Known, Night, claim_id
from jobs.claims.finding import claims_on
from jobs.claims.household import from_text
from schemas.messages import Earning, Need
from warehouse.definitions import layer_definitions
from warehouse.engines import open_engine
from warehouse.engines.engine import Engine
from warning_models.loader import HelpModel, ReviewModel, load_models

AS_OF = date(2026, 11, 19)
BORN = date(1980, 5, 5)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with open_engine("duckdb", work_folder=tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module")
def models() -> dict[str, HelpModel]:
    return {model.id: model for model in load_models() if isinstance(model, HelpModel)}


def yearly(models: dict[str, HelpModel]) -> HelpModel:
    """The yearly cost, of which a household's bills add up and which is worth another look once it has doubled."""
    model = models["medical_cost_over_limit"]
    evidence = {name: replace(item, adds_up=name == "self_paid_total") for name, item in model.evidence.items()}
    return replace(model, evidence=evidence, leading_figure="self_paid_total", happened_on="last_settled_on")


def show(engine: Engine, **tables: list[dict[str, Any]]) -> None:
    """The layers as the engine shall show them: what a test leaves out is empty."""
    for layer in ("dwd", "dws"):
        for table in layer_definitions(layer).values():
            rows = tables.pop(table.sql_name, [])
            engine.register_table(table.sql_name, pa.Table.from_pylist(rows, schema=table.schema))
    assert not tables, tables


def person(key: str, household: str | None = "h1", relation: str = "02", born_on: date = BORN) -> dict[str, Any]:
    return {
        "person_key": key, "household_key": household, "relation_code": relation, "born_on": born_on,
        "status": "living", "adult_on": born_on.replace(born_on.year + 18),
        "sixty_on": born_on.replace(born_on.year + 60),
    }  # fmt: skip


def household(key: str, village: str = "340706100003") -> dict[str, Any]:
    return {"household_key": key, "village_code": village, "grid_code": f"{village}001", "member_count": 1}


def paid(key: str, amount: int, year: int = 2026) -> dict[str, Any]:
    zero = Decimal(0)
    return {
        "person_key": key, "year": year, "self_paid_total": Decimal(amount), "inpatient_total": Decimal(amount),
        "outpatient_total": zero, "inpatient_count": 1, "last_settled_on": date(2026, 11, 1),
    }  # fmt: skip


def bill(key: str, amount: int) -> dict[str, Any]:
    return {
        "person_key": key, "cost_id": f"S-{key}", "source_class": "inpatient_settlement", "care_kind": "inpatient",
        "settled_on": date(2026, 11, 1), "total_amount": Decimal(amount), "self_paid_amount": Decimal(amount),
        "known_on": AS_OF, "delivery_id": "d", "source_line": 2,
    }  # fmt: skip


def certificate(key: str, level: int = 1) -> dict[str, Any]:
    return {
        "person_key": key, "category": "4", "level": level, "first_certified_on": date(2026, 11, 1),
        "certified_on": date(2026, 11, 1), "status": "valid", "known_on": AS_OF, "delivery_id": "d", "source_line": 2,
    }  # fmt: skip


def said(night: Night) -> Known:
    """What the night after knows."""
    return Known(claimed={claim.claim_id: claim.leading_figure for claim in night.claims if claim.warning_id})


def test_a_household_gets_one_warning_for_a_hardship_and_its_members_figures_add_up(
    engine: Engine, models: dict[str, HelpModel]
) -> None:
    show(
        engine,
        dwd_person=[person("a"), person("b", relation="10")],
        dwd_household=[household("h1")],
        dws_medical_year=[paid("a", 16_000), paid("b", 40_000)],
    )
    night = claims_on(engine, [yearly(models)], AS_OF, Known())
    (warning,) = night.warnings
    assert [claim.level for claim in sorted(night.claims, key=lambda one: one.person_key)] == ["yellow", "red"]
    assert (warning.person_key, warning.level, warning.hardship) == ("b", "red", "medical")
    assert {claim.warning_id for claim in night.claims} == {warning.warning_id}
    assert warning.warning_id == claim_id(models["medical_cost_over_limit"], "b", "2026:15000")
    view = from_text(warning.household)
    assert [(total.figure, total.value) for total in view.sums] == [("self_paid_total", Decimal("56000.00"))]
    assert set(view.claim_ids) == {claim.claim_id for claim in night.claims}
    assert view.claim_ids[0] == warning.warning_id


def test_a_claim_keeps_the_id_that_it_was_given_under_an_earlier_person_key(
    engine: Engine, models: dict[str, HelpModel]
) -> None:
    model = models["medical_cost_over_limit"]
    given = {claim_id(model, "a", "2026:15000"): "W01-given-before"}
    show(
        engine,
        dwd_person=[person("a")],
        dwd_household=[household("h1")],
        dws_medical_year=[paid("a", 16_000)],
    )
    (warning,) = claims_on(engine, [model], AS_OF, Known(given_ids=given)).warnings
    assert warning.warning_id == "W01-given-before", "as when the night of that time is run again"
    claimed = {"W01-given-before": Decimal(16_000)}
    assert not claims_on(engine, [model], AS_OF, Known(given_ids=given, claimed=claimed)).claims


def test_of_two_claims_as_urgent_the_lower_id_leads(engine: Engine, models: dict[str, HelpModel]) -> None:
    people = [f"p{n}" for n in range(8)]
    show(
        engine,
        dwd_person=[person(key) for key in people],
        dwd_household=[household("h1")],
        dws_medical_year=[paid(key, 16_000) for key in people],
    )
    night = claims_on(engine, [models["medical_cost_over_limit"]], AS_OF, Known())
    assert [warning.warning_id for warning in night.warnings] == [min(claim.claim_id for claim in night.claims)]


def test_other_hardships_and_other_households_have_warnings_of_their_own(
    engine: Engine, models: dict[str, HelpModel]
) -> None:
    show(
        engine,
        dwd_person=[person("a"), person("b", "h2"), person("c", None), person("d", None)],
        dwd_household=[household("h1"), household("h2")],
        dws_medical_year=[paid(key, 16_000) for key in "abcd"],
        dwd_medical_cost=[bill("a", 16_000)],
        dwd_disability_certificate=[certificate("a")],
    )
    chosen = [models[name] for name in ("medical_cost_over_limit", "sudden_medical_spending")]
    night = claims_on(engine, [*chosen, models["disability_newly_certified"]], AS_OF, Known())
    assert sorted((warning.household_key or "", warning.hardship) for warning in night.warnings) == [
        ("", "medical"), ("", "medical"), ("h1", "disability"), ("h1", "medical"), ("h2", "medical"),
    ]  # fmt: skip
    assert len(night.claims) == 6
    of_first = {warning.hardship: warning for warning in night.warnings if warning.household_key == "h1"}
    medical = of_first["medical"]
    assert (medical.model_id, medical.level) == ("sudden_medical_spending", "red")


def test_who_earns_and_who_depends_is_stated(engine: Engine, models: dict[str, HelpModel]) -> None:
    def income(key: str, wage: int = 0, pension: int = 0) -> dict[str, Any]:
        amounts = {"wage_amount": Decimal(wage), "pension_amount": Decimal(pension), "benefit_amount": Decimal(0)}
        return {"person_key": key, **amounts, "is_earner": wage > 0}

    show(
        engine,
        dwd_person=[
            person("head"),
            person("wife", relation="10"),
            person("child", relation="20", born_on=date(2015, 1, 1)),
            person("mother", relation="52", born_on=date(1950, 1, 1)),
            person("uncle", relation="70"),
            person("brother", relation="73"),
            {**person("dead", relation="51", born_on=date(1948, 1, 1)), "status": "deceased"},
        ],
        dwd_household=[household("h1")],
        dws_medical_year=[paid("child", 16_000)],
        dws_person_income=[
            income("wife", wage=4001),
            income("mother", pension=210),
            income("uncle", wage=5000),
            income("brother"),
        ],
        dwd_disability_certificate=[certificate("head", 2), certificate("uncle", 3)],
        dwd_enrolment=[{"person_key": "child", "status": "enrolled"}],
        dwd_custody=[{"person_key": "uncle", "custody_id": "c", "kind": "detained", "started_on": AS_OF}],
    )
    (warning,) = claims_on(engine, [models["medical_cost_over_limit"]], AS_OF, Known()).warnings
    members = {member.person_key: member for member in from_text(warning.household).members}
    assert list(members) == ["head", "wife", "child", "mother", "uncle", "brother"]
    assert {key: member.earns for key, member in members.items() if member.earns} == {
        "wife": [Earning.WAGE], "mother": [Earning.PENSION],
    }, "who is held earns nothing, whatever was paid for them"  # fmt: skip
    known = {"wife": Decimal("4001.00"), "mother": Decimal("210.00"), "uncle": Decimal("5000.00"), "brother": 0}
    assert {key: member.monthly_income for key, member in members.items()} == {"head": None, "child": None, **known}
    assert {key: member.depends for key, member in members.items() if member.depends} == {
        "head": [Need.SEVERELY_DISABLED], "child": [Need.MINOR, Need.STUDENT], "mother": [Need.AGED],
    }  # fmt: skip
    assert (members["child"].age, members["child"].relation.zh) == (11, "子")


def one_person(engine: Engine, amount: int) -> None:
    show(engine, dwd_person=[person("a")], dwd_household=[household("h1")], dws_medical_year=[paid("a", amount)])


def test_an_episode_is_claimed_once_and_again_each_time_its_figure_has_doubled(
    engine: Engine, models: dict[str, HelpModel]
) -> None:
    model = yearly(models)
    known: dict[str, Decimal | None] = {}
    episodes = []
    for amount in (16_000, 20_000, 31_999, 32_000, 40_000, 63_999, 130_000, 70_000, 200_000, 260_000):
        one_person(engine, amount)
        night = claims_on(engine, [model], AS_OF, Known(claimed=dict(known)))
        known |= said(night).claimed
        episodes.append([claim.episode.removeprefix("2026:15000") for claim in night.claims])
    assert episodes == [[""], [], [], [":x2"], [], [], [":x8"], [], [], [":x16"]]
    assert len(known) == 4


def test_without_a_leading_figure_an_episode_is_claimed_once(engine: Engine, models: dict[str, HelpModel]) -> None:
    model = replace(yearly(models), leading_figure=None)
    one_person(engine, 16_000)
    night = claims_on(engine, [model], AS_OF, Known())
    one_person(engine, 160_000)
    assert claims_on(engine, [model], AS_OF + timedelta(1), said(night)).claims == []


def test_a_former_number_of_the_person_has_said_it_too(engine: Engine, models: dict[str, HelpModel]) -> None:
    one_person(engine, 16_000)
    known = said(claims_on(engine, [yearly(models)], AS_OF, Known()))
    renamed = {**person("new")}
    show(engine, dwd_person=[renamed], dwd_household=[household("h1")], dws_medical_year=[paid("new", 16_001)])
    assert claims_on(engine, [yearly(models)], AS_OF, known).claims
    followed = replace(known, former={"new": ["a"]})
    assert claims_on(engine, [yearly(models)], AS_OF, followed).claims == []


def test_a_shadow_model_claims_and_is_counted_but_warns_of_nobody(engine: Engine, models: dict[str, HelpModel]) -> None:
    shadow = replace(models["medical_cost_over_limit"], status="shadow")
    one_person(engine, 16_000)
    night = claims_on(engine, [shadow], AS_OF, Known())
    assert (len(night.claims), night.warnings) == (1, [])
    assert (night.claims[0].status, night.claims[0].warning_id) == ("shadow", None)
    known = Known(shadowed={night.claims[0].claim_id: None})
    assert claims_on(engine, [shadow], AS_OF, known).claims == [], "counted once"
    active = replace(shadow, status="active")
    assert len(claims_on(engine, [active], AS_OF, known).warnings) == 1, "what only shadow saw nobody was told of"


def test_what_might_end_a_benefit_never_becomes_a_claim_of_a_warning(
    engine: Engine, models: dict[str, HelpModel]
) -> None:
    values = {item.name: getattr(models["medical_cost_over_limit"], item.name) for item in fields(HelpModel)}
    review = ReviewModel(**values | {"kind": "review"})
    one_person(engine, 16_000)
    with pytest.raises(ValueError, match="medical_cost_over_limit: findings for review"):
        claims_on(engine, [review], AS_OF, Known())


def test_a_model_on_hold_claims_nothing_in_the_counties_concerned(engine: Engine, models: dict[str, HelpModel]) -> None:
    model = models["medical_cost_over_limit"]
    show(
        engine,
        dwd_person=[person("a"), person("b", "h2"), person("c", None)],
        dwd_household=[household("h1", "340706100003"), household("h2", "340722100003")],
        dws_medical_year=[paid(key, 16_000) for key in "abc"],
    )

    def claimed(*on_hold: tuple[str, str]) -> str:
        claims = claims_on(engine, [model], AS_OF, Known(on_hold=on_hold)).claims
        return "".join(sorted(claim.person_key for claim in claims))

    assert claimed() == claimed(("employment_lost", "")) == "abc"
    assert claimed((model.id, "340722")) == "ac"
    assert claimed((model.id, "340722"), (model.id, "340706")) == "c"
    assert claimed((model.id, "")) == ""


def test_what_a_model_ran_with_is_kept(engine: Engine, models: dict[str, HelpModel]) -> None:
    model = models["medical_cost_over_limit"]
    one_person(engine, 16_000)
    covered = {"inpatient_settlement": AS_OF, "dibao": AS_OF - timedelta(days=9)}
    night = claims_on(engine, [model], AS_OF, Known(covered=covered))
    (run,) = night.runs
    assert (run.model_id, run.model_version, run.county_code) == (model.id, model.version, "")
    assert (run.hit_count, run.claim_count, run.sql) == (1, 1, model.sql)
    limit = json.loads(run.parameters)["general_limit"]
    assert (limit["value"], limit["from"]) == (15000, "2025-01-01")
    assert "铜陵" in limit["reference"]
    assert json.loads(run.sources)["dibao"] == "2026-11-10"
    assert json.loads(run.sources)["tekun"] is None
    assert night.claims[0].data_as_of == AS_OF - timedelta(days=9)


def test_the_same_layers_give_the_same_night_in_whatever_order_models_run(
    engine: Engine, models: dict[str, HelpModel]
) -> None:
    show(
        engine,
        dwd_person=[person("a"), person("b"), person("c", "h2")],
        dwd_household=[household("h1"), household("h2")],
        dws_medical_year=[paid(key, 16_000) for key in "abc"],
        dwd_medical_cost=[bill("a", 9_000), bill("c", 8_000)],
    )
    chosen = [yearly(models), models["sudden_medical_spending"]]

    def night(order: list[HelpModel]) -> tuple[list[Claim], list[Any]]:
        found = claims_on(engine, order, AS_OF, Known())
        return list(found.claims), list(found.warnings)

    assert night(chosen) == night(chosen[::-1])
