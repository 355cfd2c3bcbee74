"""Where the pipeline fetches what the visits found."""

from typing import Annotated

from fastapi import APIRouter, Query

from case_service.database import SessionDep
from case_service.outcomes.queries import outcomes_after
from schemas.messages import OutcomePage

router = APIRouter(prefix="/api/v1", tags=["pipeline"])


@router.get("/outcomes")
def get_outcomes(
    session: SessionDep,
    after: Annotated[str, Query(pattern=r"^\d{0,18}$")] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 200,
) -> OutcomePage:
    """One page of outcomes. `next_cursor` is empty only when nothing came after the cursor given: keep the last one."""
    outcomes, cursor = outcomes_after(session, int(after or 0), limit)
    return OutcomePage(outcomes=outcomes, next_cursor=str(cursor) if cursor is not None else None)
