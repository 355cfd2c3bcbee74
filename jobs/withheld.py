"""The grounds to withhold a warning that the pipeline knows of: no address, a source on hold, help just given.

What the case service knows of (visits, applications, workers' weeks) it judges itself; the vocabulary is one.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from jobs.claims.placing import county_of, is_on_hold
from schemas.messages import Disposition, DispositionKind, Level, WithheldReason
from warehouse.engines.engine import Engine
from warning_models.loader import HelpModel

RESIDENCE_RETRY_DAYS = 30
HOLD_RETRY_DAYS = 1
RECENT_AID = "recent_aid_days"

_AIDED = """
select aid.household_key, aid.cause, aid.aided_on
from dws_household_aid as aid
join waiting_household as waiting on waiting.household_key = aid.household_key
"""
_LABELLED = """
select label.person_key, label.label
from dwd_person_label as label
join waiting_person as waiting on waiting.person_key = label.person_key
where label.valid_from <= :as_of and coalesce(label.valid_to, :as_of) >= :as_of
"""
_PLACES = """
select person.person_key, person.household_key, household.village_code, household.grid_code
from dwd_person as person
join waiting_person as waiting on waiting.person_key = person.person_key
join dwd_household as household on household.household_key = person.household_key
"""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Help:
    """What is known on a night of those whom waiting warnings are about.

    `aided` is the latest help in money by household and cause, `labels` what people are recognised as today,
    `places` where they live today, `on_hold` the models that may say nothing in a county, or nowhere ('').
    """

    aided: Mapping[tuple[str, str], date] = field(default_factory=dict)
    labels: Collection[tuple[str, str]] = ()
    places: Mapping[str, Row] = field(default_factory=dict)
    on_hold: Collection[tuple[str, str]] = ()


def help_known(
    engine: Engine, warnings: Iterable[Row], claims: Iterable[Row], on: date, on_hold: Collection[tuple[str, str]]
) -> Help:
    """What the layers, as the engine shows them, say of the people whom the warnings are about."""
    engine.register_table("waiting_person", _column("person_key", {row["person_key"] for row in (*warnings, *claims)}))
    places = {row["person_key"]: row for row in engine.query(_PLACES).to_pylist()}
    households = {row["household_key"] for row in places.values()}
    households |= {row["household_key"] for row in warnings if row["household_key"]}
    engine.register_table("waiting_household", _column("household_key", households))
    aided = engine.query(_AIDED).to_pylist()
    labelled = engine.query(_LABELLED, {"as_of": on}).to_pylist()
    return Help(
        aided={(row["household_key"], row["cause"]): row["aided_on"] for row in aided},
        labels={(row["person_key"], row["label"]) for row in labelled},
        places=places,
        on_hold=on_hold,
    )


def placed(warning: Row, known: Help) -> dict[str, Any]:
    """The warning, with the household and place of today where nobody knew them when it was found."""
    if warning["household_key"] and warning["village_code"]:
        return dict(warning)
    place = known.places.get(warning["person_key"], {})
    return {
        **warning,
        **{name: place[name] for name in ("household_key", "village_code", "grid_code") if name in place},
    }


def withheld(
    warning: Row, claims: Sequence[Row], models: Mapping[str, HelpModel], known: Help, on: date
) -> Disposition | None:
    """The disposition of a warning that waits for what the pipeline knows; None where it is to be delivered.

    Help given for the same cause answers a warning only where it answers every claim in it.
    """
    if not (warning["household_key"] and warning["village_code"]):
        return _until(warning, WithheldReason.RESIDENCE_UNKNOWN, on + timedelta(days=RESIDENCE_RETRY_DAYS))
    if warning["level"] != Level.RED and is_on_hold(warning["model_id"], county_of(warning), known.on_hold):
        return _until(warning, WithheldReason.SOURCE_ON_HOLD, on + timedelta(days=HOLD_RETRY_DAYS))
    answered = [_helped_until(warning, claim, models[claim["model_id"]], known, on) for claim in claims]
    days = [day for day in answered if day is not None]
    if days and len(days) == len(answered):
        return _until(warning, WithheldReason.ALREADY_HELPED, min(days))
    return None


def _helped_until(warning: Row, claim: Row, model: HelpModel, known: Help, on: date) -> date | None:
    """Until when help already given answers a claim.

    Help in money answers nothing red and nothing that happened after it; what somebody is recognised as answers
    for as long as a visit that found nothing would.
    """
    if any((claim["person_key"], label) in known.labels for label in model.same_cause):
        return on + timedelta(days=max(model.quiet_days, 1))
    days = _recent_aid_days(model, on, county_of(warning))
    if claim["level"] == Level.RED or days is None:
        return None
    aided = [known.aided.get((warning["household_key"], cause)) for cause in model.same_cause]
    lately = [
        day
        for day in aided
        if day is not None
        and day >= on - timedelta(days=days)
        and (claim["happened_on"] is None or claim["happened_on"] <= day)
    ]
    return max(lately) + timedelta(days=days + 1) if lately else None


def _recent_aid_days(model: HelpModel, on: date, county: str) -> int | None:
    parameter = model.parameters.get(RECENT_AID)
    value = parameter.value_on(on, county) if parameter else None
    return int(value) if isinstance(value, int) else None


def _until(warning: Row, reason: WithheldReason, expires_on: date) -> Disposition:
    return Disposition(
        warning_id=warning["warning_id"], kind=DispositionKind.WITHHELD, reason=reason, expires_on=expires_on
    )


def _column(name: str, values: set[str]) -> pa.Table:
    return pa.table({name: pa.array(sorted(values), pa.string())})
