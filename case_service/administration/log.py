"""The record of actions, for the audit administrator to read and to take away."""

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy import Select, select

from case_service import action_log
from case_service.access import SignedIn
from case_service.action_log import Action
from case_service.clock import SHANGHAI, Now
from case_service.database import SessionDep
from case_service.row_security import ServiceSession
from case_service.tables import ActionLogEntry
from case_service.web import page

router = APIRouter(prefix="/administration/log", include_in_schema=False)
ENTRIES_PER_PAGE = 50

Words = Annotated[str, Query(max_length=60)]


@router.get("")
def log_page(
    request: Request,
    viewer: SignedIn,
    session: SessionDep,
    now: Now,
    actor: Words = "",
    action: Words = "",
    subject: Words = "",
    before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> Response:
    """The latest entries, narrowed by who, what and about whom; reading them is recorded too."""
    asked = {"actor": actor.strip(), "action": action.strip(), "subject": subject.strip()}
    entries = select(ActionLogEntry).order_by(ActionLogEntry.sequence.desc()).limit(ENTRIES_PER_PAGE)
    for name, words in asked.items():
        if words:
            entries = entries.where(getattr(ActionLogEntry, name) == words)
    if before is not None:
        entries = entries.where(ActionLogEntry.sequence < before)
    shown = session.scalars(entries).all()
    action_log.record(session, now, [Action(viewer.username, "log_read", "action_log", "audit", asked)])
    session.commit()
    older = shown[-1].sequence if len(shown) == ENTRIES_PER_PAGE else None
    return page(request, "pages/log.html", entries=shown, asked=asked, older=older)


@router.get("/export")
def export_log(
    request: Request,
    viewer: SignedIn,
    session: SessionDep,
    now: Now,
    since: str = "",
    until: str = "",
) -> Response:
    """Entries of whole days as JSON lines with their hashes, so that the chain can be checked elsewhere."""
    first, last = _day(since), _day(until)
    details = {"since": since or None, "until": until or None}
    action_log.record(session, now, [Action(viewer.username, "log_exported", "action_log", "audit", details)])
    session.commit()
    entries = action_log.all_entries()
    if first is not None:
        entries = entries.where(ActionLogEntry.at >= datetime.combine(first, time(), SHANGHAI))
    if last is not None:
        entries = entries.where(ActionLogEntry.at <= datetime.combine(last, time.max, SHANGHAI))
    headers = {"Content-Disposition": 'attachment; filename="action-log.jsonl"'}
    return StreamingResponse(_lines(request, entries), media_type="application/x-ndjson", headers=headers)


def _day(text: str) -> date | None:
    """The day that a form names; none where the field was left empty."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise HTTPException(422) from error


def _lines(request: Request, entries: Select[ActionLogEntry]) -> Iterator[str]:
    # The session of the request is closed by the time that this runs.
    with ServiceSession(request.app.state.engine) as session:
        for entry in session.scalars(entries):
            yield action_log.as_line(entry)
