"""What the article routes take and give."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Language = Literal["ko", "en"]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)]
Url = Annotated[str, StringConstraints(pattern=r"^https?://\S+$", max_length=500)]


class ArticleOut(BaseModel):
    """An article with where it comes from. `questions` are other ways to ask for it."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    external_id: str
    language: str
    category: str
    department: str | None
    title: str
    questions: list[str]
    body: str
    url: str | None
    source: str
    license: str
    as_of: date | None
    reviewed_on: date | None
    updated_at: datetime


class HitOut(BaseModel):
    """An article found for a question; `confirm_with_120`: its text was imported without numbers"""

    id: int
    language: str
    title: str
    passage: str
    department: str | None
    source: str
    as_of: date | None
    url: str | None
    confirm_with_120: bool
    score: float


class HitList(BaseModel):
    """What a search found. `decision` says what the bot does with it."""

    decision: Literal["answer", "choices", "none"]
    items: list[HitOut]
    total: int


class ArticleList(BaseModel):
    """A page of articles."""

    items: list[ArticleOut]
    total: int


class ArticleIn(BaseModel):
    """A new article."""

    language: Language
    category: Line
    title: Line
    body: Text
    questions: Annotated[list[Line], Field(max_length=30)] = []
    department: Line | None = None
    url: Url | None = None


class ArticleChange(BaseModel):
    """What changes in an article; a field that is not sent stays."""

    category: Line = ""
    title: Line = ""
    body: Text = ""
    questions: Annotated[list[Line], Field(max_length=30)] = []
    department: Line | None = None
    url: Url | None = None
