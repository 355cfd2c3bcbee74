"""Finding claims: every model over the layers as they stand, less what was claimed before.

`claims_on` reads nothing but its arguments, so the claims of a past night, or of a draft, are found the same way.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from types import MappingProxyType
from typing import TypeVar

from jobs.claims.claim import Claim, Known, ModelRun, Night
from jobs.claims.episodes import new_episode
from jobs.claims.grouping import HouseholdAndHardship, grouped, in_their_warnings, warning_of
from jobs.claims.household import as_text, households
from jobs.claims.placing import Row, county_among, county_of, is_on_hold, own_counties, placed_by_county
from warehouse.engines.engine import Engine
from warning_models import as_ran
from warning_models.loader import HelpModel, WarningModel
from warning_models.render import as_json, reason

ModelAndCounty = tuple[str, str]
Item = TypeVar("Item")


def claims_on(engine: Engine, models: Sequence[HelpModel], as_of: date, known: Known) -> Night:
    """The new claims of the models as of a date, and the warnings that those of active models make.

    The engine must show dwd and dws as of the date. A model of another status than active claims the same way, but
    its claims are in no warning. What might end a benefit is no HelpModel and is refused.
    """
    claims, hits = found_on(engine, models, as_of, known)
    return night_of(engine, models, claims, hits, as_of, known)


def found_on(
    engine: Engine, models: Sequence[HelpModel], as_of: date, known: Known
) -> tuple[list[Claim], Mapping[ModelAndCounty, int]]:
    """The new claims, and on how many each model's SQL bears in all, by county with parameters of its own."""
    if mixed := [model.id for model in models if model.kind != "help"]:
        raise ValueError(f"{', '.join(mixed)}: findings for review never become claims of a warning")
    found: list[Claim] = []
    hits: dict[ModelAndCounty, int] = {}
    for model, placed in _one_ahead((model, placed_by_county(engine, model, as_of)) for model in models):
        for county, rows in placed.items():
            found += _new_claims(model, rows, as_of, known)
            hits[model.id, county] = len(rows)
    return found, hits


def _one_ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The items in their order, each made in a thread while the one before it is worked on."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        upcoming = thread.submit(next, items, None)
        while (item := upcoming.result()) is not None:
            upcoming = thread.submit(next, items, None)
            yield item


def night_of(
    engine: Engine,
    models: Sequence[HelpModel],
    claims: Sequence[Claim],
    hits: Mapping[ModelAndCounty, int],
    as_of: date,
    known: Known,
    told: Mapping[HouseholdAndHardship, str] = MappingProxyType({}),
) -> Night:
    """The night that these claims make; `told` is what is said already of the households behind some warnings."""
    groups = grouped(claims)
    untold = {group: members for group, members in groups.items() if group not in told}
    by_id = {model.id: model for model in models}
    views = households(engine, untold, by_id, as_of) if untold else {}
    texts = {**told, **{group: as_text(view) for group, view in views.items()}}
    warnings = [warning_of(members, texts[group]) for group, members in groups.items()]
    own = {model.id: own_counties(model) for model in models}
    claimed = Counter((item.model_id, county_among(own[item.model_id], vars(item))) for item in claims)
    return Night(
        claims=in_their_warnings(claims, groups),
        warnings=sorted(warnings, key=lambda warning: warning.warning_id),
        runs=[
            _run(by_id[model_id], county, as_of, known, hit_count=count, claim_count=claimed[model_id, county])
            for (model_id, county), count in hits.items()
        ],
    )


def reaching_until(model: WarningModel, as_of: date, known: Known) -> date:
    """The day until which all that a model rests on reaches, of what ever came in."""
    return min((known.covered[source] for source in model.sources if source in known.covered), default=as_of)


def _new_claims(model: HelpModel, rows: Sequence[Row], as_of: date, known: Known) -> Iterator[Claim]:
    said = known.claimed if model.status == "active" else {**known.shadowed, **known.claimed}
    data_as_of = reaching_until(model, as_of, known)
    for row in rows:
        if is_on_hold(model.id, county_of(row), known.on_hold):
            continue
        episode = new_episode(model, row, said, known)
        if episode is not None:
            yield _claim(model, row | {"episode": episode}, as_of, data_as_of, known)


def _claim(model: HelpModel, row: Row, as_of: date, data_as_of: date, known: Known) -> Claim:
    text = reason(model, row["episode"], {name: row[name] for name in model.evidence})
    return Claim(
        claim_id=known.claim_id(model, row["person_key"], row["episode"]),
        business_date=as_of,
        model_id=model.id,
        model_version=model.version,
        status=model.status,
        hardship=model.hardship,
        level=row["level"],
        person_key=row["person_key"],
        household_key=row["household_key"],
        village_code=row["village_code"],
        grid_code=row["grid_code"],
        episode=row["episode"],
        evidence=as_json(model, row),
        leading_figure=row[model.leading_figure] if model.leading_figure else None,
        happened_on=row[model.happened_on] if model.happened_on else None,
        receiving=row["receiving"],
        reason_zh=text.zh,
        reason_en=text.en,
        data_as_of=data_as_of,
    )


def _run(model: HelpModel, county: str, as_of: date, known: Known, *, hit_count: int, claim_count: int) -> ModelRun:
    parameters = {name: item.in_force_on(as_of, county or None) for name, item in model.parameters.items()}
    in_force = {
        name: {
            "value": value.value,
            "type": type(value.value).__name__,
            "from": day,
            "reference": value.reference,
            "unit": model.parameters[name].unit,
            "description": model.parameters[name].description,
        }
        for name, (day, value) in ((name, found) for name, found in parameters.items() if found)
    }
    sources = {source: known.covered.get(source) for source in model.sources}
    return ModelRun(
        business_date=as_of,
        model_id=model.id,
        model_version=model.version,
        status=model.status,
        county_code=county,
        parameters=json.dumps(in_force, default=str, ensure_ascii=False, sort_keys=True),
        sources=json.dumps(sources, default=str, sort_keys=True),
        sql=model.sql,
        model=as_ran.as_text(model),
        hit_count=hit_count,
        claim_count=claim_count,
    )
