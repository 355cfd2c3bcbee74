"""Where the pipeline asks how work stands against its deadlines."""

from fastapi import APIRouter

from case_service.clock import Now
from case_service.database import SessionDep
from case_service.deadlines.queries import deadline_report
from case_service.official_calendar import DueRuleDep
from schemas.messages import DeadlineReport

router = APIRouter(prefix="/api/v1", tags=["pipeline"])


@router.get("/deadlines")
def get_deadlines(session: SessionDep, rule: DueRuleDep, now: Now) -> DeadlineReport:
    """Open orders by county: due soon, overdue, waiting for somebody; counts only, nobody is named."""
    return deadline_report(session, rule, now)
