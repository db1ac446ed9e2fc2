"""Who is calling, and what they may do: taken from a cookie or a key, never from a body."""

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Literal
from urllib.parse import urlsplit

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error
from fastapi import Depends
from sqlalchemy import func, select
from starlette.requests import HTTPConnection

from backend.context import Session, context
from backend.errors import Forbidden, Unauthenticated
from backend.models import ApiKey, Staff, StaffSession

COOKIE = "eungdap_session"
SESSION_HOURS = 10
VERIFIED_MINUTES = 5

_hasher = PasswordHasher()
_SAFE = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody whom we know: a member of staff, or another system with a key.

    `verified` tells that this browser proved a second factor within the last five minutes.
    """

    kind: Literal["staff", "key"]
    id: int
    name: str
    roles: frozenset[str]
    verified: bool = False

    @property
    def label(self) -> str:
        """How the audit names this actor."""
        return f"{self.kind}:{self.id}"


def hash_password(password: str) -> str:
    """Return the argon2id hash of `password`."""
    return _hasher.hash(password)


def verify_password(stored: str, password: str) -> bool:
    """Tell whether `password` is the one behind the hash `stored`."""
    try:
        return _hasher.verify(stored, password)
    except Argon2Error:
        return False


def new_token() -> str:
    """Return a secret of 256 random bits, safe in a URL or a header."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """Return what is stored of a token; it is random, so that a plain SHA-256 is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def keyed_hash(secret: str, value: str) -> str:
    """Return the HMAC-SHA256 of `value`, for guessable values such as a 6-digit code."""
    return hmac.new(secret.encode(), value.encode(), hashlib.sha256).hexdigest()


def _refuse_foreign_origin(connection: HTTPConnection) -> None:
    """Refuse a change (or a socket) that another site asks for with our cookie."""
    method = connection.scope.get("method", "WEBSOCKET")
    if method in _SAFE:
        return
    origin = connection.headers.get("origin")
    if origin is None:
        if connection.headers.get("sec-fetch-site", "same-origin") == "same-origin":
            return
    elif urlsplit(origin).netloc in (
        connection.headers.get("host"),
        urlsplit(context(connection).settings.base_url).netloc,
    ):
        return
    raise Forbidden("다른 사이트에서 온 요청이에요.", "The request comes from another site.")


async def find_actor(connection: HTTPConnection, session: Session) -> Actor | None:
    """Return who is calling, by `Authorization: Bearer` key or session cookie; None if nobody."""
    scheme, _, key = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and key:
        found = await session.scalar(
            select(ApiKey).where(ApiKey.key_hash == hash_token(key), ApiKey.revoked_at.is_(None))
        )
        return Actor("key", found.id, found.name, frozenset([found.role])) if found else None
    token = connection.cookies.get(COOKIE)
    if not token:
        return None
    fresh = StaffSession.verified_at > func.now() - timedelta(minutes=VERIFIED_MINUTES)
    found_staff = await session.execute(
        select(Staff, func.coalesce(fresh, False))
        .join(StaffSession, StaffSession.staff_id == Staff.id)
        .where(
            StaffSession.token_hash == hash_token(token),
            StaffSession.expires_at > func.now(),
            Staff.active,
        )
    )
    row = found_staff.one_or_none()
    if row is None:
        return None
    _refuse_foreign_origin(connection)
    staff, verified = row
    return Actor("staff", staff.id, staff.name, frozenset(staff.roles), verified)


MaybeActor = Annotated[Actor | None, Depends(find_actor)]


def require(*roles: str) -> Callable[[MaybeActor], Awaitable[Actor]]:
    """Return a dependency that yields the caller, who has one of `roles`.

    Raises (when called): Unauthenticated, Forbidden.
    """

    async def check(actor: MaybeActor) -> Actor:
        if actor is None:
            raise Unauthenticated(
                "로그인하거나 API 키를 보내 주세요.", "Log in, or send an API key."
            )
        if actor.roles.isdisjoint(roles):
            raise Forbidden(
                "이 일을 할 권한이 없어요. 관리자에게 문의해 주세요.",
                "You may not do this. Ask an administrator for the role.",
            )
        return actor

    check.__name__ = "require_" + "_or_".join(roles)
    return check
