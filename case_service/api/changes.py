"""Changes that say what they started from, and that can be repeated without happening twice."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Header, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy.orm import Session

from case_service.access import Viewer
from case_service.api.description import problem
from case_service.api.resources import Resource
from case_service.submissions import LONGEST_KEY, Submission, keep_receipt, was_taken
from case_service.tables import WorkOrder

REPLAYED_HEADER = "Idempotency-Replayed"
KEY = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern=rf"^[A-Za-z0-9_.-]{{8,{LONGEST_KEY}}}$",
        description="Chosen by the caller, new for each change.",
    ),
]
IF_MATCH = Annotated[
    str, Header(alias="If-Match", pattern=r'^"[0-9a-f]{32}"$', description="The entity tag that was read.")
]
CHANGE_PROBLEMS: dict[int | str, dict[str, Any]] = {
    409: problem("The order is not where this change starts, or the key was used for another change."),
    412: problem("The order has changed since it was read; read it again."),
}


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one order under its key; `content` is all that was sent."""

    order: WorkOrder
    viewer: Viewer
    key: str
    content: str
    at: datetime


def once(
    session: Session, change: Change, make: Callable[[], None], shown: Callable[[], Resource], status: int = 200
) -> Response:
    """Make the change and commit it, then show what it led to; repeated under the same key it happens only once.

    A second request under the same key waits for the first. One with other content is refused: 409.
    """
    submission = Submission(change.key, hashlib.sha256(change.content.encode()).hexdigest())
    try:
        is_repeated = was_taken(session, submission, change.order, change.viewer)
    except HTTPException as refusal:
        raise HTTPException(409, "this Idempotency-Key was used for another change") from refusal
    if not is_repeated:
        make()
        keep_receipt(session, submission, change.order, change.viewer, change.at, "api")
        session.commit()
    resource = shown()
    headers = {"ETag": resource.entity_tag} | ({REPLAYED_HEADER: "true"} if is_repeated else {})
    return JSONResponse(resource.model_dump(mode="json"), status, headers)


def given(request: Request, resource: Resource) -> Response:
    """The resource with its entity tag; 304 without it to whoever has it already."""
    headers = {"ETag": resource.entity_tag}
    if resource.entity_tag in (one.strip() for one in request.headers.get("if-none-match", "").split(",")):
        return Response(status_code=304, headers=headers)
    return JSONResponse(resource.model_dump(mode="json"), headers=headers)


def refuse_stale(resource: Resource, if_match: str) -> None:
    """Raise 412 when what is there is no longer what was read."""
    if resource.entity_tag != if_match:
        raise HTTPException(412, "this has changed since it was read; read it again", {"ETag": resource.entity_tag})
