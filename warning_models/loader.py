"""Reads the warning models: `<hardship>/<id>/model.yaml` with model.sql, examples.yaml and guide.md beside it.

Every model draws its subjects from dwd_person, so narrowing that view (to a county, whose
parameters may differ) narrows the model.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

import pyarrow as pa
import yaml
from pydantic import BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from schemas.messages import Level, Text

MODELS_FOLDER = Path(__file__).parent

ParameterValue = int | Decimal | date | str
EvidenceType = Literal["integer", "decimal(16,2)", "date", "string", "boolean"]

ARROW_TYPES: Mapping[EvidenceType, pa.DataType] = {
    "integer": pa.int32(),
    "decimal(16,2)": pa.decimal128(16, 2),
    "date": pa.date32(),
    "string": pa.string(),
    "boolean": pa.bool_(),
}
FIXED_COLUMNS = ("person_key", "episode", "level")

_STRICT = ConfigDict(extra="forbid")


class ModelError(Exception):
    """A model cannot be used; the message names the file and what to change."""


@dataclass(frozen=True, config=_STRICT)
class LegalBasis:
    """The provision that lets this question be asked."""

    title: str
    clause: str
    url: str | None = None


@dataclass(frozen=True, config=_STRICT)
class DatedValue:
    """A parameter's value from a day on, and where it is written."""

    value: ParameterValue
    reference: str


@dataclass(frozen=True, config=_STRICT)
class Parameter:
    """A number the model turns on: dated, sourced, and other in some counties if need be."""

    unit: str
    description: str
    values: dict[date, DatedValue]
    counties: dict[str, dict[date, DatedValue]] = Field(default_factory=dict)

    def in_force_on(self, as_of: date, county_code: str | None = None) -> tuple[date, DatedValue] | None:
        """The value in force on a day and the day from which it is: the county's own where it has one."""
        for values in (self.counties.get(county_code or "", {}), self.values):
            started = [day for day in values if day <= as_of]
            if started:
                return max(started), values[max(started)]
        return None

    def value_on(self, as_of: date, county_code: str | None = None) -> ParameterValue | None:
        """The value in force on a day: the county's own where it has one, else the city's."""
        in_force = self.in_force_on(as_of, county_code)
        return in_force[1].value if in_force else None


@dataclass(frozen=True, config=_STRICT)
class Evidence:
    """One column that a warning shows. `shown_as: month` leaves the day out; `adds_up` over a household's members."""

    type: EvidenceType
    label: Text
    unit: Text | None = None
    shown_as: Literal["month"] | None = None
    adds_up: bool = False


def _reasons(value: Any) -> Any:
    """One reason sentence, or one per kind of episode; a single one stands under ''."""
    return {"": value} if isinstance(value, dict) and value.keys() == {"zh", "en"} else value


