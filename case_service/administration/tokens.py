"""Service tokens: the security administrator creates and ends them."""

import re

from fastapi import APIRouter, HTTPException, Request, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from case_service import action_log
from case_service.access import SignedIn
from case_service.access_matrix import Right
from case_service.action_log import Action
from case_service.clock import Now
from case_service.database import SessionDep
from case_service.forms_posted import CheckedForm, field
from case_service.service_token import TokenNameTakenError, create_token, revoke_token
from case_service.tables import ServiceToken
from case_service.web import page, see_other

router = APIRouter(prefix="/administration/tokens", include_in_schema=False)
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")


@router.get("")
def tokens_page(request: Request, viewer: SignedIn, session: SessionDep) -> Response:  # noqa: ARG001
    """Every token there ever was, and what it is good for."""
    return _tokens_page(request, session)


@router.post("")
def create(request: Request, viewer: SignedIn, form: CheckedForm, session: SessionDep, now: Now) -> Response:
    """A new token, shown this once."""
    name = field(form, "name")
    rights = [right for right in Right if right.value in form.getlist("rights")]
    if not NAME.fullmatch(name) or not rights:
        return _tokens_page(request, session, mistake="tokens.mistake.incomplete")
    try:
        token = create_token(session, name, rights, now)
    except TokenNameTakenError:
        return _tokens_page(request, session, mistake="tokens.mistake.taken")
    details = {"rights": [right.value for right in rights]}
    action_log.record(session, now, [Action(viewer.username, "token_created", name, None, details)])
    session.commit()
    return _tokens_page(request, session, created=(name, token))


@router.post("/{name}/revocation")
def revoke(name: str, viewer: SignedIn, _: CheckedForm, session: SessionDep, now: Now) -> Response:
    """End a token at once."""
    if not revoke_token(session, name, now):
        raise HTTPException(404)
    action_log.record(session, now, [Action(viewer.username, "token_revoked", name)])
    session.commit()
    return see_other("/administration/tokens")


def _tokens_page(
    request: Request, session: Session, mistake: str | None = None, created: tuple[str, str] | None = None
) -> Response:
    return page(
        request,
        "pages/tokens.html",
        status_code=422 if mistake else 200,
        tokens=session.scalars(select(ServiceToken).order_by(ServiceToken.created_at.desc())).all(),
        rights=list(Right),
        mistake=mistake,
        created=created,
    )
