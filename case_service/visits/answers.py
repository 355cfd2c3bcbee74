"""Reading the answers of a visit form, and saying what is missing in a way that helps."""

from datetime import date, datetime
from typing import Self

from pydantic import BaseModel, ConfigDict
from starlette.datastructures import FormData

from case_service.clock import SHANGHAI, local_date
from case_service.forms_posted import field
from case_service.tables.referrals import HelpKind
from case_service.visits.form_definition import FormDefinition
from schemas.messages import OutcomeKind

LONGEST_ANSWER = 200
LONGEST_NOTE = 1_000


class Answers(BaseModel):
    """What was entered, as text, complete or not: a form that is sent back shows all of it again."""

    model_config = ConfigDict(frozen=True)

    visited_at: str = ""
    visit_kind: str = ""
    questions: dict[str, str] = {}
    note: str = ""
    place: str = ""
    outcome: str = ""
    data_error_field: str = ""
    help_kinds: list[str] = []

    @classmethod
    def entered(cls, form: FormData, definition: FormDefinition) -> Self:
        """The answers in a posted form."""
        return cls(
            visited_at=field(form, "visited_at"),
            visit_kind=field(form, "visit_kind"),
            questions={question.id: field(form, f"question_{question.id}") for question in definition.questions},
            note=field(form, "note"),
            place=field(form, "place"),
            outcome=field(form, "outcome"),
            data_error_field=field(form, "data_error_field"),
            help_kinds=[kind for kind in form.getlist("help_kind") if isinstance(kind, str)],
        )

    @classmethod
    def blank(cls, definition: FormDefinition, at: datetime) -> Self:
        """A form nobody has touched: a visit happening now, because of a warning."""
        return cls(
            visited_at=at.astimezone(SHANGHAI).strftime("%Y-%m-%dT%H:%M"),
            visit_kind=definition.visit_kinds.choices[0].id,
            questions={question.id: "" for question in definition.questions},
            place=definition.places.choices[0].id,
        )

    @property
    def outcome_kind(self) -> OutcomeKind | None:
        """The outcome, if one of the vocabulary was chosen."""
        return OutcomeKind(self.outcome) if self.outcome in set(OutcomeKind) else None

    @property
    def field_in_error(self) -> str | None:
        """The field in error, which only a data error has."""
        return self.data_error_field if self.outcome_kind is OutcomeKind.DATA_ERROR else None

    @property
    def help_wanted(self) -> list[HelpKind]:
        """The help to be asked of departments, which only a referral has; none where it is passed on by hand."""
        if self.outcome_kind is not OutcomeKind.REFERRED:
            return []
        return [kind for kind in HelpKind if kind in self.help_kinds]

    @property
    def visited_moment(self) -> datetime | None:
        """When the visit was, if that can be read."""
        try:
            return datetime.fromisoformat(self.visited_at).replace(tzinfo=SHANGHAI)
        except ValueError:
            return None


def mistakes(answers: Answers, definition: FormDefinition, delivered_on: date, at: datetime) -> dict[str, str]:
    """For each field in need of mending, the key of the words that say how."""
    found: dict[str, str] = {}
    if (when := _mistake_in_time(answers.visited_moment, delivered_on, at)) is not None:
        found["visited_at"] = when
    if not definition.visit_kinds.offers(answers.visit_kind):
        found["visit_kind"] = "visit.mistake.visit_kind"
    for question_id, text in answers.questions.items():
        if len(text) > LONGEST_ANSWER:
            found[f"question_{question_id}"] = "visit.mistake.answer_too_long"
    if not answers.note:
        found["note"] = "visit.mistake.note_missing"
    elif len(answers.note) > LONGEST_NOTE:
        found["note"] = "visit.mistake.note_too_long"
    if answers.place and not definition.places.offers(answers.place):
        found["place"] = "visit.mistake.place"
    if answers.outcome_kind is None:
        found["outcome"] = "visit.mistake.outcome"
    if answers.field_in_error is not None and not definition.data_error_fields.offers(answers.field_in_error):
        found["data_error_field"] = "visit.mistake.data_error_field"
    if not set(answers.help_kinds) <= set(HelpKind):
        found["help_kind"] = "visit.mistake.help_kind"
    return found


def _mistake_in_time(visited_at: datetime | None, delivered_on: date, at: datetime) -> str | None:
    if visited_at is None:
        return "visit.mistake.time_missing"
    if visited_at > at:
        return "visit.mistake.time_ahead"
    if local_date(visited_at) < delivered_on:
        return "visit.mistake.time_before_order"
    return None
