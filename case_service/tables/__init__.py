"""The tables of the case service; importing this module makes all of them known to Alembic."""

from case_service.tables.base import Base
from case_service.tables.calendar import CalendarDay, CalendarOverride
from case_service.tables.casework import Case, ClockPause, Contact, Outcome, ReceivedWarning, Visit, WorkOrder
from case_service.tables.clocks import ClockPlan, ClockStep
from case_service.tables.fieldwork import Addition, HandOver, MoreTimeRequest, Photo, SubmissionReceipt, UrgentHelp
from case_service.tables.freshness import FreshnessTold
from case_service.tables.notifications import (
    ChannelHold,
    Dispatch,
    DispatchAttempt,
    Message,
    StaffAddress,
)
from case_service.tables.people import RecoveryCode, SignInSession, Staff, Unit
from case_service.tables.record import ActionLogEntry
from case_service.tables.referrals import DispatchRule, Handling, Referral
from case_service.tables.reviews import ReviewFinding, ReviewStep
from case_service.tables.tokens import ServiceToken

__all__ = [
    "ActionLogEntry",
    "Addition",
    "Base",
    "CalendarDay",
    "CalendarOverride",
    "Case",
    "ChannelHold",
    "ClockPause",
    "ClockPlan",
    "ClockStep",
    "Contact",
    "Dispatch",
    "DispatchAttempt",
    "DispatchRule",
    "FreshnessTold",
    "HandOver",
    "Handling",
    "Message",
    "MoreTimeRequest",
    "Outcome",
    "Photo",
    "ReceivedWarning",
    "RecoveryCode",
    "Referral",
    "ReviewFinding",
    "ReviewStep",
    "ServiceToken",
    "SignInSession",
    "Staff",
    "StaffAddress",
    "SubmissionReceipt",
    "Unit",
    "UrgentHelp",
    "Visit",
    "WorkOrder",
]
