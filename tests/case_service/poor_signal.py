"""A way to the service as poor signal, a gateway or a stranger on it make it: what is taken is not always told."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-encoding", "content-length"}


SECONDS_OF_SILENCE = 3.0
ELSEWHERE = "<!doctype html><title>登录网络</title>".encode()


class Fate(StrEnum):
    """What becomes of a request that is sent, and of its answer."""

    LOST = "taken, the answer lost"
    CUT = "taken, half of the answer lost"
    SILENT = "taken, no answer in time"
    REFUSED = "not taken, a gateway answers 502"
    STRANGER = "not taken, somebody else's page answers"


@dataclass
class PoorSignal:
    """The way; `fates` are what the next requests of the methods in `sent` meet, `lost` what became of which.

    While it `is_down` nothing passes at all. `service_url` is the service itself, for whoever has signal.
    """

    base_url: str
    service_url: str
    is_down: bool = False
    sent: tuple[str, ...] = ("POST", "PUT")
    fates: list[Fate] = field(default_factory=list)
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
            fate = way.fates.pop(0) if way.fates and self.command in way.sent else None
            if fate in (Fate.REFUSED, Fate.STRANGER):
                self._answer_for(fate)
                return
            headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
            # No client of our own: it would keep one browser's cookies and send them for another.
            answer = httpx.request(
                self.command, service_url + self.path, headers=headers, content=body, trust_env=False, timeout=30
            )
            if fate:
                way.lost.append(f"{self.path} {answer.status_code}")
                self._lose(fate, answer)
                return
            with suppress(ConnectionError):  # a browser that left the page does not wait for it
                self._hand_back(answer)

        def _answer_for(self, fate: Fate) -> None:
            way.lost.append(f"{self.path} {fate.name}")
            self.send_response(502 if fate is Fate.REFUSED else 200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(ELSEWHERE)))
            self.end_headers()
            self.wfile.write(ELSEWHERE)

        def _lose(self, fate: Fate, answer: httpx.Response) -> None:
            self.close_connection = True
            if fate is Fate.SILENT:
                time.sleep(SECONDS_OF_SILENCE)
            if fate is Fate.CUT:
                self.send_response(answer.status_code)
                self.send_header("Content-Length", str(len(answer.content)))
                self.end_headers()
                self.wfile.write(answer.content[: len(answer.content) // 2])

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
