"""Writing what a grid worker does on an order besides the visit, and reading it back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from case_service import action_log
from case_service.access import Viewer
from case_service.action_log import Action
from case_service.clock import local_date
from case_service.fieldwork.entries import Entry
from case_service.household_locks import lock_households
from case_service.inbox.queries import next_order_number
from case_service.notifications.outbox import Telling, tell
from case_service.orders.cards import due_of
from case_service.orders.states import Actor, MoveRefusedError, move
from case_service.row_security import looking_as_system
from case_service.sealing import Seal
from case_service.tables import ClockPause, HandOver, MoreTimeRequest, Staff, UrgentHelp, WorkOrder
from case_service.tables.casework import OrderKind
from case_service.tables.fieldwork import HandOverReason, HelpGiven, MoreTimeReason
from case_service.tables.notifications import Happening
from case_service.visits.form_definition import PAPERS_FORM
from case_service.working_days import DueRule


@dataclass(frozen=True, slots=True)
class HelpRecorded:
    """Help given before the papers, opened for reading."""

    kind: HelpGiven
    given_at: datetime
    details: str


@dataclass(frozen=True, slots=True)
class TimeAsked:
    """A request for more time, opened for reading."""

    request: MoreTimeRequest
    asked_by: str
    note: str


def help_at_once(
    session: Session, order: WorkOrder, entry: Entry, viewer: Viewer, at: datetime, seal: Seal, days_for_papers: int
) -> None:
    """Record help given before any papers, and open the order for the papers; the visit stays to be made.

    The papers are due `days_for_papers` working days from now.

    Raises `MoveRefusedError` when the order was closed or handed on in the meantime.
    """
    _take(session, order, "help_at_once", viewer)
    papers = WorkOrder(
        number=next_order_number(session, at),
        case=order.case,
        kind=OrderKind.FOLLOW_UP,
        unit_code=order.unit_code,
        follows=order,
        form_version=PAPERS_FORM,
        level=order.level,
        working_days=days_for_papers,
    )
    move(papers, "follow_up", Actor.ASSIGNEE, opened_at=at, delivered_at=at, assignee_id=viewer.staff_id)
    session.add(papers)
    session.flush()
    amount = f"{entry.values['amount']} 元 · " if entry.values["amount"] else ""
    session.add(
        UrgentHelp(
            order_id=order.id,
            papers_order_id=papers.id,
            given_by_id=viewer.staff_id,
            given_at=entry.given_moment,
            recorded_at=at,
            kind=HelpGiven(entry.values["help"]),
            sealed_details=seal.close(amount + entry.values["note"], fieldwork_place(order)),
        )
    )
    session.flush()
    details = {"help": entry.values["help"], "papers_order": papers.number}
    action_log.record(session, at, [Action(viewer.username, "helped_at_once", order.number, None, details)])


def ask_for_time(session: Session, order: WorkOrder, entry: Entry, viewer: Viewer, at: datetime, seal: Seal) -> None:
    """Ask the supervisors to let the clock stand still. Raises `MoveRefusedError`, also while a request waits."""
    _take(session, order, "ask_for_time", viewer)
    if waiting_request(session, order) is not None:
        raise MoveRefusedError(f"a request for more time waits on order {order.number}")
    session.add(
        MoreTimeRequest(
            order_id=order.id,
            asked_by_id=viewer.staff_id,
            asked_at=at,
            asked_on=local_date(at),
            until=entry.until,
            reason=MoreTimeReason(entry.values["reason"]),
            sealed_note=seal.close(entry.values["note"], fieldwork_place(order)),
        )
    )
    session.flush()
    details = {"reason": entry.values["reason"], "until": entry.values["until"]}
    action_log.record(session, at, [Action(viewer.username, "time_asked_for", order.number, None, details)])


def decide_on_time(
    session: Session, order: WorkOrder, is_granted: bool, viewer: Viewer, rule: DueRule, at: datetime
) -> None:
    """Grant or refuse the request that waits, and tell the holder; a grant is written to the ledger of pauses.

    Raises `MoveRefusedError` when nothing waits any more.
    """
    lock_households(session, [order.case.household_key])
    session.refresh(order, ["status", "assignee_id"])
    move(order, "decide_on_time", Actor.SUPERVISOR)
    request = waiting_request(session, order)
    if request is None:
        raise MoveRefusedError(f"no request for more time waits on order {order.number}")
    request.decided_at, request.decided_by_id, request.is_granted = at, viewer.staff_id, is_granted
    session.flush()
    if is_granted:
        _grant(session, order, request, rule, at)
    else:
        _tell_holder(session, order, Happening.TIME_REFUSED, rule, at)
    action = "time_granted" if is_granted else "time_refused"
    action_log.record(session, at, [Action(viewer.username, action, order.number, request.reason.value)])


def _grant(session: Session, order: WorkOrder, request: MoreTimeRequest, rule: DueRule, at: datetime) -> None:
    session.refresh(order, ["pauses"])
    order.pauses.append(ClockPause(paused_on=request.asked_on, resumed_on=request.until, reason=request.reason.value))
    session.flush()
    _tell_holder(session, order, Happening.CLOCK_PAUSED, rule, at)


def _tell_holder(session: Session, order: WorkOrder, happening: Happening, rule: DueRule, at: datetime) -> None:
    if order.assignee_id is not None:
        due = due_of(order, rule)
        cause = f"{order.number}/{happening}/{at.isoformat()}"
        tell(session, [Telling(order.assignee_id, order.id, happening, cause, due.at if due else None)], at)


def hand_over(session: Session, order: WorkOrder, entry: Entry, colleague: Staff, viewer: Viewer, at: datetime) -> None:
    """Give the order to a colleague of the village; its clock runs on. Raises `MoveRefusedError`."""
    reason = HandOverReason(entry.values["reason"])
    given = HandOver(
        order_id=order.id, from_id=viewer.staff_id, to_id=colleague.id, by_id=viewer.staff_id, at=at, reason=reason
    )
    with looking_as_system(session):  # the order leaves the sight of whoever hands it over
        _take(session, order, "hand_over", viewer, assignee_id=colleague.id)
        session.add(given)
        session.flush()
    details = {"assignee": colleague.username}
    action_log.record(session, at, [Action(viewer.username, "order_handed_over", order.number, reason.value, details)])


def waiting_request(session: Session, order: WorkOrder) -> MoreTimeRequest | None:
    """The request for more time on which nobody has decided."""
    return session.scalar(
        select(MoreTimeRequest).where(MoreTimeRequest.order_id == order.id, MoreTimeRequest.decided_at.is_(None))
    )


def time_asked(session: Session, order: WorkOrder, seal: Seal) -> Sequence[TimeAsked]:
    """All requests for more time on an order, the latest first."""
    rows = session.scalars(
        select(MoreTimeRequest)
        .where(MoreTimeRequest.order_id == order.id)
        .order_by(MoreTimeRequest.id.desc())
        .options(joinedload(MoreTimeRequest.asked_by))
    )
    place = fieldwork_place(order)
    return [TimeAsked(row, row.asked_by.display_name, seal.open(row.sealed_note, place)) for row in rows]


def help_recorded(session: Session, order: WorkOrder, seal: Seal) -> Sequence[HelpRecorded]:
    """Help given at once on an order, or whose papers the order is for."""
    rows = session.execute(
        select(UrgentHelp, WorkOrder.number)
        .join(WorkOrder, WorkOrder.id == UrgentHelp.order_id)
        .where(or_(UrgentHelp.order_id == order.id, UrgentHelp.papers_order_id == order.id))
        .order_by(UrgentHelp.id)
    )
    return [
        HelpRecorded(row.kind, row.given_at, seal.open(row.sealed_details, f"{number}/fieldwork"))
        for row, number in rows
    ]


def _take(session: Session, order: WorkOrder, name: str, viewer: Viewer, **writes: int) -> None:
    lock_households(session, [order.case.household_key])
    session.refresh(order, ["status", "assignee_id"])
    move(order, name, Actor.ASSIGNEE if order.assignee_id == viewer.staff_id else Actor.SUPERVISOR, **writes)


def fieldwork_place(order: WorkOrder) -> str:
    """Where the words that came with an order belong."""
    return f"{order.number}/fieldwork"
