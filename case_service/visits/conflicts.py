"""When answers meet an order that changed on the way: what the order says now, beside what was written."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from case_service.access import Viewer
from case_service.orders.cards import StoredWarning, seen_mark
from case_service.sealing import Seal
from case_service.tables import WorkOrder
from case_service.tables.casework import OrderStatus
from case_service.visits.answers import Answers
from case_service.visits.form_definition import FormDefinition
from case_service.visits.queries import recorded_visit
from schemas.messages import Text

Word = Callable[..., str]
Say = Callable[[Text], str]


class ConflictKind(StrEnum):
    """How the order differs from what the worker had before them."""

    CHANGED = "changed"
    CLOSED = "closed"
    HANDED_ON = "handed_on"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that is said, under its label."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """The order as it is now. `seen` marks it: answers sent with it are about this state of it."""

    kind: ConflictKind
    now: list[Line]
    seen: str

    def as_answer(self, own: list[Line]) -> dict[str, Any]:
        """For the phone's store: what was sent, and what stands now."""
        return {
            "conflict": self.kind.value,
            "own": [asdict(line) for line in own],
            "now": [asdict(line) for line in self.now],
            "seen": self.seen,
        }


def conflict_about(session: Session, order: WorkOrder, viewer: Viewer, seal: Seal, word: Word, say: Say) -> Conflict:
    """What `viewer` is told of the order as it is now; of an order they handed on, only who has it."""
    if order.assignee_id != viewer.staff_id:
        holder = order.assignee.display_name if order.assignee else word("order.nobody")
        status = word("status.closed") if order.status is OrderStatus.CLOSED else word("conflict.still_open")
        lines = [Line(word("order.assignee"), holder), Line(word("conflict.status"), status)]
        return Conflict(ConflictKind.HANDED_ON, lines, "")
    if order.status is OrderStatus.CLOSED:
        return Conflict(ConflictKind.CLOSED, _recorded_lines(session, order, seal, word, say), "")
    stored = [StoredWarning.model_validate(warning.claim) for warning in (order.follows or order).warnings]
    claims = [claim for warning in stored for claim in (warning, *warning.also)]
    level = Line(word("supervision.level"), word(f"level.{order.level.value}"))
    now = [level, *(Line(say(claim.model_title), say(claim.reason)) for claim in claims)]
    return Conflict(ConflictKind.CHANGED, now, seen_mark(order))


def answer_lines(answers: Answers, form: FormDefinition, word: Word, say: Say) -> list[Line]:
    """What was answered, as people read it, the outcome first."""
    lines = []
    if answers.outcome_kind:
        lines.append(Line(word("visit.outcome"), word(f"outcome.{answers.outcome}")))
    if answers.note:
        lines.append(Line(word("visit.note"), answers.note))
    lines.append(Line(word("visit.when"), answers.visited_at.replace("T", " ")))
    if form.visit_kinds and form.visit_kinds.offers(answers.visit_kind):
        lines.append(Line(say(form.visit_kinds.label), say(form.visit_kinds.label_of(answers.visit_kind))))
    between = word("order.source_separator")
    lines += [
        Line(say(question.label), between.join(map(say, shown)))
        for question in form.asked(answers.visit_kind, answers.questions)
        if (shown := question.shown(answers.questions.get(question.id, "")))
    ]
    if answers.place:
        lines.append(Line(say(form.places.label), say(form.places.label_of(answers.place))))
    if answers.position:
        lines.append(Line(word("visit.position"), answers.position))
    return lines


def _recorded_lines(session: Session, order: WorkOrder, seal: Seal, word: Word, say: Say) -> list[Line]:
    visit = recorded_visit(session, order, seal)
    if visit is None:
        return []
    return [Line(word("conflict.recorded_by"), visit.recorded_by), *answer_lines(visit.answers, visit.form, word, say)]
