"""Finding claims: every model over the layers as they stand, less what was claimed before.

`claims_on` reads nothing but its arguments, so the claims of a past night, or of a draft, are found the same way.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import date

from jobs.claims.claim import Claim, Known, ModelRun, Night, claim_id
from jobs.claims.episodes import new_episode
from jobs.claims.grouping import grouped, in_their_warnings, warning_of
from jobs.claims.household import as_text, households
from jobs.claims.placing import Row, county_of, is_on_hold, placed_by_county
from warehouse.engines.engine import Engine
from warning_models import as_ran
from warning_models.loader import HelpModel
from warning_models.render import as_json, reason


def claims_on(engine: Engine, models: Sequence[HelpModel], as_of: date, known: Known) -> Night:
    """The new claims of the models as of a date, and the warnings that those of active models make.

    The engine must show dwd and dws as of the date. A model of another status than active claims the same way, but
    its claims are in no warning. What might end a benefit is no HelpModel and is refused.
    """
    if mixed := [model.id for model in models if model.kind != "help"]:
        raise ValueError(f"{', '.join(mixed)}: findings for review never become claims of a warning")
    found: list[Claim] = []
    runs: list[ModelRun] = []
    for model in models:
        for county, rows in placed_by_county(engine, model, as_of).items():
            new = list(_new_claims(model, rows, as_of, known))
            found += new
            runs.append(_run(model, county, as_of, known, hit_count=len(rows), claim_count=len(new)))
    groups = grouped(found)
    views = households(engine, groups, {model.id: model for model in models}, as_of) if groups else {}
    warnings = [warning_of(members, as_text(views[group])) for group, members in groups.items()]
    return Night(
        claims=in_their_warnings(found, groups),
        warnings=sorted(warnings, key=lambda warning: warning.warning_id),
        runs=runs,
    )


def _new_claims(model: HelpModel, rows: Sequence[Row], as_of: date, known: Known) -> Iterator[Claim]:
    said = known.claimed if model.status == "active" else {**known.shadowed, **known.claimed}
    data_as_of = min((known.covered[source] for source in model.sources if source in known.covered), default=as_of)
    for row in rows:
        if is_on_hold(model.id, county_of(row), known.on_hold):
            continue
        episode = new_episode(model, row, said, known.former)
        if episode is not None:
            yield _claim(model, row | {"episode": episode}, as_of, data_as_of)


def _claim(model: HelpModel, row: Row, as_of: date, data_as_of: date) -> Claim:
    text = reason(model, row["episode"], {name: row[name] for name in model.evidence})
    return Claim(
        claim_id=claim_id(model, row["person_key"], row["episode"]),
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
