"""Forms that browsers post: reading them, and refusing those that did not come from our pages."""

import secrets
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from starlette.datastructures import FormData

from case_service.body_sizes import MOST_BYTES_OF_A_FORM, MOST_BYTES_WITH_FILES, refuse_too_large
from case_service.web import VISITOR_COOKIE

LONGEST_TEXT = 1_000
# Python itself refuses to read numbers of some thousand digits.
MOST_DIGITS = 18
TOKEN_FIELD = "form_token"  # noqa: S105 - the name of a field
MOST_FIELDS = 200
MOST_FILES = 12


async def posted_form(request: Request) -> FormData:
    """The fields of the posted form; files are not taken. Of a size that may be read, as `posted_form_with_files`."""
    refuse_too_large(request, MOST_BYTES_OF_A_FORM)
    return await request.form(max_files=0, max_fields=MOST_FIELDS)


async def posted_form_with_files(request: Request) -> FormData:
    """The fields and files of the posted form; 411 or 413 before reading what is of unknown or too large a size."""
    refuse_too_large(request, MOST_BYTES_WITH_FILES)
    return await request.form(max_files=MOST_FILES, max_fields=MOST_FIELDS)


async def checked_form(request: Request, form: Annotated[FormData, Depends(posted_form)]) -> FormData:
    """The posted form, if it carries the token of this session (or of this visitor); else 403."""
    return _with_right_token(request, form)


async def checked_form_with_files(
    request: Request, form: Annotated[FormData, Depends(posted_form_with_files)]
) -> FormData:
    """As `checked_form`, with files."""
    return _with_right_token(request, form)


CheckedForm = Annotated[FormData, Depends(checked_form)]
CheckedFormWithFiles = Annotated[FormData, Depends(checked_form_with_files)]


def field(form: FormData, name: str) -> str:
    """The text of the field `name`, without surrounding space; empty when it was not sent."""
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""


def text_of(form: FormData, name: str) -> str:
    """The text of a field that must be filled in, and not endlessly; else 422."""
    text = field(form, name)
    if not 0 < len(text) <= LONGEST_TEXT or "\0" in text:
        raise HTTPException(422)
    return text


def is_whole_number(text: str, most: int, least: int = 0) -> bool:
    """Whether `text` writes a whole number from `least` to `most`, in plain digits and not endlessly many."""
    return text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS and least <= int(text) <= most


def _with_right_token(request: Request, form: FormData) -> FormData:
    viewer = getattr(request.state, "viewer", None)
    expected = viewer.form_token if viewer else request.cookies.get(VISITOR_COOKIE, "")
    given = form.get(TOKEN_FIELD)
    if not expected or not isinstance(given, str) or not secrets.compare_digest(given.encode(), expected.encode()):
        raise HTTPException(403)
    return form
