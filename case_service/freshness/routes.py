"""Where the pipeline tells how fresh every source is, and the supervisors' page of it."""

from fastapi import APIRouter, Request, Response

from case_service.access import SignedIn
from case_service.clock import Now
from case_service.database import SessionDep
from case_service.freshness import queries
from case_service.web import page
from schemas.messages import FreshnessReport, SourceStatus

pipeline_router = APIRouter(prefix="/api/v1", tags=["pipeline"])
router = APIRouter(include_in_schema=False)


@pipeline_router.put("/freshness", status_code=204)
def put_freshness(report: FreshnessReport, session: SessionDep, now: Now) -> None:
    """Keep a night's freshness. Repeating it changes nothing; an older night never hides a newer one."""
    queries.keep(session, report, now)
    session.commit()


@router.get("/supervision/freshness")
def freshness(request: Request, viewer: SignedIn, session: SessionDep) -> Response:  # noqa: ARG001
    """Every class by department: whether it comes in, and until when it reaches."""
    report = queries.latest(session)
    return page(
        request,
        "pages/freshness.html",
        report=report,
        departments=queries.by_department(report) if report else [],
        holds=queries.holds_by_class(report) if report else {},
        counts=queries.counts(report) if report else {},
        statuses=list(SourceStatus),
    )
