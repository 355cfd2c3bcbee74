"""The city's own sign-in by OpenID Connect: authorization code with PKCE, and a token checked to the last claim.

What must be remembered while the person is away at the provider travels sealed in a short-lived cookie.
"""

import base64
import json
import secrets
import warnings
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import httpx
from authlib.common.errors import AuthlibBaseError
from authlib.deprecate import AuthlibDeprecationWarning
from cryptography.exceptions import InvalidTag
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from sqlalchemy import select
from sqlalchemy.orm import Session

from case_service.sealing import Seal
from case_service.settings import Settings
from case_service.tables import Staff

with warnings.catch_warnings():
    # That httpx has a successor would be told once in every process, before there is a log to tell it in.
    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    from authlib.integrations.httpx_client import OAuth2Client

COOKIE = "oidc"
COOKIE_SECONDS = 600
COOKIE_PLACE = "oidc/attempt"
# Signed with a key of the provider's; never with the secret that we hold too, and never unsigned.
ALGORITHMS = ("RS256", "PS256", "ES256")
CLOCK_SKEW_SECONDS = 60
PROVIDER_SECONDS = 10


class OidcError(Exception):
    """The provider's answer cannot be trusted, or there was none; the message is for the log."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One sign-in under way at the provider."""

    state: str
    nonce: str
    code_verifier: str
    next_path: str
    begun_at: float


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the provider says it is."""

    subject: str
    username: str


def begin(settings: Settings, redirect_uri: str, next_path: str, at: datetime, seal: Seal) -> tuple[str, str]:
    """The provider's address to send the browser to, and the cookie to send along. Raises `OidcError`."""
    attempt = Attempt(
        state=secrets.token_urlsafe(24),
        nonce=secrets.token_urlsafe(24),
        code_verifier=secrets.token_urlsafe(48),
        next_path=next_path,
        begun_at=at.timestamp(),
    )
    provider = _provider(settings)
    with _client(settings, redirect_uri) as client:
        address, _ = client.create_authorization_url(
            provider["authorization_endpoint"],
            state=attempt.state,
            nonce=attempt.nonce,
            code_verifier=attempt.code_verifier,
        )
    sealed = seal.close(json.dumps(asdict(attempt)), COOKIE_PLACE)
    return address, base64.urlsafe_b64encode(sealed).decode()


def finish(
    settings: Settings, redirect_uri: str, answer: str, cookie: str, at: datetime, seal: Seal
) -> tuple[Identity, str]:
    """Who came back with `answer`, the address with its code, and where they were heading. Raises `OidcError`."""
    attempt = _attempt(cookie, at, seal)
    provider = _provider(settings)
    try:
        with _client(settings, redirect_uri) as client:
            token = client.fetch_token(
                provider["token_endpoint"],
                authorization_response=answer,
                state=attempt.state,
                code_verifier=attempt.code_verifier,
            )
    except (AuthlibBaseError, httpx.HTTPError, ValueError) as problem:
        raise OidcError(f"the provider gave no token: {problem}") from problem
    claims = _claims(settings, provider, token.get("id_token"), attempt.nonce, at)
    username = claims.get(settings.oidc_username_claim)
    return Identity(subject=claims["sub"], username=username if isinstance(username, str) else ""), attempt.next_path


def account_of(session: Session, identity: Identity) -> Staff | None:
    """The account the identity is bound to; the first time it is bound to the account of its username."""
    staff = session.scalar(select(Staff).where(Staff.oidc_subject == identity.subject))
    if staff is None and identity.username:
        unbound = select(Staff).where(Staff.username == identity.username, Staff.oidc_subject.is_(None))
        staff = session.scalar(unbound.with_for_update(of=Staff))
        if staff is not None:
            staff.oidc_subject = identity.subject
    return staff if staff is not None and staff.is_active and staff.role is not None else None


def _attempt(cookie: str, at: datetime, seal: Seal) -> Attempt:
    try:
        attempt = Attempt(**json.loads(seal.open(base64.urlsafe_b64decode(cookie), COOKIE_PLACE)))
    except (ValueError, IndexError, TypeError, InvalidTag) as problem:
        raise OidcError("no sign-in is under way in this browser") from problem
    if at.timestamp() - attempt.begun_at > COOKIE_SECONDS:
        raise OidcError("the sign-in took too long")
    return attempt


def _claims(
    settings: Settings, provider: dict[str, Any], id_token: str | None, nonce: str, at: datetime
) -> dict[str, Any]:
    if not id_token:
        raise OidcError("the provider gave no identity token")
    expected = jwt.JWTClaimsRegistry(
        now=int(at.timestamp()),
        leeway=CLOCK_SKEW_SECONDS,
        iss={"essential": True, "value": provider["issuer"]},
        aud={"essential": True, "value": settings.oidc_client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": nonce},
        azp={"value": settings.oidc_client_id},
    )
    published: Any = _fetched(provider["jwks_uri"])
    try:
        keys = KeySet.import_key_set(published)
        claims: dict[str, Any] = jwt.decode(id_token, keys, algorithms=ALGORITHMS).claims
        expected.validate(claims)
    except (JoseError, ValueError, KeyError, TypeError) as problem:
        raise OidcError(f"the identity token or the provider's keys are not valid: {problem!r}") from problem
    return claims


def _provider(settings: Settings) -> dict[str, Any]:
    """What the provider says of itself; it must call itself what we call it."""
    issuer = settings.oidc_issuer or ""
    provider = _fetched(issuer.rstrip("/") + "/.well-known/openid-configuration")
    needed = {"authorization_endpoint", "token_endpoint", "jwks_uri"}
    if provider.get("issuer") != issuer or not needed <= provider.keys():
        raise OidcError(f"the provider at {issuer} calls itself {provider.get('issuer')!r} or leaves addresses out")
    return provider


def _fetched(address: str) -> dict[str, Any]:
    try:
        answer = httpx.get(address, timeout=PROVIDER_SECONDS, trust_env=False).raise_for_status().json()
    except (httpx.HTTPError, ValueError) as problem:
        raise OidcError(f"{address} does not answer: {problem}") from problem
    if not isinstance(answer, dict):
        raise OidcError(f"{address} answers something else")
    return answer


def _client(settings: Settings, redirect_uri: str) -> OAuth2Client:
    return OAuth2Client(
        settings.oidc_client_id,
        settings.oidc_client_secret,
        scope="openid profile",
        redirect_uri=redirect_uri,
        code_challenge_method="S256",
        timeout=PROVIDER_SECONDS,
        trust_env=False,
    )
