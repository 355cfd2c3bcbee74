"""Versioned forms, read from the files in `case_service/forms/`."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, model_validator

from schemas.messages import OutcomeKind, Text

FORMS_FOLDER = Path(__file__).parent.parent / "forms"
CURRENT_HOME_VISIT_FORM = "home_visit/2"
PAPERS_FORM = "papers_after_help/1"
VISIT_KIND = "visit_kind"


class Part(BaseModel):
    """A part of a form file; unknown words in it are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Choice(Part):
    """One of several answers."""

    id: str
    label: Text


class ChoiceQuestion(Part):
    """A question with given answers."""

    label: Text
    choices: tuple[Choice, ...]

    def offers(self, choice_id: str) -> bool:
        """Whether `choice_id` is one of the answers."""
        return any(choice.id == choice_id for choice in self.choices)

    def label_of(self, choice_id: str) -> Text:
        """What the answer is called."""
        return next(choice.label for choice in self.choices if choice.id == choice_id)


class Condition(Part):
    """The earlier answers that make a question worth asking."""

    question: str
    any_of: tuple[str, ...]


class Question(Part):
    """One question, answered in a few words, by a number, or from what is given.

    `known_from` names what we know already and fill in.
    """

    id: str
    label: Text
    hint: Text | None = None
    kind: Literal["text", "number", "choice", "several"] = "text"
    choices: tuple[Choice, ...] = ()
    section: str | None = None
    asked_if: Condition | None = None
    known_from: Literal["household_size", "receiving", "medical"] | None = None

    def answers_in(self, text: str) -> list[str]:
        """The answers that `text` holds, which are several only where several may be given."""
        return [one for one in (text.split(",") if self.kind == "several" else [text]) if one]

    def shown(self, text: str) -> list[Text]:
        """The answer as people read it."""
        if not self.choices:
            return [Text(zh=text, en=text)] if text else []
        labels = {choice.id: choice.label for choice in self.choices}
        return [labels[one] for one in self.answers_in(text) if one in labels]


class Section(Part):
    """Questions that stand together under one heading."""

    id: str
    label: Text
    hint: Text | None = None


class FormDefinition(Part):
    """One version of a form. A question comes after the one that decides whether it is asked."""

    version: str
    title: Text
    outcomes: tuple[OutcomeKind, ...] = tuple(OutcomeKind)
    visit_kinds: ChoiceQuestion | None = None
    sections: tuple[Section, ...] = ()
    questions: tuple[Question, ...]
    places: ChoiceQuestion
    data_error_fields: ChoiceQuestion | None = None

    @model_validator(mode="after")
    def holds_together(self) -> Self:
        """Conditions speak of earlier questions and of answers these have; sections exist."""
        offered = {VISIT_KIND: {choice.id for choice in self.visit_kinds.choices}} if self.visit_kinds else {}
        for question in self.questions:
            if question.id in offered:
                raise ValueError(f"{question.id} stands twice")
            if question.section is not None and question.section not in {section.id for section in self.sections}:
                raise ValueError(f"{question.id} stands in the unknown section {question.section}")
            condition = question.asked_if
            if condition and not set(condition.any_of) <= offered.get(condition.question, set()):
                raise ValueError(f"{question.id} is asked if {condition.question} says what it cannot say by then")
            offered[question.id] = {choice.id for choice in question.choices}
        return self

    def in_section(self, section_id: str | None) -> tuple[Question, ...]:
        """The questions of one section, or those that stand in none."""
        return tuple(question for question in self.questions if question.section == section_id)

    def asked(self, visit_kind: str, answers: Mapping[str, str]) -> Iterator[Question]:
        """The questions that the answers so far demand, in their order."""
        given = {VISIT_KIND: {visit_kind}}
        for question in self.questions:
            condition = question.asked_if
            if condition is None or given.get(condition.question, set()) & set(condition.any_of):
                given[question.id] = set(question.answers_in(answers.get(question.id, "")))
                yield question


@cache
def form_definition(version: str) -> FormDefinition:
    """The form an order is pinned to."""
    path = FORMS_FOLDER / f"{version.replace('/', '_')}.yaml"
    definition = FormDefinition.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    if definition.version != version:
        raise ValueError(f"{path.name} says it is {definition.version}, not {version}")
    return definition
