"""Changes that say what they started from, and that can be repeated without happening twice."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Header, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from case_service.access import Viewer
from case_service.api.description import problem
from case_service.api.resources import Resource
from case_service.tables import IdempotentAnswer

REPLAYED_HEADER = "Idempotency-Replayed"
KEY = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[A-Za-z0-9_.-]{8,100}$",
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
    """One change under its key."""

    viewer: Viewer
    key: str
    content: str
    at: datetime


def once(session: Session, change: Change, make: Callable[[], Resource], status: int = 200) -> Response:
    """Make the change and commit it, or give the answer that the same key got before.

    A second request under the same key waits for the first. One with other content is refused: 409.
    """
    request_hash = hashlib.sha256(change.content.encode()).hexdigest()
    claimed = insert(IdempotentAnswer).values(
        staff_id=change.viewer.staff_id, key=change.key, request_hash=request_hash, answered_at=change.at, answer={}
    )
    is_new = session.scalar(claimed.on_conflict_do_nothing().returning(IdempotentAnswer.key)) is not None
    row = session.get_one(IdempotentAnswer, (change.viewer.staff_id, change.key), populate_existing=True)
    if not is_new:
        if row.request_hash != request_hash:
            raise HTTPException(409, "this Idempotency-Key was used for another change")
        headers = {"ETag": row.answer["entity_tag"], REPLAYED_HEADER: "true"}
        return JSONResponse(row.answer["body"], status, headers)
    resource = make()
    row.answer = {"body": resource.model_dump(mode="json"), "entity_tag": resource.entity_tag}
    session.commit()
    return JSONResponse(row.answer["body"], status, {"ETag": resource.entity_tag})


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
