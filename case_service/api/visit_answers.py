"""The answers of a visit as programs send them; the form that an order is pinned to judges them."""

from typing import Annotated

from fastapi import HTTPException
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from case_service.api.resources import NOT_NUL
from case_service.clock import SHANGHAI
from case_service.tables.referrals import HelpKind
from case_service.visits.answers import LONGEST_ANSWER, LONGEST_NOTE, Answers
from case_service.visits.form_definition import FormDefinition
from schemas.messages import OutcomeKind

Choice = Annotated[str, Field(max_length=60, pattern=NOT_NUL)]


class VisitAnswers(BaseModel):
    """One visit: when, of which kind, what was answered, what was found."""

    model_config = ConfigDict(extra="forbid")

    visited_at: AwareDatetime
    visit_kind: Choice
    questions: dict[Choice, Annotated[str, Field(max_length=LONGEST_ANSWER, pattern=NOT_NUL)]] = Field(
        default_factory=dict, description="Answers by the id of the question; what was not asked is left out."
    )
    note: Annotated[str, Field(min_length=1, max_length=LONGEST_NOTE, pattern=NOT_NUL)]
    place: Choice
    position: Annotated[str, Field(max_length=60, pattern=NOT_NUL)] = Field(
        default="", description="Latitude, longitude and metres of doubt, where the worker chose to note it."
    )
    outcome: OutcomeKind
    data_error_field: Choice | None = Field(default=None, description="Which figure is wrong, for a data error.")

    help_kinds: list[HelpKind] = Field(
        default_factory=list,
        max_length=len(HelpKind),
        description="With outcome referred: the help to be asked of departments.",
    )

    def as_entered(self, definition: FormDefinition) -> Answers:
        """The answers as the form of a page hands them on: those to questions that the others demand."""
        unknown = self.questions.keys() - {question.id for question in definition.questions}
        if unknown:
            raise HTTPException(422, f"{definition.version} has no such questions: {', '.join(sorted(unknown))}")
        given = {question.id: self.questions.get(question.id, "") for question in definition.questions}
        return Answers(
            visited_at=self.visited_at.astimezone(SHANGHAI).replace(tzinfo=None).isoformat(timespec="minutes"),
            visit_kind=self.visit_kind,
            questions={question.id: given[question.id] for question in definition.asked(self.visit_kind, given)},
            note=self.note,
            place=self.place,
            position=self.position,
            outcome=self.outcome,
            data_error_field=self.data_error_field or "",
            help_kinds=[kind.value for kind in self.help_kinds],
        )
