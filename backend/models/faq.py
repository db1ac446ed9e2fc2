"""Answers to what citizens ask 120, with where each comes from."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backend.db import Base, BigId, Now


class FaqSource(Base):
    """Where articles come from: its name, licence and the day its content is from, if known."""

    __tablename__ = "faq_sources"

    id: Mapped[BigId]
    name: Mapped[str] = mapped_column(unique=True)
    license: Mapped[str]
    as_of: Mapped[date | None]


class FaqArticle(Base):
    """One answer in one language. `external_id` is its id at the source.

    `questions` are other ways to ask for it. `sentences` says whether the body has sentence ends;
    imported text may have none, and then shows its best passage with a word to check with 120.
    """

    __tablename__ = "faq_articles"
    __table_args__ = (
        UniqueConstraint("source_id", "external_id", "language"),
        CheckConstraint("length(title) > 0", "title"),
    )

    id: Mapped[BigId]
    source_id: Mapped[int] = mapped_column(ForeignKey("faq_sources.id"))
    external_id: Mapped[str]
    language: Mapped[str]
    category: Mapped[str]
    department: Mapped[str | None]
    title: Mapped[str]
    questions: Mapped[list[str]]
    body: Mapped[str]
    sentences: Mapped[bool]
    url: Mapped[str | None]
    reviewed_on: Mapped[date | None]
    updated_at: Mapped[Now]

    source: Mapped[FaqSource] = relationship(lazy="joined", innerjoin=True)
