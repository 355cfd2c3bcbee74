"""One change at a time to what is known and done about a household, and to what fills a worker's week."""

from collections.abc import Iterable
from zlib import crc32

from sqlalchemy import text
from sqlalchemy.orm import Session

# PostgreSQL keeps all advisory locks in one shared table of limited size, so keys share these.
HOUSEHOLD_LOCKS = 512
HOUSEHOLD_LOCK_CLASS = 7_341
GRID_LOCK_CLASS = 7_342
_TAKE = text("select pg_advisory_xact_lock(:lock_class, lock) from unnest(cast(:locks as int[])) as lock")


def lock_households(session: Session, household_keys: Iterable[str]) -> None:
    """Until this transaction ends nobody else changes the cases and orders of these households.

    Locks are taken in ascending order, so that two batches never wait for each other.
    """
    _lock(session, HOUSEHOLD_LOCK_CLASS, household_keys)


def lock_grids(session: Session, grid_codes: Iterable[str]) -> None:
    """Until this transaction ends nobody else fills the weeks of these grids' workers.

    To be taken after the households' locks, never before.
    """
    _lock(session, GRID_LOCK_CLASS, grid_codes)


def _lock(session: Session, lock_class: int, keys: Iterable[str]) -> None:
    locks = sorted({crc32(key.encode()) % HOUSEHOLD_LOCKS for key in keys})
    # Rows of `unnest` come in the order of the array, so all are taken one after the other at one asking.
    session.execute(_TAKE, {"lock_class": lock_class, "locks": locks})
