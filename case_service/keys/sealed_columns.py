"""Every sealed column with the place that its values are sealed for, and how all of them are sealed anew."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from sqlalchemy import Engine, inspect, select
from sqlalchemy.orm import Session, undefer

from case_service.fieldwork.queries import fieldwork_place
from case_service.orders.people import contact_place
from case_service.referrals.referring import handling_place, note_place
from case_service.reviews.queries import finding_place, step_place
from case_service.sealing import Seal
from case_service.sign_in.second_factor import second_factor_place
from case_service.tables import (
    Addition,
    Base,
    Case,
    Contact,
    Handling,
    MoreTimeRequest,
    Photo,
    Referral,
    ReviewFinding,
    ReviewStep,
    Staff,
    UrgentHelp,
    Visit,
    WorkOrder,
)
from case_service.visits.photos import photo_place
from case_service.visits.queries import visit_place

ROWS_AT_ONCE = 200


class SealingKeyError(Exception):
    """A sealed value opens with none of the keys at hand."""


@dataclass(frozen=True)
class SealedTable:
    """A table with sealed columns; `owner` is what the place of a value is named after, where it is not the row."""

    columns: tuple[str, ...]
    place: Callable[[Any, str], str]
    owner: tuple[type[Base], str] | None = None


def _of_order(place: Callable[[WorkOrder], str], column: str) -> SealedTable:
    return SealedTable((column,), lambda order, _: place(order), (WorkOrder, "order_id"))


CONTACT = ("sealed_name", "sealed_identity_number", "sealed_phone", "sealed_address")

SEALED: Mapping[type[Base], SealedTable] = {
    Contact: SealedTable(CONTACT, lambda row, column: contact_place(row.case.number, row.person_key) + _what(column)),
    ReviewFinding: SealedTable(
        ("sealed_name", "sealed_identity_number"), lambda row, column: finding_place(row.finding_id, _what(column))
    ),
    ReviewStep: SealedTable(("sealed_text",), lambda finding, _: step_place(finding), (ReviewFinding, "finding_id")),
    Visit: _of_order(visit_place, "sealed_answers"),
    Addition: _of_order(visit_place, "sealed_answers"),
    Photo: _of_order(photo_place, "sealed_picture"),
    MoreTimeRequest: _of_order(fieldwork_place, "sealed_note"),
    UrgentHelp: _of_order(fieldwork_place, "sealed_details"),
    Referral: SealedTable(("sealed_note",), lambda case, _: note_place(case), (Case, "case_id")),
    Handling: _of_order(handling_place, "sealed_text"),
    Staff: SealedTable(("sealed_second_factor",), lambda row, _: second_factor_place(row.username)),
}


def seal_anew(engine: Engine, seal: Seal) -> dict[str, int]:
    """Seal every value under the newest key, some rows at a time; the service may go on. Gives how many by table.

    Killed on the way it goes on where it ended. Raises SealingKeyError where no key opens a value.
    """
    return {table.__tablename__: _seal_table(engine, seal, table) for table in SEALED}


def _seal_table(engine: Engine, seal: Seal, table: type[Base]) -> int:
    key = inspect(table).primary_key[0]
    name = str(key.key)
    changed, last = 0, None
    while True:
        with Session(engine) as session:
            chosen = select(table).order_by(key).limit(ROWS_AT_ONCE).with_for_update(of=table)
            chosen = chosen.options(*(undefer(getattr(table, column)) for column in SEALED[table].columns))
            rows = session.scalars(chosen if last is None else chosen.where(key > last)).all()
            if not rows:
                return changed
            changed += sum(_seal_row(session, seal, row) for row in rows)
            last = getattr(rows[-1], name)
            session.commit()


def _seal_row(session: Session, seal: Seal, row: Base) -> int:
    told = SEALED[type(row)]
    named = session.get_one(told.owner[0], getattr(row, told.owner[1])) if told.owner else row
    changed = 0
    for column in told.columns:
        sealed = getattr(row, column)
        if sealed is None:
            continue
        try:
            anew = seal.sealed_anew(sealed, told.place(named, column))
        except InvalidTag:
            raise SealingKeyError(
                f"{column} in a row of {row.__tablename__} opens with none of the keys in case_sealing_key: the system "
                "administrator must add the key of that time as the first line"
            ) from None
        if anew is not None:
            setattr(row, column, anew)
            changed += 1
    return changed


def _what(column: str) -> str:
    return column.removeprefix("sealed_")
