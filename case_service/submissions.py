"""What phones send is taken once, however often it arrives.

Everything a grid worker sends may carry a key. What was taken under a key keeps a receipt in the same
transaction: when the answer was lost on its way and the phone sends again, it is answered again and nothing is
written twice.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy.orm import Session
from starlette.datastructures import FormData, UploadFile

from case_service.access import Viewer
from case_service.forms_posted import TOKEN_FIELD, field
from case_service.household_locks import lock_households
from case_service.tables import SubmissionReceipt, WorkOrder
from case_service.web import see_other, wants_json

KEY_FIELD = "submission_key"
KEY_HEADER = "Idempotency-Key"
LONGEST_KEY = 64


@dataclass(frozen=True, slots=True)
class Submission:
    """One thing sent: its key, and a digest of what was sent under it."""

    key: str
    content_hash: str


def submission_of(request: Request, form: FormData) -> Submission | None:
    """The key and digest of what was sent; none without a key."""
    key = request.headers.get(KEY_HEADER, "") or field(form, KEY_FIELD)
    if not key:
        return None
    if len(key) > LONGEST_KEY or not key.isprintable():
        raise HTTPException(422)
    return Submission(key, _hash_of(request.url.path, form))


def was_taken(session: Session, submission: Submission | None, order: WorkOrder, viewer: Viewer) -> bool:
    """Whether this was taken before. From here on nobody else acts on the order's household.

    Raises 422 when the key was used for something else.
    """
    lock_households(session, [order.case.household_key])
    receipt = session.get(SubmissionReceipt, submission.key) if submission else None
    if submission is None or receipt is None:
        return False
    if (receipt.staff_id, receipt.content_hash) != (viewer.staff_id, submission.content_hash):
        raise HTTPException(422)
    return True


def keep_receipt(
    session: Session, submission: Submission | None, order: WorkOrder, viewer: Viewer, at: datetime, what: str
) -> None:
    """Note, in this transaction, that it was taken, and as what."""
    if submission is not None:
        session.add(
            SubmissionReceipt(
                key=submission.key,
                staff_id=viewer.staff_id,
                order_id=order.id,
                content_hash=submission.content_hash,
                received_at=at,
                answer={"taken_as": what},
            )
        )


def taken(request: Request, path: str) -> Response:
    """The answer to what was taken: on to `path` for people, a word for the phone's store."""
    return JSONResponse({"kind": "taken", "path": path}) if wants_json(request) else see_other(path)


def to_mend(mistakes: dict[str, str]) -> Response:
    """The answer to the phone's store when something must be mended: by field, what in plain words."""
    return JSONResponse({"kind": "mend", "mistakes": mistakes}, status_code=422)


def in_conflict(conflict: dict[str, Any]) -> Response:
    """The answer to the phone's store when the order is not any more as it was on the phone."""
    return JSONResponse({"kind": "conflict", **conflict}, status_code=409)


def _hash_of(path: str, form: FormData) -> str:
    digest = hashlib.sha256(path.encode())
    for name, value in form.multi_items():
        if name in (TOKEN_FIELD, KEY_FIELD):
            continue
        digest.update(f"\0{name}\0".encode())
        if isinstance(value, UploadFile):
            while part := value.file.read(1 << 20):
                digest.update(part)
            value.file.seek(0)
        else:
            digest.update(value.encode())
    return digest.hexdigest()
