"""A way to the service as poor signal makes it: requests arrive, and answers get lost on their way back."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-encoding", "content-length"}


@dataclass
class PoorSignal:
    """The way; `losing` is how many answers to sent forms will get lost, `lost` which ones did.

    While it `is_down` nothing passes at all. `service_url` is the service itself, for whoever has signal.
    """

    base_url: str
    service_url: str
    is_down: bool = False
    losing: int = 0
    lost: list[str] = field(default_factory=list)


@contextmanager
def poor_signal(service_url: str) -> Iterator[PoorSignal]:
    """Listen on a port of its own, and pass everything on to the service."""
    way: PoorSignal

    class Passing(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._pass_on()

        def do_POST(self) -> None:
            self._pass_on()

        def do_PUT(self) -> None:
            self._pass_on()

        def _pass_on(self) -> None:
            if way.is_down:
                self.close_connection = True
                return
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
            # No client of our own: it would keep one browser's cookies and send them for another.
            answer = httpx.request(
                self.command, service_url + self.path, headers=headers, content=body, trust_env=False, timeout=30
            )
            if self.command == "POST" and self.path.startswith("/orders/") and way.losing:
                way.losing -= 1
                way.lost.append(f"{self.path} {answer.status_code}")
                self.close_connection = True
                return
            with suppress(ConnectionError):  # a browser that left the page does not wait for it
                self._hand_back(answer)

        def _hand_back(self, answer: httpx.Response) -> None:
            self.send_response(answer.status_code)
            for name, value in answer.headers.multi_items():
                if name.lower() not in HOP_BY_HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is given
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Passing) as server:
        way = PoorSignal(f"http://127.0.0.1:{server.server_port}", service_url)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield way
        server.shutdown()
        thread.join()
