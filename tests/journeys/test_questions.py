"""Questions in citizens' own words, over the real 120 answers, asked over HTTP."""

import asyncio
import csv
import json
import re
import time
from datetime import date
from pathlib import Path

from sqlalchemy import text

from backend import db
from backend.config import ROOT
from backend.faq.importer import import_csv
from tests.city import City, new_session

QUESTIONS = ROOT / "tests" / "backend" / "faq_report.jsonl"


_READ_SECONDS = 120  # 2,645 new articles take ten seconds of a core, and here it is shared
_COUNT = text("SELECT id FROM faq_articles WHERE language = 'ko' AND NOT sentences")


def _words(said: str) -> set[str]:
    return set(re.findall(r"\w+", said.lower()))


def _twenty(titles: dict[str, str]) -> list[tuple[str, list[str]]]:
    """Return the first 20 Korean questions that share at most half their words with the title."""
    lines = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    fit = [
        (line["text"], line["gold"])
        for line in lines
        if line["gold"]
        and line.get("lang", "ko") == "ko"
        and all(
            2 * len(_words(line["text"]) & _words(titles[gold])) <= len(_words(line["text"]))
            for gold in line["gold"]
        )
    ]
    return fit[:20]


def _titles(city: City, asked: str) -> set[str]:
    """Return the titles of the best three answers."""
    response = city.client.get("/api/v1/faq", params={"q": asked, "language": "ko"})
    assert response.status_code == 200, response.text
    return {item["title"] for item in response.json()["items"][:3]}


async def _import(database_url: str, path: Path) -> list[int]:
    engine, sessions = db.connect(database_url, pool_size=2)
    counts = []
    for _ in range(2):
        async with sessions() as session, session.begin():
            await import_csv(session, path, "120 주요 질문", date(2022, 1, 31), "KOGL Type 1")
            counts.append(len((await session.execute(_COUNT)).all()))
    await engine.dispose()
    return counts


def test_of_twenty_questions_over_the_real_answers_fifteen_find_theirs_in_the_top_three(
    shared_data: Path, city: City, database_url: str
) -> None:
    path = shared_data / "seoul-120.csv"
    first, again = asyncio.run(_import(database_url, path))
    assert first == again > 2000, "importing twice never doubles"
    with path.open(encoding="utf-8-sig", newline="") as file:
        titles = {row["내용번호"]: row["제목"] for row in csv.DictReader(file)}
    known = "상속인 금융거래 조회"
    deadline = time.monotonic() + _READ_SECONDS
    while known not in _titles(city, known):
        assert time.monotonic() < deadline, "the new articles are not found"
        time.sleep(0.2)
    questions = _twenty(titles)
    assert len(questions) == 20
    found = 0
    for asked, gold in questions:
        found += bool(_titles(city, asked) & {titles[number] for number in gold})
    assert found >= 15

    answer = city.web(new_session(), questions[0][0])["replies"]
    assert answer[0]["text"], "the chat answers, offers titles or says that it is unsure"