@dataclass(frozen=True, config=_STRICT)
class WarningModel:
    """One claim. `model.yaml` is read into this; see code and `guide.md` beside it for meaning.

    `leading_figure` and `happened_on` name evidence, where there is such: the amount that makes the same
    episode worth another look once it has doubled, and the day of the event that the claim is about.
    """

    id: str
    number: str
    version: Annotated[int, Field(ge=1)]
    status: Literal["draft", "shadow", "active", "retired"]
    title: Text
    kind: Literal["help", "review"]
    question: str
    owner: str
    legal_basis: list[LegalBasis]
    subject: Literal["person"]
    inputs: list[str]
    sources: list[str]
    parameters: dict[str, Parameter]
    evidence: dict[str, Evidence]
    reason: Annotated[dict[str, Text], BeforeValidator(_reasons)]
    levels: dict[Level, Text]
    leads_to: list[Text]
    check_at_door: list[Text]
    known_limits: list[str]
    not_used: list[str]
    quiet_days: Annotated[int, Field(ge=0)]
    review_by: date
    folder: Path
    sql: str
    value_labels: dict[str, dict[str, Text]] = Field(default_factory=dict)
    leading_figure: str | None = None
    happened_on: str | None = None
    same_cause: list[str] = Field(default_factory=list)

    @property
    def runs_at_night(self) -> bool:
        """Whether it is asked each night; what a shadow claims is only counted."""
        return self.status in ("active", "shadow")

    @property
    def hardship(self) -> str:
        """The matter under which a household gets one warning: the folder above the model's."""
        return self.folder.parent.name

    def parameters_on(self, as_of: date, county_code: str | None = None) -> dict[str, ParameterValue | date]:
        """What model.sql needs for a day: `as_of` and every parameter's value in force."""
        values = {name: parameter.value_on(as_of, county_code) for name, parameter in self.parameters.items()}
        unset = sorted(name for name, value in values.items() if value is None)
        if unset:
            raise ModelError(f"{self.folder / 'model.yaml'}: {', '.join(unset)} has no value on {as_of}; add one")
        return {"as_of": as_of, **{name: value for name, value in values.items() if value is not None}}

    @property
    def output_schema(self) -> pa.Schema:
        """The columns of model.sql in order: person_key, episode, level, then the evidence."""
        fixed = [(name, pa.string()) for name in FIXED_COLUMNS]
        return pa.schema(fixed + [(name, ARROW_TYPES[item.type]) for name, item in self.evidence.items()])

    @property
    def lock_hash(self) -> str:
        """A hash over all that decides who is warned and what they read; other wording may change freely."""
        deciding = {
            "sql": self.sql,
            "inputs": self.inputs,
            "parameters": {name: asdict(parameter) for name, parameter in self.parameters.items()},
            "evidence": {name: [item.type, item.shown_as] for name, item in self.evidence.items()},
            "reason": {kind: text.model_dump() for kind, text in self.reason.items()},
            "quiet_days": self.quiet_days,
            "kind": self.kind,
            "hardship": self.hardship,
            "same_cause": self.same_cause,
        }
        again = {"leading_figure": self.leading_figure, "happened_on": self.happened_on}
        deciding |= {name: evidence for name, evidence in again.items() if evidence}
        return hashlib.sha256(json.dumps(_plain(deciding), sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, config=_STRICT)
class HelpModel(WarningModel):
    """A claim that may only open help: its warnings lead to visits."""

    kind: Literal["help"]


@dataclass(frozen=True, config=_STRICT)
class ReviewModel(WarningModel):
    """A finding that might end or reduce a benefit: a person decides, after notice. It never becomes a warning."""

    kind: Literal["review"]


def load_models(folder: Path = MODELS_FOLDER) -> list[WarningModel]:
    """Every model under `folder`, by number. Raises ModelError that names all that cannot be read."""
    models, unreadable = readable_models(folder)
    if unreadable:
        raise ModelError("\n".join(unreadable))
    return models


def readable_models(folder: Path = MODELS_FOLDER) -> tuple[list[WarningModel], list[str]]:
    """The models under `folder` that can be read, by number, and what is wrong with each that cannot."""
    models, unreadable = list[WarningModel](), list[str]()
    for file in sorted(folder.glob("*/*/model.yaml")):
        try:
            models.append(load_model(file.parent))
        except ModelError as problem:
            unreadable.append(str(problem))
    return sorted(models, key=lambda model: model.number), unreadable


def load_model(folder: Path) -> WarningModel:
    """The model in one folder."""
    sql_file = folder / "model.sql"
    described = _text(folder / "model.yaml")
    if not sql_file.is_file():
        raise ModelError(f"{sql_file}: missing; write the one select that finds the subjects")
    return _as_described(folder, described, sql_file.read_text("utf-8"))


# A night asks for all models again and again; what their files say is understood once.
@lru_cache(maxsize=128)
def _as_described(folder: Path, text: str, sql: str) -> WarningModel:
    file = folder / "model.yaml"
    described = _parsed(file, text)
    if not isinstance(described, dict):
        raise ModelError(f"{file}: write the model's entries as `name: value` lines")
    kind = _KINDS.get(described.get("kind", ""))
    if kind is None:
        raise ModelError(f"{file}: kind: say `help` (opens help) or `review` (might end a benefit; a person decides)")
    try:
        return TypeAdapter(kind).validate_python({**described, "folder": folder, "sql": sql})
    except ValidationError as invalid:
        wrong = "; ".join(f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in invalid.errors())
        raise ModelError(f"{file}: {wrong}") from invalid


_KINDS: Mapping[str, type[HelpModel] | type[ReviewModel]] = {"help": HelpModel, "review": ReviewModel}


class _ExactLoader(yaml.CSafeLoader):
    """Reads 0.50 as Decimal('0.50'): a threshold must not pass through binary fractions."""


def _exact(_: yaml.CSafeLoader, node: yaml.ScalarNode) -> Decimal:
    return Decimal(str(node.value))


_ExactLoader.add_constructor("tag:yaml.org,2002:float", _exact)


def read_yaml(file: Path) -> Any:
    """A YAML file with exact decimals. Raises ModelError where it is missing or not YAML."""
    return _parsed(file, _text(file))


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except FileNotFoundError:
        raise ModelError(f"{file}: missing; add it") from None


def _parsed(file: Path, text: str) -> Any:
    try:
        return parsed_yaml(text)
    except yaml.YAMLError as broken:
        raise ModelError(f"{file}: not YAML: {broken}") from broken


def parsed_yaml(text: str) -> Any:
    """What a YAML text says, with exact decimals."""
    return yaml.load(text, Loader=_ExactLoader)  # noqa: S506 -- a SafeLoader


def _plain(value: Any) -> Any:
    """Dates and decimals as text, keys too, so that a hash can be taken."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | None) else str(value)
