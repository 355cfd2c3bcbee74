"""What every answer tells the browser: load nothing from elsewhere, keep nothing, show nowhere else."""

from collections.abc import Awaitable, Callable

from fastapi import Request, Response

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


async def add_security_headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Add the headers to whatever is answered."""
    return with_security_headers(request, await call_next(request))


def with_security_headers(request: Request, response: Response) -> Response:
    """`response` with the headers; only files that hold nobody's data may be kept by the browser."""
    response.headers.update(HEADERS)
    is_static = request.url.path.startswith(CACHED_PATHS)
    response.headers["Cache-Control"] = "public, max-age=3600" if is_static else "no-store"
    if not request.app.state.settings.is_demo:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response
