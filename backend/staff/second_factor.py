"""The second factor (TOTP, RFC 6238): enrolment, codes that work once, and what asks for one.

A secret follows from a nonce and the service's own secret: whoever reads the database alone can
make no code. Time is the database's.
"""

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Annotated

import pyotp
from fastapi import Depends, Request
from sqlalchemy import BigInteger, case, cast, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend import audit
from backend.context import Ctx, Session
from backend.errors import Conflict, Forbidden, Invalid, TooMany, Unauthenticated
from backend.models import RecoveryCode, StaffSession, StaffTotp
from backend.security import COOKIE, Actor, MaybeActor, hash_token, keyed_hash

STEP_SECONDS = 30
LEEWAY = 1  # steps before and after: clocks of phones differ
TRIES = 5
LOCKED = text("interval '5 minutes'")
RECOVERY_CODES = 10
ISSUER = "Eungdap"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator needs: the secret in base 32, and the same as an otpauth URI."""

    secret: str
    uri: str


def person(actor: Actor) -> Actor:
    """Return `actor`.

    Raises: Forbidden for a key: it has no phone, and its id is nobody's of the staff.
    """
    if actor.kind != "staff":
        raise Forbidden("API 키에는 인증 앱이 없어요.", "An API key has no second factor.")
    return actor


async def begin(session: AsyncSession, service_secret: str, actor: Actor) -> Enrolment:
    """Give `actor` a new secret; it counts once a code of it was typed.

    Raises: Conflict where a second factor is set already: an administrator has to reset it first.
    """
    person(actor)
    nonce = secrets.token_hex(16)
    values = {"nonce": nonce, "last_step": 0, "tries": 0, "locked_until": None}
    made = await session.scalar(
        insert(StaffTotp)
        .values(staff_id=actor.id, **values)
        .on_conflict_do_update(
            index_elements=[StaffTotp.staff_id],
            set_=values,
            where=StaffTotp.confirmed_at.is_(None),
        )
        .returning(StaffTotp.staff_id)
    )
    if made is None:
        raise Conflict(
            "이미 인증 앱이 등록되어 있어요. 바꾸려면 관리자에게 초기화를 부탁해 주세요.",
            "A second factor is set already. Ask an administrator to reset it first.",
        )
    audit.record(session, actor.label, "staff.second_factor_begun", f"staff:{actor.id}")
    return _enrolment(service_secret, actor, nonce)


async def waiting(session: AsyncSession, service_secret: str, actor: Actor) -> Enrolment | None:
    """Return the enrolment that `actor` began and has not confirmed."""
    nonce = await session.scalar(
        select(StaffTotp.nonce).where(
            StaffTotp.staff_id == actor.id, StaffTotp.confirmed_at.is_(None)
        )
    )
    return None if nonce is None else _enrolment(service_secret, actor, nonce)


def _enrolment(service_secret: str, actor: Actor, nonce: str) -> Enrolment:
    secret = secret_of(service_secret, actor.id, nonce)
    return Enrolment(
        secret, pyotp.TOTP(secret).provisioning_uri(name=actor.name, issuer_name=ISSUER)
    )


async def confirm(
    session: AsyncSession, service_secret: str, actor: Actor, token: str, code: str
) -> list[str]:
    """Take the first code of a new secret; return the recovery codes, which are shown once.

    Raises: Conflict where nothing was begun, Forbidden for a wrong code, TooMany.
    """
    row = await session.get(StaffTotp, person(actor).id, populate_existing=True)
    if row is None or row.confirmed_at is not None:
        raise Conflict(
            "등록을 처음부터 다시 시작해 주세요.", "Begin the enrolment of a second factor anew."
        )
    await verify(session, service_secret, actor, token, code, enrolling=True)
    await session.execute(
        update(StaffTotp).where(StaffTotp.staff_id == actor.id).values(confirmed_at=func.now())
    )
    codes = [_readable(secrets.token_bytes(10)) for _ in range(RECOVERY_CODES)]
    await session.execute(delete(RecoveryCode).where(RecoveryCode.staff_id == actor.id))
    await session.execute(
        insert(RecoveryCode).values(
            [
                {"staff_id": actor.id, "code_hash": _recovery_hash(service_secret, code)}
                for code in codes
            ]
        )
    )
    audit.record(session, actor.label, "staff.second_factor_set", f"staff:{actor.id}")
    return codes


async def verify(
    session: AsyncSession,
    service_secret: str,
    actor: Actor,
    token: str,
    code: str,
    *,
    enrolling: bool = False,
) -> None:
    """Take a code (six digits, or a recovery code) and mark the browser of `token` as verified.

    No code works twice. After five wrong ones nothing is taken for five minutes.

    Raises: Forbidden for a wrong or used code or where none is set, TooMany while it is locked.
    """
    person(actor)
    row = await session.scalar(
        select(StaffTotp).where(StaffTotp.staff_id == actor.id).with_for_update()
    )
    if row is None or (row.confirmed_at is None and not enrolling):
        raise Forbidden(
            "인증 앱이 아직 등록되지 않았어요. 계정 화면에서 먼저 등록해 주세요.",
            "No second factor is set. Enrol one on your account page first.",
            second_factor="enrol",
        )
    locked = await session.scalar(
        select(func.ceil(func.extract("epoch", StaffTotp.locked_until - func.now()))).where(
            StaffTotp.staff_id == actor.id, StaffTotp.locked_until > func.now()
        )
    )
    if locked is not None:
        raise TooMany(
            f"여러 번 틀렸어요. {int(locked)}초 뒤에 다시 해 주세요.",
            f"Too many wrong codes. Try again in {int(locked)} seconds.",
            retry_after=int(locked),
        )
    given = re.sub(r"[\s-]", "", code)
    taken = await _take(session, service_secret, row, given)
    if not taken and not enrolling:
        taken = await _take_recovery(session, service_secret, actor.id, given)
    if not taken:
        await _wrong(session, actor)
        raise Forbidden(
            "인증 번호가 맞지 않거나 이미 썼어요. 다음 번호를 기다려 입력해 주세요.",
            "The code is wrong or was used already. Wait for the next one.",
            second_factor="verify",
        )
    await session.execute(
        update(StaffSession)
        .where(StaffSession.token_hash == hash_token(token), StaffSession.staff_id == actor.id)
        .values(verified_at=func.now())
    )
    audit.record(session, actor.label, "staff.second_factor_given", f"staff:{actor.id}")


async def _take(session: AsyncSession, service_secret: str, row: StaffTotp, code: str) -> bool:
    if not re.fullmatch(r"\d{6}", code, re.ASCII):
        return False
    epoch = cast(func.floor(func.extract("epoch", func.now())), BigInteger)
    now_step = (await session.scalars(select(epoch))).one() // STEP_SECONDS
    totp = pyotp.TOTP(secret_of(service_secret, row.staff_id, row.nonce))
    steps = range(now_step - LEEWAY, now_step + LEEWAY + 1)
    fitting = [step for step in steps if hmac.compare_digest(totp.generate_otp(step), code)]
    if not fitting:
        return False
    used = await session.scalar(
        update(StaffTotp)
        .where(StaffTotp.staff_id == row.staff_id, StaffTotp.last_step < fitting[-1])
        .values(last_step=fitting[-1], tries=0)
        .returning(StaffTotp.staff_id)
    )
    return used is not None


async def _take_recovery(
    session: AsyncSession, service_secret: str, staff_id: int, code: str
) -> bool:
    used = await session.scalar(
        update(RecoveryCode)
        .where(
            RecoveryCode.staff_id == staff_id,
            RecoveryCode.code_hash == _recovery_hash(service_secret, code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=func.now())
        .returning(RecoveryCode.staff_id)
    )
    if used is not None:
        audit.record(session, f"staff:{staff_id}", "staff.recovery_used", f"staff:{staff_id}")
    return used is not None


async def _wrong(session: AsyncSession, actor: Actor) -> None:
    """Count a wrong code, in a commit of its own: the caller's rollback would forget it."""
    full = StaffTotp.tries + 1 >= TRIES
    await session.execute(
        update(StaffTotp)
        .where(StaffTotp.staff_id == actor.id)
        .values(
            tries=case((full, 0), else_=StaffTotp.tries + 1),
            locked_until=case((full, func.now() + LOCKED), else_=StaffTotp.locked_until),
        )
    )
    audit.record(session, actor.label, "staff.second_factor_wrong", f"staff:{actor.id}")
    await session.commit()


