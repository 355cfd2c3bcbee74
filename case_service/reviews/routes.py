"""Where the pipeline puts findings for review, and the reviewers' pages."""

from math import ceil
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response

from case_service import action_log
from case_service.access import Supervisor
from case_service.action_log import Action
from case_service.clock import Now, local_date
from case_service.database import SessionDep
from case_service.forms_posted import CheckedForm, field, text_of
from case_service.official_calendar import DueRuleDep
from case_service.reviews import queries
from case_service.reviews.states import STEPS, StepRefusedError
from case_service.tables import ReviewFinding
from case_service.tables.reviews import Decision, ReviewStatus
from case_service.web import page, see_other
from schemas.messages import ReviewFindingBatch, ReviewFindingsTaken

pipeline_router = APIRouter(prefix="/api/v1", tags=["pipeline"])
router = APIRouter(include_in_schema=False)


@pipeline_router.put("/review-findings")
def put_review_findings(
    request: Request, batch: ReviewFindingBatch, session: SessionDep, now: Now
) -> ReviewFindingsTaken:
    """Keep findings for people to review. Repeating it changes nothing; none of them ever opens an order."""
    taken = queries.take_in(session, batch, now, request.app.state.seal)
    session.commit()
    return ReviewFindingsTaken(finding_ids=taken)


def finding_to_review(finding_id: str, viewer: Supervisor, session: SessionDep) -> ReviewFinding:
    """The finding in the reviewer's scope, or 404."""
    finding = queries.finding_of(session, viewer, finding_id)
    if finding is None:
        raise HTTPException(404)
    return finding


FindingToReview = Annotated[ReviewFinding, Depends(finding_to_review)]


@router.get("/reviews")
def reviews(
    request: Request,
    viewer: Supervisor,
    session: SessionDep,
    status: str = "",
    page_number: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1,
) -> Response:
    """What waits for review in the reviewer's scope."""
    wanted = ReviewStatus(status) if status in set(ReviewStatus) else None
    findings, count = queries.listed(session, viewer, wanted, page_number)
    return page(
        request,
        "pages/reviews.html",
        findings=[queries.shown(one, request.app.state.seal) for one in findings],
        count=count,
        wanted=wanted,
        statuses=list(ReviewStatus),
        page_number=page_number,
        page_count=max(ceil(count / queries.FINDINGS_PER_PAGE), 1),
    )


@router.get("/reviews/{finding_id}")
def review(request: Request, finding: FindingToReview, viewer: Supervisor, session: SessionDep, now: Now) -> Response:
    """One finding, what was done about it, and what may be done next."""
    response = _page(request, finding, viewer, now)
    read = Action(viewer.username, "review_finding_read", finding.finding_id, "reviewing")
    action_log.record(session, now, [read])
    session.commit()
    return response


@router.post("/reviews/{finding_id}/{step}")
def take_step(
    request: Request,
    finding: FindingToReview,
    step: str,
    viewer: Supervisor,
    form: CheckedForm,
    session: SessionDep,
    rule: DueRuleDep,
    now: Now,
) -> Response:
    """Take one step on a finding, or say what keeps the reviewer from it."""
    decision, text = field(form, "decision"), text_of(form, "text")
    if step not in STEPS or (decision and decision not in set(Decision)):
        raise HTTPException(422)
    chosen = Decision(decision) if decision else None
    seal = request.app.state.seal
    try:
        queries.take_step(session, finding, step, text, chosen, viewer, now, seal, rule.calendar)
    except StepRefusedError as refusal:
        return _page(request, finding, viewer, now, str(refusal))
    session.commit()
    return see_other(f"/reviews/{finding.finding_id}")


def _page(
    request: Request, finding: ReviewFinding, viewer: Supervisor, now: Now, refusal: str | None = None
) -> Response:
    seal = request.app.state.seal
    return page(
        request,
        "pages/review.html",
        status_code=409 if refusal else 200,
        shown=queries.shown(finding, seal),
        steps=queries.steps_shown(finding, seal),
        open_steps=queries.steps_open(finding, viewer, local_date(now)),
        decisions=list(Decision),
        refusal=refusal,
    )
