"""The tables of the case service; importing this module makes all of them known to Alembic."""

from case_service.tables.base import Base
from case_service.tables.calendar import CalendarDay
from case_service.tables.casework import Case, ClockPause, Contact, Outcome, ReceivedWarning, Visit, WorkOrder
from case_service.tables.freshness import FreshnessTold
from case_service.tables.people import RecoveryCode, SignInSession, Staff, Unit
from case_service.tables.record import ActionLogEntry
from case_service.tables.referrals import DispatchRule, Handling, Referral

__all__ = [
    "ActionLogEntry",
    "Base",
    "CalendarDay",
    "Case",
    "ClockPause",
    "Contact",
    "DispatchRule",
    "FreshnessTold",
    "Handling",
    "Outcome",
    "ReceivedWarning",
    "RecoveryCode",
    "Referral",
    "SignInSession",
    "Staff",
    "Unit",
    "Visit",
    "WorkOrder",
]
