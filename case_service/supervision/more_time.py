"""Requests for more time that wait for a supervisor, the longest waiting first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from case_service.access import Viewer, in_subtree, visible_orders, with_everything_shown
from case_service.orders.cards import Card, card
from case_service.sealing import Seal
from case_service.tables import MoreTimeRequest, Unit, WorkOrder
from case_service.tables.casework import OrderStatus
from case_service.working_days import DueRule

REQUESTS_SHOWN = 100


@dataclass(frozen=True, slots=True)
class TimeWanted:
    """A request that waits and its order, masked. What the worker wrote stands on the order's page."""

    request: MoreTimeRequest
    card: Card


def count_waiting(session: Session, viewer: Viewer, unit: Unit) -> int:
    """How many requests wait at or below `unit`."""
    orders = _waiting(viewer, unit).with_only_columns(func.count(MoreTimeRequest.id))
    return session.scalar(orders) or 0


def waiting(
    session: Session, viewer: Viewer, unit: Unit, rule: DueRule, seal: Seal, at: datetime
) -> Sequence[TimeWanted]:
    """The requests that wait at or below `unit`, at most `REQUESTS_SHOWN`."""
    first = _waiting(viewer, unit).order_by(MoreTimeRequest.asked_at, MoreTimeRequest.id).limit(REQUESTS_SHOWN)
    orders = {one.id: one for one in session.scalars(with_everything_shown(first)).unique()}
    requests = session.scalars(
        select(MoreTimeRequest)
        .where(MoreTimeRequest.order_id.in_(orders), MoreTimeRequest.decided_at.is_(None))
        .order_by(MoreTimeRequest.asked_at, MoreTimeRequest.id)
        .options(joinedload(MoreTimeRequest.asked_by))
    )
    return [TimeWanted(one, card(orders[one.order_id], viewer, rule, seal, at)) for one in requests]


def _waiting(viewer: Viewer, unit: Unit) -> Select[WorkOrder]:
    return (
        visible_orders(viewer)
        .where(in_subtree(unit.path), WorkOrder.status == OrderStatus.OPEN)
        .join(MoreTimeRequest, MoreTimeRequest.order_id == WorkOrder.id)
        .where(MoreTimeRequest.decided_at.is_(None))
    )
