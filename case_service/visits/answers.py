"""Reading the answers of a visit form, and saying what is missing in a way that helps."""

import re
from datetime import date, datetime
from typing import Self

from pydantic import BaseModel, ConfigDict
from starlette.datastructures import FormData

from case_service.clock import SHANGHAI, local_date
from case_service.forms_posted import field, is_whole_number
from case_service.tables.referrals import HelpKind
from case_service.visits.form_definition import FormDefinition, Question
from schemas.messages import OutcomeKind

LONGEST_ANSWER = 200
LONGEST_NOTE = 1_000
LARGEST_NUMBER = 99
# What may not be written down: it would leave the vault, and stand on a phone.
IDENTITY_NUMBER = re.compile(r"(?<!\d)\d{17}[\dXxＸｘ](?![\dXx])")
POSITION = re.compile(r"-?\d{1,2}(\.\d{1,7})?,-?\d{1,3}(\.\d{1,7})?,\d{1,6}")


class Answers(BaseModel):
    """What was entered, as text, complete or not: a form that is sent back shows all of it again.

    `position` is latitude, longitude and metres of doubt, and only where the worker chose to note it.
    """

    model_config = ConfigDict(frozen=True)

    visited_at: str = ""
    visit_kind: str = ""
    questions: dict[str, str] = {}
    note: str = ""
    place: str = ""
    position: str = ""
    outcome: str = ""
    data_error_field: str = ""
    help_kinds: list[str] = []

    @classmethod
    def entered(cls, form: FormData, definition: FormDefinition) -> Self:
        """The answers in a posted form; those to questions that the others do not demand are left out."""
        visit_kind = field(form, "visit_kind") if definition.visit_kinds else ""
        given = {question.id: _given(form, question) for question in definition.questions}
        return cls(
            visited_at=field(form, "visited_at"),
            visit_kind=visit_kind,
            questions={question.id: given[question.id] for question in definition.asked(visit_kind, given)},
            note=field(form, "note"),
            place=field(form, "place"),
            position=field(form, "position"),
            outcome=field(form, "outcome"),
            data_error_field=field(form, "data_error_field"),
            help_kinds=[kind for kind in form.getlist("help_kind") if isinstance(kind, str)],
        )

    @classmethod
    def blank(cls, definition: FormDefinition, at: datetime, known: dict[str, str]) -> Self:
        """A form nobody has touched: a visit happening now, because of a warning, with what is known filled in."""
        return cls(
            visited_at=at.astimezone(SHANGHAI).strftime("%Y-%m-%dT%H:%M"),
            visit_kind=definition.visit_kinds.choices[0].id if definition.visit_kinds else "",
            questions={question.id: known.get(question.id, "") for question in definition.questions},
            place=definition.places.choices[0].id,
        )

    def as_fields(self, definition: FormDefinition) -> list[tuple[str, str]]:
        """What a form would post to enter these answers again."""
        asked = definition.asked(self.visit_kind, self.questions)
        given = [(f"question_{one.id}", text) for one in asked for text in one.answers_in(self.questions[one.id])]
        others = ("visited_at", "visit_kind", "note", "place", "position", "outcome", "data_error_field")
        wanted = [("help_kind", kind) for kind in self.help_kinds]
        return [(name, getattr(self, name)) for name in others] + given + wanted

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


def _given(form: FormData, question: Question) -> str:
    name = f"question_{question.id}"
    if question.kind != "several":
        return field(form, name)
    return ",".join(one.strip() for one in form.getlist(name) if isinstance(one, str) and one.strip())


def mistakes(answers: Answers, definition: FormDefinition, delivered_on: date, at: datetime) -> dict[str, str]:
    """For each field in need of mending, the key of the words that say how."""
    asked = list(definition.asked(answers.visit_kind, answers.questions))
    looked_at = {
        "visited_at": _mistake_in_time(answers.visited_moment, delivered_on, at),
        "visit_kind": _mistake_in_kind(answers, definition),
        **{f"question_{one.id}": _mistake_in_answer(one, answers.questions.get(one.id, "")) for one in asked},
        "note": _mistake_in_note(answers.note),
        "place": _unless(not answers.place or definition.places.offers(answers.place), "visit.mistake.place"),
        "position": _unless(
            not answers.position or POSITION.fullmatch(answers.position) is not None, "visit.mistake.position"
        ),
        "outcome": _unless(answers.outcome_kind in definition.outcomes, "visit.mistake.outcome"),
        "data_error_field": _mistake_in_field(answers.field_in_error, definition),
        "help_kind": _unless(set(answers.help_kinds) <= set(HelpKind), "visit.mistake.help_kind"),
    }
    return {name: mistake for name, mistake in looked_at.items() if mistake is not None}


def _unless(is_right: bool, mistake: str) -> str | None:
    return None if is_right else mistake


def _mistake_in_kind(answers: Answers, definition: FormDefinition) -> str | None:
    kinds = definition.visit_kinds
    return _unless(kinds is None or kinds.offers(answers.visit_kind), "visit.mistake.visit_kind")


def _mistake_in_field(field_in_error: str | None, definition: FormDefinition) -> str | None:
    fields = definition.data_error_fields
    is_right = field_in_error is None or (fields is not None and fields.offers(field_in_error))
    return _unless(is_right, "visit.mistake.data_error_field")


def _mistake_in_answer(question: Question, text: str) -> str | None:
    if question.choices:
        offered = {choice.id for choice in question.choices}
        return _unless(set(question.answers_in(text)) <= offered, "visit.mistake.answer_not_offered")
    if question.kind == "number":
        return _unless(not text or is_whole_number(text, LARGEST_NUMBER), "visit.mistake.number")
    if IDENTITY_NUMBER.search(text):
        return "visit.mistake.identity_number"
    return _unless(len(text) <= LONGEST_ANSWER, "visit.mistake.answer_too_long")


def _mistake_in_note(note: str) -> str | None:
    if not note:
        return "visit.mistake.note_missing"
    if IDENTITY_NUMBER.search(note):
        return "visit.mistake.identity_number"
    return _unless(len(note) <= LONGEST_NOTE, "visit.mistake.note_too_long")


def _mistake_in_time(visited_at: datetime | None, delivered_on: date, at: datetime) -> str | None:
    if visited_at is None:
        return "visit.mistake.time_missing"
    if visited_at > at:
        return "visit.mistake.time_ahead"
    if local_date(visited_at) < delivered_on:
        return "visit.mistake.time_before_order"
    return None
