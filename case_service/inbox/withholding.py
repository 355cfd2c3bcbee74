"""When a warning is withheld: a recent visit answered it, and it says nothing worse than before."""

from dataclasses import dataclass
from datetime import date, timedelta

from case_service.orders.cards import URGENCY
from schemas.messages import Level, OutcomeKind, WarningMessage

NO_HARDSHIP = frozenset({OutcomeKind.RESOLVED_BY_ITSELF, OutcomeKind.ALREADY_RECEIVING, OutcomeKind.DUPLICATE})
FOUND_NO_HARDSHIP = "recent_visit_found_no_hardship"
FOUND_DECEASED = "recent_visit_found_deceased"


@dataclass(frozen=True, slots=True)
class RecentCase:
    """A closed case of a household: what the visit found, of whom, and how urgent it had looked."""

    closed_on: date
    outcome: OutcomeKind
    level: Level
    person_keys: frozenset[str]


@dataclass(frozen=True, slots=True)
class Withholding:
    """Why a warning waits, and the day on which it no longer does."""

    reason: str
    expires_on: date


def withholding(warning: WarningMessage, recent_cases: list[RecentCase], on: date) -> Withholding | None:
    """The ground to withhold `warning` on that day, if any.

    Only the latest case can say that there is no hardship: what an older visit found is
    overtaken. A death is a death, whichever case found it, but it speaks of one person only.
    """
    for place, case in enumerate(sorted(recent_cases, key=lambda case: case.closed_on, reverse=True)):
        expires_on = case.closed_on + timedelta(days=warning.quiet_days)
        is_worse = URGENCY[warning.level] < URGENCY[case.level]
        if on >= expires_on or is_worse:
            continue
        if place == 0 and case.outcome in NO_HARDSHIP:
            return Withholding(FOUND_NO_HARDSHIP, expires_on)
        if case.outcome is OutcomeKind.DECEASED and case.person_keys == {warning.person_key}:
            return Withholding(FOUND_DECEASED, expires_on)
    return None
