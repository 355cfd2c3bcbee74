"""What every answer tells the browser: load nothing from elsewhere, keep nothing, show nowhere else."""

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "object-src 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(self), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
CACHED_PATHS = ("/static/",)


class SecurityHeaders:
    """Adds the headers to whatever the application answers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(security_headers(Request(scope)))
            await send(message)

        await self._app(scope, receive, send_with_headers)


def security_headers(request: Request) -> dict[str, str]:
    """What every answer carries; only files that hold nobody's data may be kept by the browser."""
    is_static = request.url.path.startswith(CACHED_PATHS)
    given = {**HEADERS, "Cache-Control": "public, max-age=3600" if is_static else "no-store"}
    if not request.app.state.settings.is_demo:
        given["Strict-Transport-Security"] = "max-age=31536000"
    return given
