"""The door for the pipeline: one bearer token, compared in constant time."""

import secrets
from typing import Annotated

from fastapi import Header, HTTPException, Request


def the_pipeline(request: Request, authorization: Annotated[str | None, Header()] = None) -> None:
    """Let only the holder of the service token pass."""
    scheme, _, given = (authorization or "").partition(" ")
    expected = request.app.state.settings.service_token
    is_right = secrets.compare_digest(given.strip().encode(), expected.encode())
    if scheme.lower() != "bearer" or not is_right:
        raise HTTPException(401, "the service token is missing or wrong", {"WWW-Authenticate": "Bearer"})
