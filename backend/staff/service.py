"""Staff accounts, their sessions, and the keys of other systems."""

import asyncio
import hashlib
import logging
from datetime import timedelta
from functools import cache

from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend import audit
from backend.context import Context
from backend.errors import Conflict, Invalid, NotFound, TooMany, Unauthenticated
from backend.models import ApiKey, Staff, StaffSession
from backend.models.staff import GUARDED, ROLES
from backend.security import (
    SESSION_HOURS,
    hash_password,
    hash_token,
    new_token,
    verify_password,
)

log = logging.getLogger(__name__)

PASSWORD_MIN = 10
FREE_TRIES = 5
_FORGET_SECONDS = 3600
_WAIT_MAX = 900


@cache
def _nobody() -> str:
    """Return a hash to check where there is no such login, so that both take equally long."""
    return hash_password(new_token())


async def create(
    session: AsyncSession,
    login: str,
    name: str,
    password: str,
    roles: list[str],
    *,
    actor: str,
    phone: str | None = None,
    email: str | None = None,
    awaiting: bool = False,
    first_password: bool = False,
) -> Staff:
    """Add a member of staff. `actor` is who adds them, as the audit writes it.

    `phone` (E.164) and `email` are where they are called when it is urgent. `awaiting` allows no
    role at all: another is proposed with the account. A `first_password` opens nothing until its
    owner chose another, since whoever made the account knows it.

    Raises: Invalid for an unknown role or a short password, Conflict when the login is taken, or
    where a role takes two administrators and the house has them.
    """
    if not (roles or awaiting) or not set(roles) <= set(ROLES):
        raise Invalid(
            f"권한은 다음 가운데 하나 이상이어야 해요: {', '.join(ROLES)}",
            f"Give at least one role out of: {', '.join(ROLES)}",
        )
    _long_enough(password)
    if not set(roles).isdisjoint(GUARDED) and await _has_two_administrators(session):
        raise Conflict(
            f"이 권한은 관리자 두 사람이 정해요. 관리 화면에서 제안해 주세요: {', '.join(GUARDED)}",
            f"These roles take two administrators; propose them on /admin: {', '.join(GUARDED)}",
        )
    hashed = await asyncio.to_thread(hash_password, password)
    made: Staff | None = await session.scalar(
        insert(Staff)
        .values(
            login=normal_login(login),
            name=name.strip(),
            password_hash=hashed,
            roles=sorted(set(roles)),
            active=True,
            first_password=first_password,
            phone=phone,
            email=email,
        )
        .on_conflict_do_nothing(index_elements=[Staff.login])
        .returning(Staff)
    )
    if made is None:
        raise Conflict(
            "이미 쓰고 있는 아이디예요. 다른 아이디를 골라 주세요.",
            "This login is taken. Choose another one.",
        )
    audit.record(session, actor, "staff.added", f"staff:{made.id}", roles=made.roles)
    return made


def _long_enough(password: str) -> None:
    if len(password) < PASSWORD_MIN:
        raise Invalid(
            f"비밀번호는 {PASSWORD_MIN}자 이상이어야 해요.",
            f"A password needs at least {PASSWORD_MIN} characters.",
        )


async def choose_password(session: AsyncSession, staff: Staff, chosen: str, again: str) -> None:
    """Give `staff`, who just proved the first password, one of their own; all sessions end.

    Raises: Invalid where it is short, the first one, or not the same twice.
    """
    _long_enough(chosen)
    if chosen != again:
        raise Invalid("새 비밀번호 두 개가 서로 달라요.", "The two new passwords differ.")
    if await asyncio.to_thread(verify_password, staff.password_hash, chosen):
        raise Invalid(
            "처음 비밀번호와 다른 것을 골라 주세요.", "Choose another one than the first password."
        )
    hashed = await asyncio.to_thread(hash_password, chosen)
    changed = await session.scalar(
        update(Staff)
        .where(Staff.id == staff.id, Staff.password_hash == staff.password_hash)
        .values(password_hash=hashed, first_password=False)
        .returning(Staff.id)
    )
    if changed is None:
        raise Invalid(
            "그사이에 비밀번호가 바뀌었어요. 다시 로그인해 주세요.",
            "The password was changed meanwhile. Log in again.",
        )
    await session.execute(delete(StaffSession).where(StaffSession.staff_id == staff.id))
    audit.record(session, f"staff:{staff.id}", "staff.password_chosen", f"staff:{staff.id}")


async def _has_two_administrators(session: AsyncSession) -> bool:
    """Tell whether there ever were two; accounts are closed, never deleted."""
    found = await session.scalar(
        select(func.count()).select_from(Staff).where(Staff.roles.contains(["admin"]))
    )
    return (found or 0) >= 2


async def list_staff(session: AsyncSession) -> list[Staff]:
    """Return everybody who has or had an account, by login."""
    return list(await session.scalars(select(Staff).order_by(Staff.login)))


async def set_active(session: AsyncSession, staff_id: int, active: bool, *, actor: str) -> Staff:
    """Open or close an account. Closing it ends its sessions with the same commit.

    Raises: NotFound.
    """
    found: Staff | None = await session.scalar(
        update(Staff).where(Staff.id == staff_id).values(active=active).returning(Staff)
    )
    if found is None:
        raise NotFound("그런 직원이 없어요.", "There is no such member of staff.")
    if not active:
        await session.execute(delete(StaffSession).where(StaffSession.staff_id == staff_id))
    audit.record(session, actor, "staff.opened" if active else "staff.closed", f"staff:{staff_id}")
    return found


