"""Keeping what the pipeline told, and the latest of it by department."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from case_service.tables import FreshnessTold
from schemas.messages import ClassFreshness, FreshnessReport, ModelHold, SourceStatus


@dataclass(frozen=True, slots=True)
class Department:
    """One department's classes, those that want looking after first."""

    title: str
    classes: Sequence[ClassFreshness]


def keep(session: Session, report: FreshnessReport, at: datetime) -> None:
    """Put a night's report in place of an earlier one of the same night."""
    told = {"report": report.model_dump(mode="json"), "received_at": at}
    statement = insert(FreshnessTold).values(business_date=report.business_date, **told)
    session.execute(statement.on_conflict_do_update(index_elements=[FreshnessTold.business_date], set_=told))


def latest(session: Session) -> FreshnessReport | None:
    """What is known by the latest night; none before the first."""
    told = session.scalars(select(FreshnessTold).order_by(FreshnessTold.business_date.desc()).limit(1)).first()
    return FreshnessReport.model_validate(told.report) if told else None


def by_department(report: FreshnessReport) -> list[Department]:
    """The departments in the report's order."""
    gathered: dict[str, list[ClassFreshness]] = {}
    for item in report.classes:
        gathered.setdefault(item.department, []).append(item)
    return [Department(items[0].department_title, sorted(items, key=_attention)) for items in gathered.values()]


def holds_by_class(report: FreshnessReport) -> dict[str, list[ModelHold]]:
    """The models that each class keeps on hold."""
    gathered: dict[str, list[ModelHold]] = {}
    for hold in report.holds:
        gathered.setdefault(hold.extract_class, []).append(hold)
    return gathered


def counts(report: FreshnessReport) -> Counter[SourceStatus]:
    """How many classes stand where."""
    return Counter(item.status for item in report.classes)


def _attention(item: ClassFreshness) -> int:
    return [SourceStatus.LATE, SourceStatus.NEVER_CONNECTED, SourceStatus.CONNECTED].index(item.status)
