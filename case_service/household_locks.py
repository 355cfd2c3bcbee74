"""One change at a time to what is known and done about a household."""

from collections.abc import Iterable
from zlib import crc32

from sqlalchemy import func, select
from sqlalchemy.orm import Session

# PostgreSQL keeps all advisory locks in one shared table of limited size, so households share these.
HOUSEHOLD_LOCKS = 512
HOUSEHOLD_LOCK_CLASS = 7_341


def lock_households(session: Session, household_keys: Iterable[str]) -> None:
    """Until this transaction ends nobody else changes the cases and orders of these households.

    Locks are taken in ascending order, so that two batches never wait for each other.
    """
    for lock in sorted({crc32(key.encode()) % HOUSEHOLD_LOCKS for key in household_keys}):
        session.execute(select(func.pg_advisory_xact_lock(HOUSEHOLD_LOCK_CLASS, lock)))
