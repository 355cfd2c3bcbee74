"""What all tables share: naming of constraints, and times that know their zone."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import DateTime, Enum, MetaData
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    """The declarative base; constraints are named so that a migration can speak of them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: DateTime(timezone=True), dict[str, Any]: JSONB}


def words_of(vocabulary: type[StrEnum]) -> Enum:
    """A text column that takes only the words of `vocabulary`, checked by the database too."""
    return Enum(
        vocabulary,
        native_enum=False,
        create_constraint=True,
        length=40,
        name=vocabulary.__name__.lower(),
        values_callable=lambda words: [word.value for word in words],
    )
