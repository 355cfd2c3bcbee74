"""The steps of a review: this table, and nothing else, moves a finding. None of them touches help.

A finding needs a second source, notice to the person concerned, the chance of a hearing, and a decision by somebody
who did not prepare it; an appeal is decided by somebody who did not decide before.
"""

from collections.abc import Set
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from case_service.tables.reviews import ReviewStatus


class Waits(StrEnum):
    """For what a step must wait: a day set by an earlier one."""

    NOT = "not"
    FOR_HEARING = "give_notice"
    FOR_APPEAL = "decide"


@dataclass(frozen=True, slots=True)
class Step:
    """One row: from which standings it leads where, and by whom not, having taken which step before."""

    name: str
    comes_from: Set[ReviewStatus]
    goes_to: ReviewStatus
    not_by_who_did: Set[str] = frozenset()
    waits: Waits = Waits.NOT
    decides: bool = False


PREPARED = frozenset({"corroborate", "give_notice"})
BEFORE_DECISION = frozenset(
    {ReviewStatus.RECEIVED, ReviewStatus.CORROBORATED, ReviewStatus.NOTICED, ReviewStatus.HEARD}
)
STEPS = {
    step.name: step
    for step in (
        Step("corroborate", {ReviewStatus.RECEIVED}, ReviewStatus.CORROBORATED),
        Step("give_notice", {ReviewStatus.CORROBORATED}, ReviewStatus.NOTICED),
        Step("hold_hearing", {ReviewStatus.NOTICED}, ReviewStatus.HEARD),
        Step("decide", {ReviewStatus.HEARD}, ReviewStatus.DECIDED, PREPARED, decides=True),
        # Whoever was told and asked for no hearing in time may be decided on without one.
        Step("decide_unheard", {ReviewStatus.NOTICED}, ReviewStatus.DECIDED, PREPARED, Waits.FOR_HEARING, decides=True),
        Step("take_appeal", {ReviewStatus.DECIDED}, ReviewStatus.APPEALED),
        Step(
            "decide_appeal",
            {ReviewStatus.APPEALED},
            ReviewStatus.CLOSED,
            PREPARED | {"decide", "decide_unheard"},
            decides=True,
        ),
        Step("close", {ReviewStatus.DECIDED}, ReviewStatus.CLOSED, waits=Waits.FOR_APPEAL),
        Step("dismiss", BEFORE_DECISION, ReviewStatus.DISMISSED),
    )
}


class StepRefusedError(Exception):
    """The step cannot be taken now, or not by this person; the message is the key of the words that say why."""


def may_take(step: Step, status: ReviewStatus, took: Set[str], waits_until: date | None, today: date) -> str | None:
    """What keeps somebody who `took` these steps from taking `step`: the key of words, or nothing."""
    if status not in step.comes_from:
        return "review.refused.standing"
    if took & step.not_by_who_did:
        return "review.refused.same_person"
    if step.waits is not Waits.NOT and (waits_until is None or today <= waits_until):
        return "review.refused.too_early"
    return None
