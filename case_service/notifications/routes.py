"""Everybody's inbox (消息)."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from case_service.access import SignedIn
from case_service.clock import Now
from case_service.database import SessionDep
from case_service.forms_posted import CheckedForm
from case_service.notifications import queries
from case_service.notifications.messages import line_of, notice_of
from case_service.web import language_of, page, see_other

router = APIRouter(include_in_schema=False)


@router.get("/messages")
def inbox(
    request: Request,
    viewer: SignedIn,
    session: SessionDep,
    before: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
) -> Response:
    """What this person was told, newest first; each line leads to its order."""
    messages, older = queries.messages_of(session, viewer, before)
    address = request.app.state.settings.address
    language = language_of(request)
    lines = [(one, line_of(one.happening, notice_of(one.order, one.due_at, address), language)) for one in messages]
    return page(request, "pages/messages.html", lines=lines, older=older)


@router.post("/messages/read")
def read_all(viewer: SignedIn, form: CheckedForm, session: SessionDep, now: Now) -> Response:  # noqa: ARG001
    """Mark everything as read."""
    queries.mark_read(session, viewer, now)
    session.commit()
    return see_other("/messages")
