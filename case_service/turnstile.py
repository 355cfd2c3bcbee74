"""As many requests at once as there are connections to the database, and no more.

A request takes its connection early and gives it back late, and in between it waits for threads more than once.
Were others let in who wait in those threads for a connection, nobody could go on. Whoever comes beyond that waits
here, where waiting takes neither.
"""

import asyncio

from starlette.types import ASGIApp, Receive, Scope, Send


class Turnstile:
    """Lets at most so many requests into the application at once; the others wait in the order in which they came."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self._app = app
        self._free = asyncio.Semaphore(most)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, in its turn."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        async with self._free:
            await self._app(scope, receive, send)
