"""What programs send is measured before it is read."""

from fastapi import HTTPException, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from case_service.body_sizes import MOST_BYTES_OF_JSON, refuse_too_large
from case_service.problems import refused


class RefuseEndlessJson:
    """Refuses too large a body on all routes for programs: FastAPI reads it before it asks who sends it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it unread."""
        if scope["type"] == "http" and scope["path"].startswith("/api/"):
            request = Request(scope)
            try:
                refuse_too_large(request, MOST_BYTES_OF_JSON)
            except HTTPException as refusal:
                await refused(request, refusal)(scope, receive, send)
                return
        await self._app(scope, receive, send)
