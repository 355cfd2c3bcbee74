"""What a night says of people: claims, the warnings they are grouped into, and what it must know for that."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from warning_models.loader import HelpModel

_ID_CHARACTERS = 20


@dataclass(frozen=True)
class Claim:
    """One hit of one model on one person, a row of `ads.claim`.

    `warning_id` names the warning that it leads or is grouped into; None where the model only looks on (shadow).
    `status` is that of the model on the night. What people were told during the day and later deliveries of the same
    date no longer bear out stays, `overtaken`.
    """

    claim_id: str
    business_date: date
    model_id: str
    model_version: int
    status: str
    hardship: str
    level: str
    person_key: str
    household_key: str | None
    village_code: str | None
    grid_code: str | None
    episode: str
    evidence: str
    leading_figure: Decimal | None
    happened_on: date | None
    receiving: str | None
    reason_zh: str
    reason_en: str
    data_as_of: date
    warning_id: str | None = None
    overtaken: bool = False


@dataclass(frozen=True)
class HouseholdWarning:
    """One household's hardship, a row of `ads.warning`; its fields are those of the claim that leads it.

    `household` is JSON: see `jobs.claims.household`. `score` ranks warnings as urgent as each other, the higher first.
    `overtaken` as in Claim: its claims hold no longer, or stand in another warning of the date.
    """

    warning_id: str
    business_date: date
    hardship: str
    model_id: str
    model_version: int
    level: str
    person_key: str
    household_key: str | None
    village_code: str | None
    grid_code: str | None
    episode: str
    evidence: str
    receiving: str | None
    reason_zh: str
    reason_en: str
    data_as_of: date
    household: str
    score: float | None = None
    overtaken: bool = False


@dataclass(frozen=True)
class ModelRun:
    """With what a model ran on a night, a row of `ads.model_run`; one for each county with parameters of its own.

    `parameters` and `sources` are JSON: the values in force with their day and reference, and until when each
    source reached; `model` is all else about the model, see `warning_models.as_ran`. `hit_count` counts all on whom
    its SQL bears that night, `claim_count` the new ones.
    """

    business_date: date
    model_id: str
    model_version: int
    status: str
    county_code: str
    parameters: str
    sources: str
    sql: str
    model: str
    hit_count: int
    claim_count: int


@dataclass(frozen=True)
class Known:
    """What a night knows beside the layers.

    `claimed` are the ids of all claims of earlier nights that went into warnings, `shadowed` of those that did not,
    each with its leading figure; `former` the keys that people had before; `covered` until when each class reached;
    `on_hold` the models that may claim nothing in a county, or nowhere (''); `given_ids` the ids that claims were given
    before the person keys were rotated, by those that they would be given now.
    """

    claimed: Mapping[str, Decimal | None] = field(default_factory=dict)
    shadowed: Mapping[str, Decimal | None] = field(default_factory=dict)
    former: Mapping[str, Sequence[str]] = field(default_factory=dict)
    covered: Mapping[str, date] = field(default_factory=dict)
    on_hold: Collection[tuple[str, str]] = ()
    given_ids: Mapping[str, str] = field(default_factory=dict)

    def claim_id(self, model: HelpModel, person_key: str, episode: str) -> str:
        """The id by which the claim is known: the one that it was given, be it under an earlier person key."""
        made = claim_id(model, person_key, episode)
        return self.given_ids.get(made, made)


@dataclass(frozen=True)
class Night:
    """What the models say on a night that they had not said before."""

    claims: Sequence[Claim]
    warnings: Sequence[HouseholdWarning]
    runs: Sequence[ModelRun]


def claim_id(model: HelpModel, person_key: str, episode: str) -> str:
    """Names a claim for ever: `<model number>-<20 hex digits>`."""
    return f"{model.number}-{claim_digits(model.id, person_key, episode)}"


def claim_digits(model_id: str, person_key: str, episode: str) -> str:
    """What tells claims of one model apart in their ids."""
    return hashlib.sha256(f"{model_id}|{person_key}|{episode}".encode()).hexdigest()[:_ID_CHARACTERS]