async def is_set(session: AsyncSession, staff_id: int) -> bool:
    """Tell whether a member of staff has a second factor that counts."""
    found = await session.scalar(
        select(StaffTotp.staff_id).where(
            StaffTotp.staff_id == staff_id, StaffTotp.confirmed_at.is_not(None)
        )
    )
    return found is not None


async def reset(session: AsyncSession, staff_id: int, *, actor: str) -> None:
    """Take the second factor of a member of staff away, so that another can be enrolled.

    Raises: Invalid where none is set.
    """
    await session.execute(delete(RecoveryCode).where(RecoveryCode.staff_id == staff_id))
    gone = await session.scalar(
        delete(StaffTotp).where(StaffTotp.staff_id == staff_id).returning(StaffTotp.staff_id)
    )
    if gone is None:
        raise Invalid("등록된 인증 앱이 없어요.", "There is no second factor to reset.")
    await session.execute(
        update(StaffSession).where(StaffSession.staff_id == staff_id).values(verified_at=None)
    )
    audit.record(session, actor, "staff.second_factor_reset", f"staff:{staff_id}")


async def demand(request: Request, ctx: Ctx, session: Session, actor: MaybeActor) -> None:
    """Ask for a second factor of the last five minutes, where the city wants one.

    Raises: Forbidden with `second_factor` ("enrol" or "verify"), which is in the audit.
    """
    if not ctx.settings.second_factor:
        return
    if actor is None:
        raise Unauthenticated("로그인해 주세요.", "Log in.")
    if actor.verified:
        return
    enrolled = actor.kind == "staff" and await is_set(session, actor.id)
    step = "verify" if enrolled else "enrol"
    audit.record(
        session, actor.label, "staff.second_factor_missing", f"{actor.kind}:{actor.id}",
        path=request.url.path, step=step,
    )  # fmt: skip
    await session.commit()  # the caller's rollback would lose the entry
    raise Forbidden(
        "인증 앱의 번호를 먼저 입력해 주세요. 5분 동안 유효해요.",
        "Give the code of your authenticator first; it counts for five minutes.",
        second_factor=step,
    )


Fresh = Annotated[None, Depends(demand)]


def session_token(request: Request) -> str:
    """Return the cookie that names the caller's browser."""
    return request.cookies.get(COOKIE, "")


def secret_of(service_secret: str, staff_id: int, nonce: str) -> str:
    """Return the secret in base 32: 160 bits, as RFC 4226 recommends."""
    message = f"totp:{staff_id}:{nonce}".encode()
    digest = hmac.new(service_secret.encode(), message, hashlib.sha256).digest()
    return base64.b32encode(digest[:20]).decode()


def _readable(random: bytes) -> str:
    word = base64.b32encode(random).decode().lower()
    return "-".join(word[at : at + 4] for at in range(0, 16, 4))


def _recovery_hash(service_secret: str, code: str) -> str:
    return keyed_hash(service_secret, "recovery:" + re.sub(r"[\s-]", "", code).lower())
