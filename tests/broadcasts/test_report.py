"""What is left afterwards: a table that adds up, a PDF that opens, the drills, who sent alone."""

import csv
import io
import uuid

import httpx
import pytest

from broadcasts import report
from tests.broadcasts.conftest import Office

Clients = dict[str, httpx.AsyncClient]


async def test_the_table_adds_up(office: Office, crowd: list[uuid.UUID], clients: Clients) -> None:
    event = await office.approved(len(crowd), title="=1+1")
    answer = await clients["author"].get(f"/siren/{event.broadcast_id}/report.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    counted = sum(int(row["people"]) for row in rows if row["state"] != "audience")
    whole = [int(row["people"]) for row in rows if row["state"] == "audience"]
    assert whole == [counted] == [len(crowd)]
    assert rows[0]["title"] == "'=1+1", "a spreadsheet must not calculate what somebody wrote"


@pytest.mark.parametrize("language", ["ko", "en"])
async def test_the_report_is_a_pdf(
    office: Office, crowd: list[uuid.UUID], clients: Clients, language: str
) -> None:
    event = await office.approved(len(crowd), title="호우 <b>경보")
    answer = await clients["approver"].get(
        f"/siren/{event.broadcast_id}/report.pdf?lang={language}"
    )
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    assert report.FONT.encode() in answer.content
    assert answer.content.rstrip().endswith(b"%%EOF")


async def test_the_log_has_drills_and_nothing_real(
    office: Office, crowd: list[uuid.UUID], clients: Clients
) -> None:
    assert "아직 훈련 기록이 없어요" in (await clients["author"].get("/siren/log/drills")).text
    await office.approved(len(crowd), title="진짜 호우")
    await office.approved(len(crowd), title="민방위 훈련", environment="exercise")
    page = (await clients["author"].get("/siren/log/drills")).text
    assert "민방위 훈련" in page
    assert "진짜 호우" not in page
    assert "단독 발송이 없어요" in (await clients["author"].get("/siren/log/alone")).text


async def test_reports_are_for_the_office(
    office: Office, crowd: list[uuid.UUID], clients: Clients
) -> None:
    event = await office.approved(len(crowd))
    for path in ("report.csv", "report.pdf"):
        answer = await clients["nobody"].get(f"/siren/{event.broadcast_id}/{path}")
        assert answer.status_code == 303
    assert (await clients["author"].get(f"/siren/{uuid.uuid4()}/report.csv")).status_code == 404
