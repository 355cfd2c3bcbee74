"""A night said again where only some people's rows changed since: what nobody's change concerns is carried over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from jobs.claims.claim import Claim, HouseholdWarning, Known, Night
from jobs.claims.concerned import Concerned
from jobs.claims.finding import ModelAndCounty, found_on, night_of, reaching_until
from jobs.claims.grouping import group_of
from jobs.claims.placing import placed_by_county
from warehouse.engines.engine import Engine
from warning_models.loader import HelpModel


@dataclass(frozen=True)
class Said:
    """What was said on the night so far: claims, warnings, and on how many each model's SQL bore."""

    claims: Sequence[Claim]
    warnings: Sequence[HouseholdWarning]
    hits: Mapping[ModelAndCounty, int]


def claims_since(
    engine: Engine, models: Sequence[HelpModel], as_of: date, known: Known, said: Said, concerned: Concerned
) -> Night:
    """What `claims_on` would say, found by asking only the models that changed rows bear on, only of who is concerned.

    `known` must say what it said when the rest was said, but for how far each class reaches.
    """
    asked = [model for model in models if concerned.bears_on(model)]
    asked_ids = {model.id for model in asked}
    concerned.show("before", asked)
    before = {
        (model.id, county): len(rows)
        for model in asked
        for county, rows in placed_by_county(engine, model, as_of).items()
    }
    concerned.show("now", asked)
    found, now = found_on(engine, asked, as_of, known)
    reaching = {model.id: reaching_until(model, as_of, known) for model in models}
    carried = [
        claim if claim.data_as_of == reaching[claim.model_id] else replace(claim, data_as_of=reaching[claim.model_id])
        for claim in said.claims
        if not (claim.person_key in concerned.people and claim.model_id in asked_ids)
    ]
    hits = {key: count - before.get(key, 0) + now.get(key, 0) for key, count in said.hits.items()}
    told = {
        group_of(warning.household_key, warning.person_key, warning.hardship): warning.household
        for warning in said.warnings
        if warning.person_key not in concerned.people
    }
    return night_of(engine, models, [*carried, *found], hits, as_of, known, told)
