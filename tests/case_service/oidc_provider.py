"""An OpenID provider that speaks the real shapes over HTTP, and can be told to lie."""

import hashlib
import json
import threading
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT_ID, CLIENT_SECRET = "shouwang", "a secret of the provider's choosing"


@dataclass
class Provider:
    """A city's sign-in; `lies` are put over the claims of the next token."""

    at: datetime
    subject: str = "subject-1"
    username: str = ""
    lies: dict[str, object] = field(default_factory=dict)
    signs_with: str = "own"
    publishes_keys: bool = True
    address: str = ""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "k1"}, auto_kid=False))
    foreign_key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "k1"}, auto_kid=False))
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def discovery(self) -> dict[str, object]:
        return {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "jwks_uri": f"{self.address}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def published_keys(self) -> dict[str, object]:
        own = {**self.key.as_dict(private=False), "kid": "k1", "use": "sig"}
        return {"keys": [own]} if self.publishes_keys else {"error": "temporarily_unavailable"}

    def authorize(self, asked: dict[str, str]) -> str:
        """Where the person is sent back to, as if they had signed in."""
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT_ID
        assert "openid" in asked["scope"].split()
        assert asked["code_challenge_method"] == "S256"
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, sent: dict[str, str], authorization: str) -> tuple[int, dict[str, object]]:
        user, _, password = b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        asked = self.codes.pop(sent["code"], None)
        digest = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
        if (unquote(user), unquote(password).replace("+", " ")) != (CLIENT_ID, CLIENT_SECRET) or asked is None:
            return 400, {"error": "invalid_grant"}
        if urlsafe_b64encode(digest).rstrip(b"=").decode() != asked["code_challenge"]:
            return 400, {"error": "invalid_grant", "error_description": "the verifier does not fit the challenge"}
        moment = int(self.at.timestamp())
        claims = {
            "iss": self.address,
            "aud": CLIENT_ID,
            "sub": self.subject,
            "preferred_username": self.username,
            "nonce": asked["nonce"],
            "iat": moment,
            "exp": moment + 300,
        } | self.lies
        key = self.key if self.signs_with == "own" else self.foreign_key
        id_token = jwt.encode({"alg": "RS256", "kid": "k1"}, {k: v for k, v in claims.items() if v is not None}, key)
        return 200, {"access_token": "at", "token_type": "Bearer", "expires_in": 300, "id_token": id_token}


@contextmanager
def running_provider(at: datetime) -> Iterator[Provider]:
    """The provider on a free port of the loopback."""
    provider = Provider(at)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path)
            if path.path == "/.well-known/openid-configuration":
                self._answer(200, provider.discovery())
            elif path.path == "/keys":
                self._answer(200, provider.published_keys())
            elif path.path == "/authorize":
                asked = {name: values[0] for name, values in parse_qs(path.query).items()}
                self.send_response(302)
                self.send_header("Location", provider.authorize(asked))
                self.end_headers()
            else:
                self._answer(404, {})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            sent = {name: values[0] for name, values in parse_qs(body).items()}
            self._answer(*provider.token(sent, self.headers.get("Authorization", "")))

        def _answer(self, status: int, content: dict[str, object]) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(content).encode())

        def log_message(self, *args: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
