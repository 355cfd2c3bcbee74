"""What programs send is measured before it is read."""

from collections.abc import Awaitable, Callable

from fastapi import HTTPException, Request, Response

from case_service.body_sizes import MOST_BYTES_OF_JSON, refuse_too_large
from case_service.problems import refused


async def refuse_endless_json(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Refuse too large a body on all routes for programs: FastAPI reads it before it asks who sends it."""
    if request.url.path.startswith("/api/"):
        try:
            refuse_too_large(request, MOST_BYTES_OF_JSON)
        except HTTPException as refusal:
            return refused(request, refusal)
    return await call_next(request)
