"""`/api/v1/petitions`: for officers, and the stage alone for whoever holds a number."""

import ipaddress
import logging
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from redis.exceptions import RedisError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.context import Ctx, Session
from backend.errors import TooMany, language_of
from backend.models import Petition
from backend.petitions import service
from backend.petitions.schemas import (
    PetitionDetail,
    PetitionEventOut,
    PetitionList,
    PetitionOut,
    PublicStatus,
    Stage,
    StageChange,
)
from backend.security import Actor, keyed_hash, require

log = logging.getLogger(__name__)

router = APIRouter(prefix="/api/v1/petitions", tags=["petitions"])

LOOKUPS_A_MINUTE = 10

Reader = Annotated[Actor, Depends(require("officer", "agent", "admin"))]
Officer = Annotated[Actor, Depends(require("officer"))]


def _network(request: Request) -> str:
    """Return whom a look-up counts for: an IPv4 address, or the /64 that one IPv6 caller owns."""
    host = request.client.host if request.client else "unknown"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.version == 4:
        return host
    return str(ipaddress.ip_network((address, 64), strict=False))


async def _pace(request: Request, context: Ctx) -> None:
    """Let one caller look up 10 numbers a minute; while Redis is away, any number.

    Numbers follow one another, so that without this somebody could list every stage. The address
    is kept as a keyed hash, for a minute.
    """
    key = "pace:status:" + keyed_hash(context.settings.secret, _network(request))
    try:
        async with context.redis.pipeline(transaction=True) as pipe:
            pipe.set(key, 0, ex=60, nx=True)
            pipe.incr(key)
            _, lookups = await pipe.execute()
    except (RedisError, OSError):
        log.warning("status look-ups are not paced: Redis does not answer")
        return
    if lookups > LOOKUPS_A_MINUTE:
        raise TooMany(
            "짧은 시간에 너무 많이 조회했어요. 1분 뒤에 다시 해 주세요.",
            "Too many look-ups in a short time. Please try again in a minute.",
            retry_after=60,
        )


async def _found(session: AsyncSession, number: str) -> Petition:
    petition = await service.find(session, number)
    if petition is None:
        raise service.NoSuchPetition
    return petition


async def _detail(session: AsyncSession, petition: Petition) -> PetitionDetail:
    history = await service.events(session, petition)
    return PetitionDetail(
        **PetitionOut.model_validate(petition).model_dump(),
        events=[PetitionEventOut.model_validate(event) for event in history],
    )


@router.get("")
async def list_petitions(
    _: Reader,
    session: Session,
    stage: Stage | None = None,
    district: str | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> PetitionList:
    """List petitions, newest first."""
    page, total = await service.search(
        session, stage=stage, district=district, limit=limit, offset=offset
    )
    return PetitionList(items=[PetitionOut.model_validate(row) for row in page], total=total)


@router.get("/{number}")
async def get_petition(number: str, _: Reader, session: Session) -> PetitionDetail:
    """Show one petition with its history."""
    return await _detail(session, await _found(session, number))


@router.patch("/{number}")
async def change_stage(
    number: str, change: StageChange, actor: Officer, session: Session
) -> PetitionDetail:
    """Move a petition to another stage."""
    petition = await service.advance(session, number, change.stage, actor.label, change.note)
    await session.flush()
    return await _detail(session, petition)


@router.get("/{number}/status", dependencies=[Depends(_pace)])
async def public_status(number: str, request: Request, session: Session) -> PublicStatus:
    """Tell the stage of a petition to whoever holds its number, and nothing else."""
    petition = await _found(session, number)
    text = service.stage_text(petition.stage, language_of(request))
    return PublicStatus.model_validate(
        {"number": petition.number, "stage": petition.stage, "text": text}
    )
