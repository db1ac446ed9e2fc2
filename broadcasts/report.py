"""What is left of an alert: a table for machines, a page for the file, and the log of drills."""

import csv
import io
from collections.abc import Sequence
from uuid import UUID
from xml.sax.saxutils import escape

from reportlab.lib.colors import grey
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.models import AuditEntry, Broadcast
from broadcasts.schemas import Outcomes

# Adobe's Korean face: every reader brings it, so that the report needs no font file of ours.
FONT = "HYSMyeongJo-Medium"
_MARGIN = 48
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


async def drills(session: AsyncSession, limit: int = 200) -> Sequence[Broadcast]:
    """Return the exercises and tests that were approved, the newest first."""
    rows = await session.scalars(
        select(Broadcast)
        .where(Broadcast.environment != "live", Broadcast.approved_at.is_not(None))
        .order_by(Broadcast.approved_at.desc())
        .limit(limit)
    )
    return rows.all()


def as_csv(broadcast: Broadcast, outcomes: Outcomes) -> bytes:
    """Return the outcomes as CSV, a row an event and state; with a mark that spreadsheets need."""
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow(["broadcast", "title", "environment", "event", "state", "people"])
    for event in outcomes.events:
        for state, people in event.counts.items():
            title = broadcast.title
            safe = f"'{title}" if title.startswith(_FORMULA) else title
            rows.writerow([broadcast.id, safe, broadcast.environment, event.kind, state, people])
        rows.writerow([broadcast.id, "", "", event.kind, "audience", event.audience])
    return b"\xef\xbb\xbf" + written.getvalue().encode()


def as_pdf(
    broadcast: Broadcast,
    facts: Sequence[tuple[str, str]],
    tables: Sequence[tuple[str, Sequence[tuple[str, str]]]],
    history: Sequence[tuple[str, str]],
) -> bytes:
    """Return the report as PDF: facts, the words, a table an event, and who did what when.

    Every text is in the reader's language already; `history` are times and deeds.
    """
    if FONT not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    plain = ParagraphStyle("plain", fontName=FONT, fontSize=10, leading=15, wordWrap="CJK")
    head = ParagraphStyle("head", parent=plain, fontSize=16, leading=22)
    part = ParagraphStyle("part", parent=plain, fontSize=12, leading=20, spaceBefore=10)
    story = [Paragraph(_words(broadcast.title), head), Spacer(1, 6)]
    story.append(_grid(facts, plain))
    for language in ("ko", "en"):
        if said := broadcast.texts.get(language):
            story += [Spacer(1, 6), Paragraph(_words(said), plain)]
    for title, rows in tables:
        story += [Paragraph(_words(title), part), _grid(rows, plain)]
    story.append(Spacer(1, 10))
    story.append(_grid(history, plain))
    written = io.BytesIO()
    SimpleDocTemplate(
        written, pagesize=A4, title=broadcast.title, author="Eungdap", leftMargin=_MARGIN,
        rightMargin=_MARGIN, topMargin=_MARGIN, bottomMargin=_MARGIN,
    ).build(story)  # fmt: skip
    return written.getvalue()


def _words(said: str) -> str:
    return escape(said).replace("\n", "<br/>")


def _grid(rows: Sequence[tuple[str, str]], style: ParagraphStyle) -> Table:
    cells = [[Paragraph(_words(said), style) for said in row] for row in rows]
    grid = Table(cells or [["", ""]], colWidths=[130, 369])
    every = ((0, 0), (-1, -1))
    grid.setStyle(TableStyle([("VALIGN", *every, "TOP"), ("LINEBELOW", *every, 0.25, grey)]))
    return grid


async def history(session: AsyncSession, broadcast_id: UUID) -> Sequence[AuditEntry]:
    """Return the audit of a broadcast, in order."""
    rows = await session.scalars(
        select(AuditEntry)
        .where(AuditEntry.subject == f"broadcast:{broadcast_id}")
        .order_by(AuditEntry.id)
    )
    return rows.all()
