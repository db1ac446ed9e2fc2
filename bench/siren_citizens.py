"""Citizens who write to the city while it is being warned, and how long each of them waits."""

import asyncio
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

import httpx
from sqlalchemy import text

from bench.siren_callbacks import Request, twilio_request
from bench.siren_city import City

A_SECOND = 10
WAIT_SECONDS = 30.0
ANSWER_SECONDS = 20.0
# Whoever has the alert answers it; the others want to know.
ANSWERS = ("1", "1", "2", "안전해요")
QUESTIONS = ("대피소", "여권은 어디서 만들어요?", "내 민원 어떻게 됐어요?", "가로등이 꺼졌어요")
STRANGERS = 91_000_000  # beyond everybody's number: who lives there asks, and has no alert

_REACHED = text("""
    SELECT a.address FROM deliveries d JOIN addresses a ON a.id = d.address_id
    WHERE d.provider = 'twilio' AND d.status = 'accepted' LIMIT 5000""")


@dataclass
class Citizens:
    """People who text at a steady pace, `A_SECOND`, whatever they wait for.

    Half of them have a phone of another country and get their answer in place; the others write by
    the domestic gateway, and wait until the simulator has taken the answer to them.
    """

    town: City
    in_place: list[float] = field(default_factory=list)
    sent: dict[str, float] = field(default_factory=dict)
    refused: int = 0

    async def write(self) -> None:
        """Text until cancelled."""
        reached = list(await self._reached())
        async with (
            httpx.AsyncClient(
                base_url=self.town.settings.base_url, trust_env=False, timeout=WAIT_SECONDS
            ) as client,
            asyncio.TaskGroup() as group,
        ):
            turn = 0
            started = time.monotonic()
            while True:
                if turn % 2 and reached:
                    phone, said = reached[turn // 2 % len(reached)], ANSWERS[turn // 2 % 4]
                    group.create_task(self._in_place(client, phone, said))
                else:
                    said = QUESTIONS[turn // 2 % 4]
                    phone = f"8210{STRANGERS + len(self.sent)}"
                    group.create_task(self._at_home(client, phone, said))
                turn += 1
                # By the clock, so that a service that is slow is not asked less.
                await asyncio.sleep(max(0.0, started + turn / A_SECOND - time.monotonic()))

    async def warm_up(self, texts: int = 40) -> None:
        """Let some write one by one: what is loaded at its first use is there before it counts."""
        async with httpx.AsyncClient(
            base_url=self.town.settings.base_url, trust_env=False, timeout=WAIT_SECONDS
        ) as client:
            for n in range(texts):
                await self._in_place(client, f"+1202{9_000_000 + n}", QUESTIONS[n % 4])
        if self.refused:
            raise SystemExit("the service does not answer citizens")

    async def waits(self) -> dict[str, Any]:
        """Return how long they waited (milliseconds), once the last has an answer."""
        end = time.monotonic() + ANSWER_SECONDS
        while True:
            answered = await self._answered()
            if len(answered) == len(self.sent) or time.monotonic() > end:
                break
            await asyncio.sleep(0.5)
        at_home = [at - self.sent[phone] for phone, at in answered.items()]
        every = sorted(1000 * wait for wait in (*self.in_place, *at_home))
        last = len(every) - 1
        return {
            "texts": len(every),
            **{f"p{q}_ms": round(every[int(q / 100 * last)]) for q in (50, 95, 99)},
            "most_ms": round(every[-1]),
            "in_place_p99_ms": _p99(self.in_place),
            "gateway_p99_ms": _p99(at_home),
            "unanswered": len(self.sent) - len(answered) + self.refused,
        }

    async def _reached(self) -> list[str]:
        async with self.town.context.sessions() as session:
            return list(await session.scalars(_REACHED))

    async def _answered(self) -> dict[str, float]:
        """Return when the first answer to each was taken, of those who write by the gateway."""
        found: dict[str, float] = {}
        for number, at in await self.town.times():
            if number in self.sent:
                found.setdefault(number, at)
        return found

    async def _in_place(self, client: httpx.AsyncClient, phone: str, said: str) -> None:
        path, body, headers = _by_twilio(self.town, phone, said)
        started = time.perf_counter()
        answer = await _post(client, path, headers, content=body)
        if answer and "<Message" in answer.text:
            self.in_place.append(time.perf_counter() - started)
        else:
            self.refused += 1

    async def _at_home(self, client: httpx.AsyncClient, phone: str, said: str) -> None:
        path, body = _by_gateway(self.town, phone, said)
        self.sent[phone] = time.time()
        await _post(client, path, {}, json=body)


async def _post(
    client: httpx.AsyncClient, path: str, headers: dict[str, str], **given: Any
) -> httpx.Response | None:
    try:
        return (await client.post(path, headers=headers, **given)).raise_for_status()
    except httpx.HTTPError:
        return None


def _by_twilio(town: City, phone: str, said: str) -> Request:
    form = {
        "MessageSid": f"SM{secrets.token_hex(16)}", "AccountSid": town.settings.twilio_account_sid,
        "From": phone, "To": town.settings.twilio_from_number, "Body": said, "NumMedia": "0",
    }  # fmt: skip
    return twilio_request(town.settings, "/channels/twilio/sms", form)


def _by_gateway(town: City, phone: str, said: str) -> tuple[str, dict[str, Any]]:
    message = {
        "moKey": secrets.token_hex(12), "moNumber": "0" + phone.removeprefix("82"),
        "moCallback": town.settings.korea_sms_from_number, "moType": "SMSMO", "moTitle": None,
        "moMsg": said, "telco": "SKT", "contentCnt": 0, "contentInfoLst": None,
        "moRecvDt": time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() + 9 * 3600)),
    }  # fmt: skip
    path = f"/channels/korea-sms/mo/{town.settings.korea_sms_webhook_secret}"
    return path, {"moCnt": 1, "moLst": [message]}


def _p99(waits: list[float]) -> int:
    return round(1000 * sorted(waits)[int(0.99 * (len(waits) - 1))]) if waits else 0