def normal_login(login: str) -> str:
    """Return `login` as it is stored: without spaces around it, in small letters."""
    return login.strip().lower()


async def authenticate(context: Context, login: str, password: str, ip: str) -> Staff:
    """Return who logs in. After five wrong tries for a login from an address, tries have to wait.

    Raises: Unauthenticated, TooMany. No database connection is held while the password is hashed.
    """
    login = normal_login(login)
    await _take_a_try(context.redis, login, ip)
    async with context.sessions() as session:
        staff = await session.scalar(select(Staff).where(Staff.login == login, Staff.active))
    stored = staff.password_hash if staff is not None else None
    right = await asyncio.to_thread(_verify, stored, password)
    if staff is None or not right:
        raise Unauthenticated(
            "아이디나 비밀번호가 맞지 않아요. 다시 확인해 주세요.",
            "Login or password is wrong. Please check both.",
        )
    await _forgive(context.redis, login, ip)
    return staff


def _verify(stored: str | None, password: str) -> bool:
    return verify_password(stored or _nobody(), password)


async def log_in(session: AsyncSession, staff: Staff) -> str:
    """Begin a session for `staff`; return the token for the cookie. Old sessions are swept out."""
    token = new_token()
    await session.execute(delete(StaffSession).where(StaffSession.expires_at < func.now()))
    await session.execute(
        insert(StaffSession).values(
            token_hash=hash_token(token),
            staff_id=staff.id,
            expires_at=func.now() + timedelta(hours=SESSION_HOURS),
        )
    )
    audit.record(session, f"staff:{staff.id}", "staff.logged-in", f"staff:{staff.id}")
    return token


async def log_out(session: AsyncSession, token: str) -> int | None:
    """End the session of `token`; return whose it was."""
    staff_id: int | None = await session.scalar(
        delete(StaffSession)
        .where(StaffSession.token_hash == hash_token(token))
        .returning(StaffSession.staff_id)
    )
    if staff_id is not None:
        audit.record(session, f"staff:{staff_id}", "staff.logged-out", f"staff:{staff_id}")
    return staff_id


async def create_key(
    session: AsyncSession,
    name: str,
    role: str,
    *,
    actor: str,
    environment: str = "live",
    owner: int | None = None,
) -> tuple[ApiKey, str]:
    """Make an API key; return its row and the key itself, which is never shown again.

    It drafts alerts of `environment`, which its `owner` (staff id) then can't approve.

    Raises: Invalid for an unknown role.
    """
    if role not in ROLES:
        raise Invalid(
            f"권한은 다음 가운데 하나여야 해요: {', '.join(ROLES)}",
            f"The role must be one of: {', '.join(ROLES)}",
        )
    token = "ek_" + new_token()
    key = ApiKey(
        name=name.strip(), key_hash=hash_token(token), role=role, environment=environment,
        owner=owner,
    )  # fmt: skip
    session.add(key)
    await session.flush()
    await session.refresh(key)
    audit.record(session, actor, "key.added", f"key:{key.id}", role=role)
    return key, token


async def list_keys(session: AsyncSession) -> list[ApiKey]:
    """Return every key there was, the latest first."""
    return list(await session.scalars(select(ApiKey).order_by(ApiKey.id.desc())))


async def revoke_key(session: AsyncSession, key_id: int, *, actor: str) -> ApiKey:
    """End a key; ending it again changes nothing.

    Raises: NotFound.
    """
    ended: ApiKey | None = await session.scalar(
        update(ApiKey)
        .where(ApiKey.id == key_id, ApiKey.revoked_at.is_(None))
        .values(revoked_at=func.now())
        .returning(ApiKey)
    )
    if ended is not None:
        audit.record(session, actor, "key.revoked", f"key:{key_id}")
        return ended
    found = await session.get(ApiKey, key_id)
    if found is None:
        raise NotFound("그런 키가 없어요.", "There is no such key.")
    return found


def _try_key(login: str, ip: str) -> str:
    return "login:" + hashlib.sha256(f"{login}|{ip}".encode()).hexdigest()[:32]


async def _take_a_try(redis: Redis, login: str, ip: str) -> None:
    """Count a try, and refuse it while the last wrong ones are too recent.

    After the free tries one is let through per wait, and each wait is twice the last. Without
    Redis everybody is let through: a broken cache must not lock a city out of its own desk.
    """
    key = _try_key(login, ip)
    try:
        tries = await redis.incr(key)
        await redis.expire(key, _FORGET_SECONDS)
        if tries <= FREE_TRIES:
            return
        wait = min(_WAIT_MAX, 15 * 2 ** min(tries - FREE_TRIES - 1, 10))
        if await redis.set(f"{key}:wait", 1, nx=True, ex=wait):
            return
        await redis.decr(key)
        left = max(1, await redis.ttl(f"{key}:wait"))
    except (RedisError, OSError):
        log.warning("log-ins are not slowed down: Redis does not answer")
        return
    raise TooMany(
        f"여러 번 틀렸어요. {left}초 뒤에 다시 해 주세요.",
        f"Too many wrong tries. Try again in {left} seconds.",
        retry_after=left,
    )


async def _forgive(redis: Redis, login: str, ip: str) -> None:
    key = _try_key(login, ip)
    try:
        await redis.delete(key, f"{key}:wait")
    except (RedisError, OSError):
        log.warning("wrong log-ins are still counted: Redis does not answer")
