"""Warnings as the case service is told of them: the only place where the vault is opened for people at the door."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from jobs.claims.household import from_text
from jobs.freshness_told import covered_until, sources_of
from jobs.installation import Installation
from jobs.people.links import former_keys
from schemas.messages import Contact, GroupedClaim, Level, Text, WarningMessage
from warehouse.tables import rows_among
from warning_models.loader import HelpModel, load_models
from warning_models.render import figures, from_json

REGISTER = "household_register"

ASSISTANCE = {
    "tekun": Text(zh="特困人员救助供养", en="extreme-poverty support"),
    "dibao": Text(zh="最低生活保障", en="subsistence allowance"),
    "marginal": Text(zh="低保边缘家庭", en="marginal household"),
    "rigid_expenditure": Text(zh="刚性支出困难家庭", en="rigid-expenditure household"),
    "relapse_monitored": Text(zh="防止返贫监测对象", en="relapse-monitored"),
}

Row = Mapping[str, Any]


def messages_of(installation: Installation, rows: Sequence[Row]) -> list[WarningMessage]:
    """A message for each row of ads.warning, with the claims that it takes together and whom to visit."""
    claims = claims_of(installation, rows)
    people = {claim["person_key"] for group in claims.values() for claim in group}
    contacts = contacts_of(installation, people)
    models = {model.id: model for model in load_models() if isinstance(model, HelpModel)}
    covered = {day: covered_until(installation, day) for day in {row["business_date"] for row in rows}}
    return [_message(row, claims[row["warning_id"]], models, contacts, covered[row["business_date"]]) for row in rows]


def claims_of(installation: Installation, rows: Sequence[Row]) -> Mapping[str, list[Row]]:
    """The claims of each row of ads.warning, the one that leads first, as the warning lists them."""
    nights = {row["business_date"] for row in rows}
    by_id = {claim["claim_id"]: claim for claim in _rows_of_nights(installation, nights) if claim["warning_id"]}
    return {row["warning_id"]: [by_id[one] for one in from_text(row["household"]).claim_ids] for row in rows}


def _rows_of_nights(installation: Installation, nights: set[date]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = installation.warehouse.rows(
        "ads.claim", rows_among("business_date", nights)
    ).to_pylist()
    return rows


def _message(
    row: Row,
    claims: Sequence[Row],
    models: Mapping[str, HelpModel],
    contacts: Mapping[str, Contact],
    covered: Mapping[str, date],
) -> WarningMessage:
    lead, *others = claims
    model = models[row["model_id"]]
    other_people = sorted({claim["person_key"] for claim in others} - {row["person_key"]})
    return WarningMessage(
        warning_id=row["warning_id"],
        model_id=row["model_id"],
        model_version=row["model_version"],
        model_title=model.title,
        level=Level(row["level"]),
        person_key=row["person_key"],
        household_key=row["household_key"],
        village_code=row["village_code"],
        grid_code=row["grid_code"],
        reason=Text(zh=row["reason_zh"], en=row["reason_en"]),
        figures=figures(model, from_json(model, row["evidence"])),
        receiving=[ASSISTANCE[name] for name in (row["receiving"] or "").split(",") if name],
        may_reach=list(dict.fromkeys(help_ for claim in claims for help_ in models[claim["model_id"]].leads_to)),
        quiet_days=model.quiet_days,
        check_at_door=model.check_at_door,
        data_as_of=row["data_as_of"],
        rests_on=sources_of(model, covered),
        hardship=row["hardship"],
        leading_figure=lead["leading_figure"],
        happened_on=lead["happened_on"],
        score=row["score"],
        household=from_text(row["household"]),
        also=[_grouped(claim, models[claim["model_id"]], covered) for claim in others],
        contact=contacts[row["person_key"]],
        other_contacts={key: contacts[key] for key in other_people},
    )


def _grouped(claim: Row, model: HelpModel, covered: Mapping[str, date]) -> GroupedClaim:
    return GroupedClaim(
        claim_id=claim["claim_id"],
        model_id=model.id,
        model_version=claim["model_version"],
        model_title=model.title,
        level=Level(claim["level"]),
        person_key=claim["person_key"],
        reason=Text(zh=claim["reason_zh"], en=claim["reason_en"]),
        figures=figures(model, from_json(model, claim["evidence"])),
        check_at_door=model.check_at_door,
        data_as_of=claim["data_as_of"],
        rests_on=sources_of(model, covered),
        leading_figure=claim["leading_figure"],
        happened_on=claim["happened_on"],
    )


def contacts_of(installation: Installation, person_keys: set[str]) -> dict[str, Contact]:
    """Open the vault for these people: number, and name, phone and address as the register last said.

    Whom the register does not know yet under a changed number, it knows under the former one.
    """
    former = former_keys(installation.warehouse)
    keys = {key: [key, *former.get(key, [])] for key in person_keys}
    every_key = {one for ones in keys.values() for one in ones}
    numbers = installation.vault.numbers_of(every_key)
    contents = installation.vault.contacts_of(every_key, REGISTER)
    return {
        key: _contact(
            next(numbers[one] for one in ones if one in numbers),
            next((contents[one] for one in ones if one in contents), {}),
        )
        for key, ones in keys.items()
    }


def _contact(number: str, content: Mapping[str, str | None]) -> Contact:
    return Contact(
        name=content.get("psn_name") or "姓名不详",
        identity_number=number,
        phone=content.get("phone"),
        address=content.get("address"),
    )
