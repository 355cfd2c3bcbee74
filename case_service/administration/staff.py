"""Accounts: finding them in the administrator's scope, creating and changing them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, HTTPException
from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from case_service.access import SignedIn, Viewer, in_subtree
from case_service.database import SessionDep
from case_service.tables import Staff, Unit

ACCOUNTS_PER_PAGE = 50
USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")
PHONE = re.compile(r"\d{5,20}|")
LONGEST_NAME = 40


@dataclass(frozen=True, slots=True)
class Details:
    """What the system administrator enters about somebody."""

    username: str
    display_name: str
    phone: str

    def mistake_in_username(self) -> str | None:
        """The key of the words that say how a new username is to look; those of the directory may look otherwise."""
        return None if USERNAME.fullmatch(self.username) else "staff.mistake.username"

    def mistake(self) -> str | None:
        """The key of the words that say what to mend in all but the username, if anything."""
        if not 0 < len(self.display_name) <= LONGEST_NAME:
            return "staff.mistake.display_name"
        return None if PHONE.fullmatch(self.phone) else "staff.mistake.phone"


def account_in_scope(username: str, viewer: SignedIn, session: SessionDep) -> Staff:
    """The account of somebody at or below the administrator's unit, or 404; locked until the request is done."""
    wanted = select(Staff).join(Staff.unit).where(Staff.username == username, in_subtree(viewer.unit_path))
    staff = session.scalar(wanted.with_for_update(of=Staff))
    if staff is None:
        raise HTTPException(404)
    return staff


AccountInScope = Annotated[Staff, Depends(account_in_scope)]


def account_of_another(staff: AccountInScope, viewer: SignedIn) -> Staff:
    """As `account_in_scope`, but nobody grants anything to themselves: 409."""
    if staff.id == viewer.staff_id:
        raise HTTPException(409)
    return staff


AccountOfAnother = Annotated[Staff, Depends(account_of_another)]


def accounts(session: Session, viewer: Viewer, words: str, page_number: int) -> tuple[Sequence[Staff], int]:
    """One page of the accounts in scope whose name, username or unit holds `words`, and how many there are."""
    found = select(Staff).join(Staff.unit).where(in_subtree(viewer.unit_path))
    if words:
        columns = (Staff.username, Staff.display_name, Unit.name, Unit.code)
        found = found.where(or_(*(column.contains(words, autoescape=True) for column in columns)))
    count = session.scalar(found.with_only_columns(func.count(Staff.id))) or 0
    shown = found.order_by(Unit.path, Staff.username).limit(ACCOUNTS_PER_PAGE)
    return session.scalars(shown.offset((page_number - 1) * ACCOUNTS_PER_PAGE)).all(), count


def new_account(session: Session, details: Details, unit: Unit) -> bool:
    """Create an account without a role or a password; false when the username is taken."""
    new = insert(Staff).values(
        username=details.username,
        display_name=details.display_name,
        phone=details.phone or None,
        unit_code=unit.code,
        role=None,
    )
    kept = new.on_conflict_do_nothing(index_elements=[Staff.username]).returning(Staff.id)
    return session.scalar(kept) is not None
