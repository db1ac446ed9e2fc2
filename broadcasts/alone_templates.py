"""Templates for sending alone: words that two people approved in a quiet hour."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend import audit
from backend.errors import Conflict, Forbidden, Invalid, NotFound
from backend.models import AlertTemplate
from backend.security import Actor
from broadcasts import content, drafts
from broadcasts.schemas import TemplateIn
from broadcasts.service import moved_on, person


async def listed(session: AsyncSession) -> Sequence[AlertTemplate]:
    """Return every template, approved or not, by key."""
    rows = await session.scalars(select(AlertTemplate).order_by(AlertTemplate.key))
    return rows.all()


async def put(session: AsyncSession, actor: Actor, key: str, words: TemplateIn) -> AlertTemplate:
    """Write the template `key`, or write it anew; either way it needs an approval again.

    Raises: Invalid where Korean or a correction is missing, too long, or marked as a drill.
    """
    writer = person(actor)
    values: dict[str, Any] = {
        "hazard": words.hazard,
        "level": words.level,
        "title": content.clean(words.title),
        **{
            name: content.clean_all({str(k): v for k, v in getattr(words, name).items()})
            for name in ("texts", "long_texts", "correction", "all_clear")
        },
    }
    _check(values)
    values |= {
        "content_hash": drafts.fingerprint(values),
        "created_by": writer,
        "approved_by": None,
        "approved_at": None,
    }
    row = await session.scalar(
        insert(AlertTemplate)
        .values(key=key, **values)
        .on_conflict_do_update(index_elements=[AlertTemplate.key], set_=values)
        .returning(AlertTemplate)
        .execution_options(populate_existing=True)
    )
    audit.record(session, actor.label, "template.written", f"template:{key}")
    if row is None:
        raise moved_on()
    return row


def _check(values: Mapping[str, Any]) -> None:
    for name in ("texts", "correction", "all_clear"):
        korean = values[name].get("ko", "")
        if not korean or content.characters(korean) > content.SHORT_LIMIT:
            raise Invalid(
                f"한국어 문구·정정·해제를 모두 {content.SHORT_LIMIT}자 이하로 써 주세요.",
                f"Write text, correction and all-clear in Korean, at most {content.SHORT_LIMIT} "
                "characters each.",
                field=name,
            )
        if missing := sorted(set(values["texts"]) - set(values[name])):
            raise Invalid(
                f"빠진 언어가 있어요: {', '.join(missing)}",
                f"A language is missing: {', '.join(missing)}",
                field=name,
            )
    for name in ("texts", "long_texts", "all_clear"):
        if wrong := content.misleading("live", values[name], values["correction"]):
            raise Invalid(wrong.ko, wrong.en)


async def approve(
    session: AsyncSession, actor: Actor, key: str, content_hash: str
) -> AlertTemplate:
    """Approve another person's template in the words that were seen.

    Raises: Forbidden to its writer, Conflict where the words are others by now, NotFound.
    """
    approver = person(actor)
    approved = await session.scalar(
        update(AlertTemplate)
        .where(
            AlertTemplate.key == key,
            AlertTemplate.content_hash == content_hash,
            AlertTemplate.created_by != approver,
            AlertTemplate.approved_by.is_(None),
        )
        .values(approved_by=approver, approved_at=func.now())
        .returning(AlertTemplate)
        .execution_options(populate_existing=True)
    )
    if approved is None:
        found = await session.scalar(select(AlertTemplate).where(AlertTemplate.key == key))
        if found is None:
            raise NotFound("그런 문안이 없어요.", "There is no such template.")
        if found.created_by == approver:
            raise Forbidden(
                "내가 쓴 문안은 다른 사람이 승인해야 해요.",
                "Another person has to approve the template that you wrote.",
            )
        raise moved_on()
    audit.record(session, actor.label, "template.approved", f"template:{key}")
    return approved


async def ready(session: AsyncSession, key: str) -> AlertTemplate:
    """Return the approved template `key`.

    Raises: NotFound, Conflict where nobody has approved it as it is.
    """
    found: AlertTemplate | None = await session.scalar(
        select(AlertTemplate).where(AlertTemplate.key == key).with_for_update(read=True)
    )
    if found is None:
        raise NotFound("그런 문안이 없어요.", "There is no such template.")
    if found.approved_by is None:
        raise Conflict(
            "아직 승인되지 않은 문안이라 혼자 보낼 수 없어요.",
            "Nobody has approved this template, so it can't be sent alone.",
        )
    return found
