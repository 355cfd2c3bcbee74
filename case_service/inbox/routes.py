"""Where the pipeline puts its warnings."""

from fastapi import APIRouter, Request

from case_service.clock import Now
from case_service.database import SessionDep
from case_service.inbox.intake import take_in
from schemas.messages import DispositionBatch, WarningBatch

router = APIRouter(prefix="/api/v1", tags=["pipeline"])


@router.put("/warnings")
def put_warnings(request: Request, batch: WarningBatch, session: SessionDep, now: Now) -> DispositionBatch:
    """Take in a batch and say what became of each warning. Repeating it changes nothing."""
    state = request.app.state
    dispositions = take_in(session, batch, now, state.seal, state.settings.visits_per_week)
    session.commit()
    return DispositionBatch(dispositions=dispositions)
