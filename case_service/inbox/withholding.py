"""When a warning is withheld: somebody deals with it already, a visit answered it, or nobody has time this week.

A pure function of the warning and of what is known of its household and of the worker's week.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from case_service.orders.cards import URGENCY
from schemas.messages import GroupedClaim, Level, OutcomeKind, WarningMessage, WithheldReason

NO_HARDSHIP = frozenset({OutcomeKind.RESOLVED_BY_ITSELF, OutcomeKind.ALREADY_RECEIVING, OutcomeKind.DUPLICATE})
APPLICATION_DAYS = 30
WORSE_FROM = 2


@dataclass(frozen=True, slots=True)
class RecentCase:
    """A closed case of a household: what the visit found, of whom, and what the warnings had said by then.

    `figures` are the highest leading figures by model.
    """

    closed_on: date
    outcome: OutcomeKind
    level: Level
    person_keys: frozenset[str]
    figures: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Withholding:
    """Why a warning waits, and the day on which it no longer does."""

    reason: WithheldReason
    expires_on: date


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known when a warning is judged that no open visit could take along.

    `room` is how many more visits the worker who would go can make this week; None where nobody is named yet.
    """

    recent_cases: Collection[RecentCase] = ()
    is_applying: bool = False
    room: int | None = None


def withholding(warning: WarningMessage, standing: Standing, on: date) -> Withholding | None:
    """The ground to withhold `warning` on that day, if any. A red one waits for no decision and no week."""
    ground = _visited(warning, standing.recent_cases, on)
    if ground is not None or warning.level is Level.RED:
        return ground
    if standing.is_applying:
        return Withholding(WithheldReason.APPLICATION_OPEN, on + timedelta(days=APPLICATION_DAYS))
    if standing.room is not None and standing.room <= 0:
        return Withholding(WithheldReason.WORKER_CAPACITY, next_week(on))
    return None


def next_week(on: date) -> date:
    """The Monday after the day."""
    return on + timedelta(days=7 - on.weekday())


def _visited(warning: WarningMessage, recent_cases: Collection[RecentCase], on: date) -> Withholding | None:
    """Only the latest case can say that there is no hardship: what an older visit found is overtaken.

    A death is a death, whichever case found it, but it speaks of one person only.
    """
    claims: list[WarningMessage | GroupedClaim] = [warning, *warning.also]
    people = {claim.person_key for claim in claims}
    for place, case in enumerate(sorted(recent_cases, key=lambda case: case.closed_on, reverse=True)):
        expires_on = case.closed_on + timedelta(days=warning.quiet_days)
        if on >= expires_on or URGENCY[warning.level] < URGENCY[case.level]:
            continue
        if place == 0 and case.outcome in NO_HARDSHIP and not _tells_more(claims, case):
            return Withholding(WithheldReason.FOUND_NO_HARDSHIP, expires_on)
        if case.outcome is OutcomeKind.DECEASED and case.person_keys == people:
            return Withholding(WithheldReason.FOUND_DECEASED, expires_on)
    return None


def _tells_more(claims: Sequence[WarningMessage | GroupedClaim], case: RecentCase) -> bool:
    """Whether a figure has doubled since the visit, or something happened after it."""
    return any(
        (claim.happened_on is not None and claim.happened_on > case.closed_on)
        or (
            claim.leading_figure is not None
            and claim.model_id in case.figures
            and claim.leading_figure >= WORSE_FROM * case.figures[claim.model_id]
        )
        for claim in claims
    )
