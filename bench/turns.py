"""How long a citizen waits: from the provider's webhook until the answer is with the provider.

    python -m bench.turns [--citizens 50] [--rounds 1] [--json]

starts a whole service of its own (embedded servers that write as safely as in earnest, builtin
engine, simulator) and lets citizens file petitions at once, half of them by SMS, half on Telegram.
By SMS the wait ends with the answer in place (TwiML); on Telegram when the simulator has received
the bot's message.

It is measured twice: with people, who read an answer and type the next message in 3 to 15 seconds
(`talking`), and with machines, who send it at once (`saturated`): there a wait is nothing but the
number of citizens over the turns a second. Beside the waits stands what a turn costs.
"""

import argparse
import asyncio
import json
import random
import time
from datetime import datetime
from typing import Any
from uuid import uuid4

import httpx
from twilio.request_validator import RequestValidator

from bench.turns_service import TOKEN, Service, service

THINK_SECONDS = (3.0, 15.0)
SAID = (
    "{gu} 망원시장 앞 가로등이 며칠째 꺼져 있어요",
    "2",
    "2",
    "{gu} 서교동 잔다리로 {n} 앞이에요",
    "1",
    "내 민원 어떻게 됐어요?",
    "여권은 어디서 만들어요?",
    "감사합니다",
)
DISTRICTS = ("마포구", "용산구", "은평구", "노원구", "송파구")
WAIT = 30.0


class Town:
    """The doors of a running service, as providers knock at them."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.client = httpx.AsyncClient(base_url=url, timeout=WAIT, trust_env=False)
        self._validator = RequestValidator(TOKEN)

    async def by_sms(self, phone: str, text: str) -> float:
        """Send a text; return the seconds until the answer was there."""
        form = {
            "MessageSid": "SM" + uuid4().hex,
            "AccountSid": "AC" + "0" * 32,
            "From": phone,
            "To": "+15005550006",
            "Body": text,
            "NumMedia": "0",
        }
        path = "/channels/twilio/sms"
        signed = self._validator.compute_signature(self.url + path, form)
        started = time.perf_counter()
        answer = await self.client.post(path, data=form, headers={"X-Twilio-Signature": signed})
        answer.raise_for_status()
        return time.perf_counter() - started

    async def by_telegram(self, user: int, text: str, known: int) -> tuple[float, int]:
        """Send an update; return the seconds until the simulator had the answer, and how many
        messages it holds for this citizen by then."""
        chat = {"id": user, "type": "private", "first_name": "시민"}
        who = {"id": user, "is_bot": False, "first_name": "시민", "language_code": "ko"}
        message = {"message_id": known + 1, "date": int(time.time()), "chat": chat, "from": who}
        update = {"update_id": uuid4().int % 10**9, "message": {**message, "text": text}}
        headers = {"X-Telegram-Bot-Api-Secret-Token": TOKEN}
        started = time.time()
        answer = await self.client.post("/channels/telegram/webhook", json=update, headers=headers)
        answer.raise_for_status()
        while time.time() - started < WAIT:
            found = await self.client.get("/simulator/sent", params={"to": str(user)})
            items = found.json()["items"]
            if len(items) > known:
                received = datetime.fromisoformat(items[known]["at"]).timestamp()
                return received - started, len(items)
            await asyncio.sleep(0.1)  # the time is the simulator's own
        raise SystemExit("an answer on Telegram did not come")


Think = tuple[float, float]


class Talks:
    """Citizens who talk at once, and how long each of their turns took, by channel."""

    def __init__(self, town: Town, citizens: int, think: Think) -> None:
        self.town, self.citizens, self.think = town, citizens, think
        self.waits: dict[str, list[float]] = {"sms": [], "telegram": []}
        self._dice = random.Random(7)

    async def go_on(self, first: int, rounds: int) -> float:
        """Let all of them talk; return the seconds it took. `first` makes them new people."""
        started = time.perf_counter()
        for round_ in range(rounds):
            people = range(first + round_ * self.citizens, first + (round_ + 1) * self.citizens)
            await asyncio.gather(*(self._talk(n) for n in people))
        return time.perf_counter() - started

    async def _talk(self, n: int) -> None:
        known = 0
        for place, said in enumerate(SAID):
            # Nobody begins in the same moment, and nobody types without having read.
            least, most = self.think
            await asyncio.sleep(self._dice.uniform(0.0 if place == 0 else least, most))
            text = said.format(gu=DISTRICTS[n % len(DISTRICTS)], n=n + 1)
            if n % 2:
                wait, known = await self.town.by_telegram(800_000_000 + n, text, known)
                self.waits["telegram"].append(wait)
            else:
                self.waits["sms"].append(await self.town.by_sms(f"+8210{50_000_000 + n}", text))


def _summary(waits: list[float]) -> dict[str, float]:
    ordered = sorted(1000 * w for w in waits)
    at = {f"p{q}": round(ordered[int(q / 100 * (len(ordered) - 1))], 1) for q in (50, 95, 99)}
    return {"turns": len(ordered), **at}


async def measure(
    running: Service, citizens: int, rounds: int, think: Think, first: int
) -> dict[str, Any]:
    """Let `citizens` talk at once; return their waits in milliseconds, and what a turn costs."""
    town = Town(running.url)
    talks = Talks(town, citizens, think)
    before = await asyncio.to_thread(running.used)
    seconds = await talks.go_on(first, rounds)
    turns = sum(len(waits) for waits in talks.waits.values())
    after = await asyncio.to_thread(running.used)
    await town.client.aclose()
    return {
        "think_s": list(think),
        "turns_a_second": round(turns / seconds, 1),
        **{f"{channel}_ms": _summary(waits) for channel, waits in talks.waits.items()},
        "a_turn": after.since(before, turns),
    }


async def _both(running: Service, citizens: int, rounds: int) -> dict[str, Any]:
    # What is loaded, prepared and connected at its first use is there before anything counts.
    await measure(running, min(citizens, 20), 1, (0.0, 0.0), 0)
    return {
        "citizens": citizens,
        "talking": await measure(running, citizens, rounds, THINK_SECONDS, 100_000),
        "saturated": await measure(running, citizens, rounds, (0.0, 0.0), 200_000),
    }


def main() -> None:
    """Measure, and print a table or JSON."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--citizens", type=int, default=50)
    options.add_argument("--rounds", type=int, default=1, help="talks of eight turns, one by one")
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    with service() as running:
        bound = 120 + given.rounds * (8 * THINK_SECONDS[1] + WAIT)
        result = asyncio.run(asyncio.wait_for(_both(running, given.citizens, given.rounds), bound))
    if given.json:
        print(json.dumps(result))
        return
    print(f"{given.citizens} citizens at once; milliseconds from webhook to answer")
    for way in ("talking", "saturated"):
        found = result[way]
        print(f"{way}: {found['turns_a_second']} turns a second; a turn costs {found['a_turn']}")
        for channel in ("sms_ms", "telegram_ms"):
            print(f"  {channel:12} {found[channel]}")


if __name__ == "__main__":
    main()
