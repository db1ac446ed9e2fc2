"""The sealed lane: reports that must not lead to who made them.

They are kept apart from petitions, conversations and contacts, shown in no list, and nobody can
look one up: revealing who reported is an offence (Public Interest Whistleblower Protection Act,
art. 12 and 30). Whoever reported holds a random code.
"""

import secrets

from sqlalchemy.ext.asyncio import AsyncSession

from backend.models import SealedReport

# Without the letters and digits that are taken for one another.
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


async def take_in(
    session: AsyncSession,
    *,
    kind: str,
    language: str,
    district: str | None,
    place: str,
    details: str,
) -> str:
    """Keep a report and return its code, `S-` and twelve characters (60 random bits).

    Nothing is written to the audit trail or a log: time and words there would lead to somebody.
    """
    code = "S-" + "".join(secrets.choice(_LETTERS) for _ in range(12))
    session.add(
        SealedReport(
            code=code, kind=kind, language=language, district=district, place=place, details=details
        )
    )
    await session.flush()
    return code
