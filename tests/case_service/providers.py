"""Messaging providers on the loopback: they speak the real shapes, keep their limits, and can be told to fail."""

import base64
import hashlib
import hmac
import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

CORP_ID, CORP_SECRET, AGENT_ID, BOT_KEY = "ww1", "corp-secret", 1000002, "bot-key"
ROBOT_TOKEN, ROBOT_SECRET = "robot-token", "SECrobot"
SMS_KEY, SIGN_NAME = "sms-key", "守望平台"
BOTS_PER_MINUTE = 20
A_MINUTE = timedelta(minutes=1)


@dataclass
class Provider:
    """All of them behind one address; `outage` is what they say instead of working."""

    clock: Callable[[], datetime]
    address: str = ""
    port: int = 0
    taken: list[dict[str, object]] = field(default_factory=list)
    outage: tuple[int, dict[str, object]] | None = None
    says: dict[str, dict[str, object]] = field(default_factory=dict)
    loses_answers: bool = False
    garbles_answers: bool = False
    tokens: list[str] = field(default_factory=list)
    times: list[datetime] = field(default_factory=list)
    blocked_until: datetime | None = None

    def texts(self) -> list[str]:
        """What arrived, in order."""
        return [str(one["text"]) for one in self.taken]

    def answer(self, method: str, target: str, body: bytes, authorization: str) -> tuple[int, dict[str, object]]:
        """As the real ones answer."""
        path = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(path.query).items()}
        if self.outage:
            return self.outage
        if path.path in self.says:
            return 200, self.says[path.path]
        handler = {
            "/cgi-bin/gettoken": self._wecom_token,
            "/cgi-bin/message/send": self._wecom_app,
            "/cgi-bin/webhook/send": self._wecom_bot,
            "/robot/send": self._dingtalk,
            "/sms": self._sms,
        }.get(path.path)
        return handler(query, body, authorization) if handler else (404, {})

    def _wecom_token(self, query: dict[str, str], *_: object) -> tuple[int, dict[str, object]]:
        if (query["corpid"], query["corpsecret"]) != (CORP_ID, CORP_SECRET):
            return 200, {"errcode": 40001, "errmsg": "invalid credential"}
        self.tokens.append(f"token-{len(self.tokens)}")
        return 200, {"errcode": 0, "errmsg": "ok", "access_token": self.tokens[-1], "expires_in": 7200}

    def _wecom_app(self, query: dict[str, str], body: bytes, *_: object) -> tuple[int, dict[str, object]]:
        sent = json.loads(body)
        if not self.tokens or query["access_token"] != self.tokens[-1]:
            return 200, {"errcode": 42001, "errmsg": "access_token expired"}
        assert (sent["msgtype"], sent["agentid"], sent["enable_duplicate_check"]) == ("text", AGENT_ID, 1)
        if sent["touser"] == "gone":
            return 200, {"errcode": 81013, "errmsg": "user & party & tag all invalid", "invaliduser": "gone"}
        return self._took(sent["touser"], sent["text"]["content"], {"invaliduser": "", "msgid": f"m{len(self.taken)}"})

    def _wecom_bot(self, query: dict[str, str], body: bytes, *_: object) -> tuple[int, dict[str, object]]:
        sent = json.loads(body)
        if query["key"] != BOT_KEY:
            return 200, {"errcode": 93000, "errmsg": "invalid webhook url"}
        assert len(sent["text"]["content"].encode()) <= 2048
        if self._is_too_fast():
            return 200, {"errcode": 45009, "errmsg": "api freq out of limit"}
        return self._took(sent["text"].get("mentioned_mobile_list"), sent["text"]["content"], {})

    def _dingtalk(self, query: dict[str, str], body: bytes, *_: object) -> tuple[int, dict[str, object]]:
        sent = json.loads(body)
        signed = f"{query['timestamp']}\n{ROBOT_SECRET}".encode()
        expected = base64.b64encode(hmac.new(ROBOT_SECRET.encode(), signed, hashlib.sha256).digest()).decode()
        age = abs(self.clock().timestamp() * 1000 - int(query["timestamp"]))
        if query["sign"] != expected or age > 3_600_000 or query["access_token"] != ROBOT_TOKEN:
            return 200, {"errcode": 310000, "errmsg": "sign not match"}
        if self.blocked_until and self.clock() < self.blocked_until:
            return 200, {"errcode": 130101, "errmsg": "send too fast"}
        if self._is_too_fast():
            self.blocked_until = self.clock() + timedelta(minutes=10)
            return 200, {"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"}
        return self._took(sent["at"]["atMobiles"], sent["text"]["content"], {})

    def _sms(self, _: dict[str, str], body: bytes, authorization: str) -> tuple[int, dict[str, object]]:
        sent = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        if authorization != f"Bearer {SMS_KEY}":
            return 401, {"Code": "InvalidAccessKeyId.NotFound"}
        assert sent["SignName"] == SIGN_NAME
        if sent["PhoneNumbers"].endswith("3"):
            return 200, {"Code": "isv.MOBILE_NUMBER_ILLEGAL", "Message": "非法手机号", "RequestId": "R"}
        values = json.loads(sent["TemplateParam"])
        text = f"{sent['TemplateCode']} {values['order']} {values['village']} {values['due']} {values['link']}"
        status, _told = self._took(sent["PhoneNumbers"], text, {})
        return status, {"Code": "OK", "Message": "OK", "BizId": f"b{len(self.taken)}^0", "RequestId": "R"}

    def _is_too_fast(self) -> bool:
        now = self.clock()
        self.times = [one for one in self.times if one > now - A_MINUTE]
        self.times.append(now)
        return len(self.times) > BOTS_PER_MINUTE

    def _took(self, to: object, text: str, more: dict[str, object]) -> tuple[int, dict[str, object]]:
        self.taken.append({"to": to, "text": text})
        return 200, {"errcode": 0, "errmsg": "ok"} | more


