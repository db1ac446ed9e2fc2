"""Workers in processes of their own, on the house's database and its providers."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from backend.config import ROOT
from backend.embedded import Servers
from tests.faults.siren_house import House

Process = subprocess.Popen[bytes]


def environment(house: House, servers: Servers) -> dict[str, str]:
    """Return the settings of a process that works for `house`."""
    here = house.context.settings
    return {
        **os.environ,
        "EUNGDAP_ENV": "test",
        "EUNGDAP_SECRET": here.secret,
        "EUNGDAP_SIMULATOR": "0",
        "DATABASE_URL": house.database_url.replace("postgresql+psycopg", "postgresql"),
        "REDIS_URL": servers.redis_url,
        "PUBLIC_URL": here.public_url,
        "PROVIDER_PACE": " ".join(f"{name}={pace}" for name, pace in here.provider_pace.items()),
        "TWILIO_ACCOUNT_SID": here.twilio_account_sid,
        "TWILIO_AUTH_TOKEN": here.twilio_auth_token,
        "TWILIO_FROM_NUMBER": here.twilio_from_number,
        "TWILIO_API_URL": here.twilio_api_url,
        "KOREA_SMS_APP_KEY": here.korea_sms_app_key,
        "KOREA_SMS_SECRET_KEY": here.korea_sms_secret_key,
        "KOREA_SMS_FROM_NUMBER": here.korea_sms_from_number,
        "KOREA_SMS_API_URL": here.korea_sms_api_url,
        "TELEGRAM_BOT_TOKEN": "",
    }


def worker(house: House, servers: Servers, off: float = 0.0) -> Process:
    """Start a worker whose clock is wrong by `off` seconds."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.faults.clock_apart", str(off), "worker"],
        cwd=ROOT, env=environment(house, servers), stderr=subprocess.DEVNULL,
    )  # fmt: skip


@contextmanager
def processes(house: House, servers: Servers, *off: float) -> Iterator[list[Process]]:
    """Run one worker process for each of `off`, by how many seconds its clock is wrong."""
    started = [worker(house, servers, seconds) for seconds in off]
    try:
        yield started
        assert all(process.poll() is None for process in started), "a worker ended by itself"
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(90)
