"""One warning for each household and hardship: the most urgent claim leads it, the others are grouped into it."""

from collections.abc import Iterable, Mapping, Sequence

from jobs.claims.claim import Claim, HouseholdWarning
from schemas.messages import Level

URGENCY = {level.value: rank for rank, level in enumerate(Level)}

HouseholdAndHardship = tuple[str, str]
Groups = Mapping[HouseholdAndHardship, Sequence[Claim]]


def grouped(claims: Iterable[Claim]) -> Groups:
    """The claims that make warnings by household and hardship, the one that leads first.

    Somebody whose household is not known stands alone.
    """
    groups: dict[HouseholdAndHardship, list[Claim]] = {}
    for claim in sorted(claims, key=_precedence):
        if claim.status == "active":
            groups.setdefault(group_of(claim.household_key, claim.person_key, claim.hardship), []).append(claim)
    return groups


def group_of(household_key: str | None, person_key: str, hardship: str) -> HouseholdAndHardship:
    """Under what a claim or a warning stands."""
    return household_key or f"person {person_key}", hardship


def in_their_warnings(claims: Iterable[Claim], groups: Groups) -> list[Claim]:
    """The claims by id, each with the warning that it went into."""
    leaders = {claim.claim_id: members[0].claim_id for members in groups.values() for claim in members}
    # Not `replace`, which asks for every field by name: a night makes a city's worth of these.
    placed = (Claim(**{**vars(claim), "warning_id": leaders.get(claim.claim_id)}) for claim in claims)
    return sorted(placed, key=lambda claim: claim.claim_id)


def warning_of(members: Sequence[Claim], household: str) -> HouseholdWarning:
    """The warning that a group of claims makes; what it says of data reaches as far as the oldest of them."""
    lead = members[0]
    return HouseholdWarning(
        warning_id=lead.claim_id,
        business_date=lead.business_date,
        hardship=lead.hardship,
        model_id=lead.model_id,
        model_version=lead.model_version,
        level=lead.level,
        person_key=lead.person_key,
        household_key=lead.household_key,
        village_code=lead.village_code,
        grid_code=lead.grid_code,
        episode=lead.episode,
        evidence=lead.evidence,
        receiving=lead.receiving,
        reason_zh=lead.reason_zh,
        reason_en=lead.reason_en,
        data_as_of=min(claim.data_as_of for claim in members),
        household=household,
    )


def _precedence(claim: Claim) -> tuple[int, str]:
    return URGENCY[claim.level], claim.claim_id