@contextmanager
def running_provider(clock: Callable[[], datetime]) -> Iterator[Provider]:
    """The providers on a free port of the loopback."""
    provider = Provider(clock)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["Content-Length"])))

        def _answer(self, body: bytes) -> None:
            status, content = provider.answer(self.command, self.path, body, self.headers.get("Authorization", ""))
            if provider.loses_answers:
                self.connection.close()
                return
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=UTF-8")
            if provider.garbles_answers:
                self.send_header("Content-Encoding", "gzip")
            self.end_headers()
            self.wfile.write(json.dumps(content).encode())

        def log_message(self, *args: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.port, provider.address = server.server_port, f"http://127.0.0.1:{server.server_port}"
    with _served(server):
        yield provider


@dataclass
class MailServer:
    """An SMTP server that takes letters, or answers RCPT and AUTH with what it is told to say."""

    says: dict[str, str] = field(default_factory=dict)
    letters: list[str] = field(default_factory=list)
    port: int = 0


@contextmanager
def running_mail_server() -> Iterator[MailServer]:
    """The mail server on a free port of the loopback."""
    mail = MailServer()

    class Handler(socketserver.StreamRequestHandler):
        def say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

        def handle(self) -> None:
            self.say("220 mail.example ESMTP")
            for raw in self.rfile:
                command = raw.decode().strip()
                verb = command.split()[0].upper() if command else ""
                if verb == "DATA":
                    self.say("354 go on")
                    self._take_letter()
                elif verb == "QUIT":
                    self.say("221 bye")
                    return
                elif verb == "RCPT":
                    address = command.partition("<")[2].rstrip(">")
                    self.say(mail.says.get(address, "250 ok"))
                elif verb == "AUTH":
                    self.say(mail.says.get(verb, "235 ok"))
                elif verb == "EHLO":
                    self.say("250-mail.example")
                    self.say("250 AUTH PLAIN")
                else:
                    self.say("250 ok")

        def _take_letter(self) -> None:
            lines = []
            for raw in self.rfile:
                if raw.rstrip(b"\r\n") == b".":
                    break
                lines.append(raw.decode())
            mail.letters.append("".join(lines))
            self.say("250 queued")

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    server = Server(("127.0.0.1", 0), Handler)
    mail.port = server.server_address[1]
    with _served(server):
        yield mail


@contextmanager
def _served(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
