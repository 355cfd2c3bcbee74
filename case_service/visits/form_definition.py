"""Versioned forms, read from the files in `case_service/forms/`."""

from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

from schemas.messages import Text

FORMS_FOLDER = Path(__file__).parent.parent / "forms"
CURRENT_HOME_VISIT_FORM = "home_visit/1"


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


class OpenQuestion(Part):
    """A question answered in a few words."""

    id: str
    label: Text
    hint: Text


class FormDefinition(Part):
    """One version of the form of a home visit."""

    version: str
    title: Text
    visit_kinds: ChoiceQuestion
    questions: tuple[OpenQuestion, ...]
    places: ChoiceQuestion
    data_error_fields: ChoiceQuestion


@cache
def form_definition(version: str) -> FormDefinition:
    """The form an order is pinned to."""
    path = FORMS_FOLDER / f"{version.replace('/', '_')}.yaml"
    definition = FormDefinition.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    if definition.version != version:
        raise ValueError(f"{path.name} says it is {definition.version}, not {version}")
    return definition
