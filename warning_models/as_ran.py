"""A model as it ran on a night, kept as text, so that the night can be run again once the model has changed."""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import TypeAdapter

from warning_models.loader import MODELS_FOLDER, WarningModel, parsed_yaml

Kind = TypeVar("Kind", bound=WarningModel)

_KEPT_APART = {"folder", "sql"}
_FOLDER = "folder"


def as_text(model: WarningModel) -> str:
    """Everything about the model but its SQL, with exact decimals."""
    described: dict[str, Any] = TypeAdapter(type(model)).dump_python(model, exclude=_KEPT_APART)
    described[_FOLDER] = f"{model.hardship}/{model.folder.name}"
    return yaml.dump(described, Dumper=_ExactDumper, allow_unicode=True, sort_keys=True)


def from_text(kind: type[Kind], text: str, sql: str) -> Kind:
    """The model that `as_text` wrote, with the SQL that it ran; one of another kind is refused."""
    described: Mapping[str, Any] = parsed_yaml(text)
    folder: Path = MODELS_FOLDER / described[_FOLDER]
    return TypeAdapter(kind).validate_python({**described, _FOLDER: folder, "sql": sql})


class _ExactDumper(yaml.CSafeDumper):
    """Writes Decimal('0.50') as 0.50."""


def _decimal(dumper: yaml.CSafeDumper, value: Decimal) -> yaml.ScalarNode:
    # Without a point, 1E+3 and 5 would read back as text or as a whole number.
    return dumper.represent_scalar("tag:yaml.org,2002:float", f"{value:f}" if "." in f"{value:f}" else f"{value:f}.")


def _word(dumper: yaml.CSafeDumper, value: StrEnum) -> yaml.ScalarNode:
    return dumper.represent_str(str(value))


_ExactDumper.add_representer(Decimal, _decimal)
_ExactDumper.add_multi_representer(StrEnum, _word)
