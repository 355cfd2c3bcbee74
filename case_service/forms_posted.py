"""Forms that browsers post: reading them, and refusing those that did not come from our pages."""

import secrets
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from starlette.datastructures import FormData

from case_service.web import VISITOR_COOKIE

LONGEST_TEXT = 1_000
TOKEN_FIELD = "form_token"  # noqa: S105 - the name of a field


async def posted_form(request: Request) -> FormData:
    """The fields of the posted form; files are not taken."""
    return await request.form(max_files=0, max_fields=200)


def checked_form(request: Request, form: Annotated[FormData, Depends(posted_form)]) -> FormData:
    """The posted form, if it carries the token of this session (or of this visitor); else 403."""
    viewer = getattr(request.state, "viewer", None)
    expected = viewer.form_token if viewer else request.cookies.get(VISITOR_COOKIE, "")
    given = form.get(TOKEN_FIELD)
    if not expected or not isinstance(given, str) or not secrets.compare_digest(given.encode(), expected.encode()):
        raise HTTPException(403)
    return form


CheckedForm = Annotated[FormData, Depends(checked_form)]


def field(form: FormData, name: str) -> str:
    """The text of the field `name`, without surrounding space; empty when it was not sent."""
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""


def text_of(form: FormData, name: str) -> str:
    """The text of a field that must be filled in, and not endlessly; else 422."""
    text = field(form, name)
    if not 0 < len(text) <= LONGEST_TEXT:
        raise HTTPException(422)
    return text
