"""Where Prometheus asks how the service does."""

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from case_service.clock import Now
from case_service.database import SessionDep
from case_service.official_calendar import DueRuleDep
from case_service.watching.measures import counted
from case_service.watching.standing import standing

router = APIRouter(include_in_schema=False)


@router.get("/metrics")
def metrics(session: SessionDep, rule: DueRuleDep, now: Now) -> Response:
    """What the service counted and how the work stands; nothing in it names anybody."""
    return Response(counted() + standing(session, rule, now), media_type=CONTENT_TYPE_PLAIN_0_0_4)
