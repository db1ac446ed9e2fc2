"""How long a citizen waits: from the provider's webhook until the answer is with the provider.

    python bench/turns.py [--citizens 50] [--rounds 4] [--json]

starts a whole service of its own (embedded servers, builtin engine, simulator) and lets citizens
file petitions all at once, half of them by SMS, half on Telegram. By SMS the wait ends with the
answer in place (TwiML); on Telegram when the simulator has received the bot's message.
"""

import argparse
import asyncio
import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import httpx
from twilio.request_validator import RequestValidator

from backend.config import ROOT, Settings, load
from backend.embedded import data_dir

TOKEN = "bench-" + "t" * 26
TELEGRAM = "110201543:bench-token"
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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def service() -> Iterator[str]:
    """Run the product on its own port, with data of its own, and yield its address."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    folder = Path(tempfile.mkdtemp(prefix="eungdap-bench-"))
    learned = data_dir(load()) / "models"
    here = {
        "EUNGDAP_ENV": "test",
        "EUNGDAP_VAR": str(folder),
        "EUNGDAP_SECRET": secrets.token_hex(32),
        "PORT": str(port),
        "PUBLIC_URL": url,
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_FROM_NUMBER": "+15005550006",
        "TELEGRAM_BOT_TOKEN": TELEGRAM,
        "TELEGRAM_WEBHOOK_SECRET": TOKEN,
        "DATABASE_URL": "",
        "REDIS_URL": "",
    }
    own = data_dir(Settings(_env_file=None, EUNGDAP_VAR=folder, EUNGDAP_ENV="test"))
    if learned.exists():  # the same data teaches the same: no need to learn it again
        shutil.copytree(learned, own / "models", dirs_exist_ok=True)
    command = [sys.executable, "-c", "from backend.cli import main; main()", "up"]
    running = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **here})
    try:
        _wait_until_up(url, running)
        yield url
    finally:
        running.send_signal(signal.SIGINT)
        running.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_until_up(url: str, running: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        if running.poll() is not None:
            raise SystemExit("the service ended before it answered")
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(url + "/readyz", timeout=2, trust_env=False).status_code == 200:
                return
        time.sleep(0.2)
    raise SystemExit("the service did not answer within five minutes")


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
            await asyncio.sleep(0.02)
        raise SystemExit("an answer on Telegram did not come")


async def _texting(town: Town, n: int, rounds: int, waits: list[float]) -> None:
    for round_ in range(rounds):
        phone = f"+8210{50_000_000 + n * 1000 + round_}"
        for said in SAID:
            text = said.format(gu=DISTRICTS[n % len(DISTRICTS)], n=n + 1)
            waits.append(await town.by_sms(phone, text))


async def _messaging(town: Town, n: int, rounds: int, waits: list[float]) -> None:
    for round_ in range(rounds):
        known = 0
        for said in SAID:
            text = said.format(gu=DISTRICTS[n % len(DISTRICTS)], n=n + 1)
            wait, known = await town.by_telegram(800_000_000 + n * 1000 + round_, text, known)
            waits.append(wait)


def _summary(waits: list[float]) -> dict[str, float]:
    ordered = sorted(1000 * w for w in waits)
    at = {f"p{q}": round(ordered[int(q / 100 * (len(ordered) - 1))], 1) for q in (50, 95, 99)}
    return {"turns": len(ordered), **at}


async def measure(url: str, citizens: int, rounds: int) -> dict[str, object]:
    """Let `citizens` talk at once; return the waits in milliseconds by channel."""
    town = Town(url)
    sms: list[float] = []
    telegram: list[float] = []
    await _texting(town, 900, 1, [])  # what is loaded at its first use is loaded
    await _messaging(town, 901, 1, [])
    half = citizens // 2
    started = time.perf_counter()
    await asyncio.gather(
        *(_texting(town, n, rounds, sms) for n in range(citizens - half)),
        *(_messaging(town, n, rounds, telegram) for n in range(half)),
    )
    seconds = time.perf_counter() - started
    await town.client.aclose()
    return {
        "citizens": citizens,
        "turns_a_second": round((len(sms) + len(telegram)) / seconds, 1),
        "sms_ms": _summary(sms),
        "telegram_ms": _summary(telegram),
    }


def main() -> None:
    """Measure, and print a table or JSON."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--citizens", type=int, default=50)
    options.add_argument("--rounds", type=int, default=4)
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    with service() as url:
        result = asyncio.run(measure(url, given.citizens, given.rounds))
    if given.json:
        print(json.dumps(result))
        return
    print(f"{given.citizens} citizens at once, {result['turns_a_second']} turns a second")
    for channel in ("sms_ms", "telegram_ms"):
        print(f"{channel:12} {result[channel]}")


if __name__ == "__main__":
    main()
