"""Tokens of services: who holds one may use the routes of its rights and no other."""

import secrets
from collections.abc import Collection
from datetime import datetime
from hashlib import sha256

from fastapi import HTTPException, Request
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from case_service.access_matrix import Right
from case_service.tables import ServiceToken


class TokenNameTakenError(Exception):
    """Names are never used twice, so that the record of actions stays clear."""


def admit_token(request: Request, session: Session, right: Right) -> None:
    """Let only the holder of a token with `right` pass. The token of the settings has every right."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    given = given.strip()
    if scheme.lower() == "bearer":
        if secrets.compare_digest(given.encode(), request.app.state.settings.service_token.encode()):
            return
        token = session.scalar(
            select(ServiceToken).where(ServiceToken.token_hash == _hash(given), ServiceToken.revoked_at.is_(None))
        )
        if token is not None:
            if right not in token.rights:
                raise HTTPException(403, f"the service token {token.name} has no right to {right}")
            return
    raise HTTPException(401, "the service token is missing or wrong", {"WWW-Authenticate": "Bearer"})


def create_token(session: Session, name: str, rights: Collection[Right], at: datetime) -> str:
    """A new token; it is told once and stored nowhere. Raises `TokenNameTakenError`."""
    token = secrets.token_urlsafe(32)
    new = insert(ServiceToken).values(name=name, token_hash=_hash(token), rights=sorted(set(rights)), created_at=at)
    kept = new.on_conflict_do_nothing(index_elements=[ServiceToken.name]).returning(ServiceToken.name)
    if session.scalar(kept) is None:
        raise TokenNameTakenError(name)
    return token


def revoke_token(session: Session, name: str, at: datetime) -> bool:
    """End a token; says whether there was one to end."""
    token = session.get(ServiceToken, name)
    if token is None or token.revoked_at is not None:
        return False
    token.revoked_at = at
    return True


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()
