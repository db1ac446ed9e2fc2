"""`/api/v1/faq`: anybody searches and reads the articles; officers write them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.requests import HTTPConnection

from backend.context import Ctx, Session
from backend.embedded import data_dir
from backend.faq import service
from backend.faq.index import Hit
from backend.faq.schemas import (
    ArticleChange,
    ArticleIn,
    ArticleList,
    ArticleOut,
    HitList,
    HitOut,
    Language,
)
from backend.faq.service import FaqIndex
from backend.models import FaqArticle
from backend.security import Actor, require

router = APIRouter(prefix="/api/v1/faq", tags=["faq"])

Writer = Annotated[Actor, Depends(require("officer", "admin"))]


def _index(connection: HTTPConnection, context: Ctx) -> FaqIndex:
    """Return the index of this app: the one that the bot was given, or one of its own."""
    state = connection.app.state
    if not hasattr(state, "faq"):
        state.faq = FaqIndex(data_dir(context.settings) / "models" / "faq")
    found: FaqIndex = state.faq
    return found


SharedIndex = Annotated[FaqIndex, Depends(_index)]


def _shown(article: FaqArticle) -> ArticleOut:
    return ArticleOut(
        **{
            name: getattr(article, name)
            for name in ArticleOut.model_fields
            if name not in ("source", "license", "as_of")
        },
        source=article.source.name,
        license=article.source.license,
        as_of=article.source.as_of,
    )


def _found(hit: Hit, article: FaqArticle) -> HitOut:
    return HitOut(
        id=article.id,
        language=article.language,
        title=article.title,
        passage=hit.passage,
        department=article.department,
        source=article.source.name,
        as_of=article.reviewed_on or article.source.as_of,
        url=article.url,
        confirm_with_120=not article.sentences,
        score=hit.score,
    )


@router.get("")
async def search(
    session: Session,
    index: SharedIndex,
    q: Annotated[str, Query(min_length=1, max_length=500)],
    language: Language = "ko",
    limit: Annotated[int, Query(ge=1, le=10)] = 3,
) -> HitList:
    """Find the articles that answer `q`, best first."""
    result, hits = await service.found_for(session, index, q, language, limit)
    items = [_found(hit, article) for hit, article in hits]
    return HitList(decision=result.decision, items=items, total=len(items))


@router.get("/articles")
async def list_articles(
    session: Session,
    language: Language | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> ArticleList:
    """List the articles in the order they came."""
    rows, total = await service.page(session, language, limit, offset)
    return ArticleList(items=[_shown(row) for row in rows], total=total)


@router.get("/articles/{article_id}")
async def get_article(article_id: int, session: Session) -> ArticleOut:
    """Show one article."""
    return _shown(await service.get(session, article_id))


@router.post("/articles", status_code=201)
async def write_article(article: ArticleIn, actor: Writer, session: Session) -> ArticleOut:
    """Add an article; the search finds it within a second."""
    made = await service.write(session, actor.label, **article.model_dump())
    return _shown(made)


@router.patch("/articles/{article_id}")
async def change_article(
    article_id: int, change: ArticleChange, actor: Writer, session: Session
) -> ArticleOut:
    """Change an article; what is not sent stays, and its review date becomes today."""
    changes = change.model_dump(exclude_unset=True)
    return _shown(await service.revise(session, actor.label, article_id, changes))
