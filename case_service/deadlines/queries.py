"""Counts by county, from the same judgement that the supervisor's page shows."""

from datetime import datetime, time

from sqlalchemy import select
from sqlalchemy.orm import Session

from case_service.access import Viewer
from case_service.clock import SHANGHAI
from case_service.supervision.queries import Judgement, Standing, Tally, judge, tallies
from case_service.tables import Unit
from case_service.tables.people import Role
from case_service.working_days import DueRule
from schemas.messages import DeadlineReport, UnitDeadlines


def deadline_report(session: Session, rule: DueRule, at: datetime) -> DeadlineReport:
    """How the whole city's open orders stand at a moment."""
    city = session.scalars(select(Unit).where(Unit.parent_code.is_(None))).one()
    everybody = _whole_city(city)
    judgement = judge(session, everybody, rule, at)
    counties = [_unit_deadlines(tally) for tally in tallies(session, everybody, city, judgement)]
    return DeadlineReport(as_of=at, counties=counties, provisional=_any_provisional(judgement, rule))


def _whole_city(city: Unit) -> Viewer:
    """The pipeline as a viewer: it may count everything and is shown nobody."""
    return Viewer(
        staff_id=0,
        username="pipeline",
        display_name="",
        role=Role.CITY,
        unit_code=city.code,
        unit_name=city.name,
        unit_path=city.path,
        form_token="",
    )


def _unit_deadlines(tally: Tally) -> UnitDeadlines:
    return UnitDeadlines(
        unit_code=tally.unit.code,
        unit_name=tally.unit.name,
        open=tally.open,
        due_soon=tally.counts[Standing.DUE_SOON],
        overdue=tally.counts[Standing.OVERDUE],
        unassigned=tally.counts[Standing.UNASSIGNED],
    )


def _any_provisional(judgement: Judgement, rule: DueRule) -> bool:
    due = (rule.with_budget(budget).due(datetime.combine(day, time(12), SHANGHAI)) for day, budget in judgement.days)
    return any(one.is_provisional for one in due if one)
