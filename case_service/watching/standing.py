"""How the work stands, read from the database when somebody asks: it is the same from every process."""

from datetime import datetime

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from case_service.deadlines.queries import deadline_report
from case_service.row_security import looking_as_system
from case_service.tables import ChannelHold, Dispatch, Message, Unit
from case_service.tables.notifications import DispatchState
from case_service.working_days import DueRule


def standing(session: Session, rule: DueRule, at: datetime) -> str:
    """Messages that wait, channels that are closed, and orders by county, as Prometheus' text."""
    registry = CollectorRegistry()
    with looking_as_system(session):
        _messages(session, at, registry)
        _orders(session, rule, at, registry)
    return generate_latest(registry).decode()


def _messages(session: Session, at: datetime, registry: CollectorRegistry) -> None:
    waiting = Dispatch.state == DispatchState.WAITING
    asked = select(func.count(), func.min(Message.written_at)).select_from(Dispatch).join(Dispatch.message)
    count, oldest = session.execute(asked.where(waiting)).one()
    _gauge(registry, "messages_waiting", "Messages that wait to go out").set(count)
    said = "How long the oldest message has waited"
    _gauge(registry, "oldest_message_seconds", said).set((at - oldest).total_seconds() if oldest else 0)
    closed = session.scalar(select(func.count()).select_from(ChannelHold).where(ChannelHold.until > at))
    _gauge(registry, "channels_closed", "Channels and bots over which nothing goes out now").set(closed or 0)


def _orders(session: Session, rule: DueRule, at: datetime, registry: CollectorRegistry) -> None:
    # Before the directory is loaded there is no city to look at.
    if session.scalar(select(func.count()).select_from(Unit)) == 0:
        return
    said = {
        "open": "Open orders by county",
        "due_soon": "Orders due within two working days",
        "overdue": "Orders past their due time",
        "unassigned": "Orders that nobody holds",
    }
    gauges = {name: _gauge(registry, f"orders_{name}", text, "county") for name, text in said.items()}
    for county in deadline_report(session, rule, at).counties:
        for name, gauge in gauges.items():
            gauge.labels(county.unit_code).set(getattr(county, name))


def _gauge(registry: CollectorRegistry, name: str, said: str, *labels: str) -> Gauge:
    return Gauge(name, said, labels, namespace="shouwang", subsystem="service", registry=registry)
