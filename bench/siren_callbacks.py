"""Status callbacks as they come after a city was warned: many, twice, and in any order."""

import asyncio
import contextlib
import random
import shutil
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import aiohttp
import httpx
from sqlalchemy import text
from twilio.request_validator import RequestValidator

from backend.config import Settings
from backend.embedded import data_dir
from bench.progress import bar
from bench.siren_city import START_SECONDS, City
from broadcasts import audience, plan
from channels.signatures import KOREA_HEADER, TWILIO_HEADER

AT_ONCE = 100
SLOWEST = 200  # a second: below it the measurement ends
# What a tenth each comes to; of what failed and arrived after all, the receipt of the phone counts.
FATES = [("delivered",)] * 8 + [("undelivered",), ("undelivered", "delivered")]

_HANDED_OVER = (
    """UPDATE deliveries d SET status = 'accepted', attempts = 1, parts = 1,
        provider = CASE WHEN a.address LIKE '+1%' THEN 'twilio' ELSE 'korea' END,
        check_at = now() + interval '80 hours'
    FROM addresses a WHERE a.id = d.address_id""",
    """INSERT INTO delivery_attempts
        (delivery_id, number, route, channel, provider, address_id, outcome)
    SELECT id, 1, 0, channel, provider, address_id, 'accepted' FROM deliveries""",
    """INSERT INTO delivery_parts (provider, external_id, delivery_id, route, total, status)
    SELECT provider, CASE provider WHEN 'twilio' THEN 'SM' || md5(id::text)
            ELSE '20261122' || id || chr(58) || '1' END, id, 0, 1, 'accepted' FROM deliveries""",
)

Request = tuple[str, bytes | dict[str, Any], dict[str, str]]


async def serve(town: City) -> None:
    """Start the service that providers and citizens talk to; it learns its language once."""
    settings = town.settings
    learned = data_dir(Settings(_env_file=None)) / "models"
    own = data_dir(settings) / "models"
    if learned.exists() and not own.exists():
        shutil.copytree(learned, own)
    town.start("service", "serve")
    async with httpx.AsyncClient(trust_env=False) as client:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            with contextlib.suppress(httpx.HTTPError):
                if (await client.get(f"{settings.base_url}/readyz")).status_code == 200:
                    return
            await asyncio.sleep(0.2)
    raise SystemExit("the service did not start")


async def hand_over(town: City, people: int) -> None:
    """Let an alert be with the providers, as if workers had sent it a moment ago."""
    await town.settle(people)
    event, _ = await town.approve(*await town.submitted())
    async with town.context.sessions() as session, session.begin():
        await plan.release(session, event.id)
    await audience.fan_out(town.context, str(event.id))
    async with town.context.sessions() as session, session.begin():
        await session.execute(text("SET LOCAL statement_timeout = 0"))
        for statement in _HANDED_OVER:
            await session.execute(text(statement))


async def absorb(town: City) -> dict[str, Any]:
    """Report on every message of the last alert; return how fast that is kept, once checked."""
    await serve(town)
    async with town.context.sessions() as session:
        query = "SELECT delivery_id, provider, external_id FROM delivery_parts ORDER BY delivery_id"
        parts = (await session.execute(text(query))).all()
    dice = random.Random(6)
    wanted: dict[int, str] = {}
    requests: list[Request] = []
    for part in parts:
        fate = dice.choice(FATES)
        wanted[part.delivery_id] = "delivered" if "delivered" in fate else "failed"
        for word in ("sent", *fate) if part.provider == "twilio" else fate:
            made = twilio_report if part.provider == "twilio" else korea_report
            requests += [made(town.settings, part.delivery_id, part.external_id, word)] * 2
    dice.shuffle(requests)
    seconds = await _post(town, requests)
    async with town.context.sessions() as session:
        # Who is not reached by a text is called next; as nobody works here, that stays to be done.
        rows = await session.execute(text("SELECT id, status, route FROM deliveries"))
        found = {
            row.id: "failed" if row.status == "pending" and row.route else row.status
            for row in rows
            if row.id in wanted
        }
    town.stop("service")
    wrong = sum(found[id_] != status for id_, status in wanted.items())
    assert not wrong, f"{wrong} of {len(wanted)} ended in another state than reported"
    return {"callbacks": len(requests), "per_second": round(len(requests) / seconds), "wrong": 0}


async def _post(town: City, requests: list[Request]) -> float:
    """Post everything, `AT_ONCE` under way at a time; return the seconds it took."""
    queue = enumerate(requests)
    connector = aiohttp.TCPConnector(limit=AT_ONCE)
    async with aiohttp.ClientSession(town.settings.base_url, connector=connector) as session:

        async def provider(done: Callable[[int], None]) -> None:
            for place, (path, body, headers) in queue:
                given: dict[str, Any] = (
                    {"data": body} if isinstance(body, bytes) else {"json": body}
                )
                async with session.post(path, headers=headers, **given) as answer:
                    assert answer.status == 204, f"{path} answered {answer.status}"
                if place % 100 == 0:
                    done(place)

        started = time.perf_counter()
        with bar("callbacks", len(requests)) as done:
            async with asyncio.timeout(60 + len(requests) / SLOWEST):
                await asyncio.gather(*(provider(done) for _ in range(AT_ONCE)))
        return time.perf_counter() - started


def twilio_report(settings: Settings, delivery: int, external_id: str, word: str) -> Request:
    """Return a signed status callback that says `word` of a message."""
    form = {"MessageSid": external_id, "MessageStatus": word, "AccountSid": "AC" + "0" * 32}
    if word == "undelivered":
        form["ErrorCode"] = "30003"
    return twilio_request(settings, f"/channels/twilio/status?delivery={delivery}&parts=1", form)


def twilio_request(settings: Settings, path: str, form: dict[str, str]) -> Request:
    """Return a signed request of Twilio."""
    signed = RequestValidator(settings.twilio_auth_token).compute_signature(
        settings.base_url + path, form
    )
    kind = "application/x-www-form-urlencoded"
    return path, urlencode(form).encode(), {TWILIO_HEADER: signed, "Content-Type": kind}


def korea_report(settings: Settings, delivery: int, external_id: str, word: str) -> Request:
    """Return a result of the domestic gateway: `delivered`, or any other word for a failure."""
    request, _, place = external_id.partition(":")
    hook = {
        "requestId": request, "recipientSeq": int(place),
        "messageStatus": "COMPLETED" if word == "delivered" else "FAILED",
        "resultCode": "1000" if word == "delivered" else "2003",
        "senderGroupingKey": str(delivery), "recipientGroupingKey": "1/1",
    }  # fmt: skip
    body = {"event": "MESSAGE_RESULT_UPDATE", "hooks": [hook]}
    return "/channels/korea-sms/results", body, {KOREA_HEADER: settings.korea_sms_webhook_secret}
