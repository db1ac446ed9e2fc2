"""kill -9 in the middle of conversations: each goes on at the same step and ends the same way."""

import os
import random
import signal
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import httpx
import psycopg
import pytest

from backend.config import Settings
from tests.city import City, free_port
from tests.conversations.citizens import Records
from tests.conversations.people import People
from tests.conversations.scripts import Script, compare, expect, load
from tests.faults.test_kill import home, service  # noqa: F401 - home is a fixture

pytestmark = pytest.mark.faults

SCRIPTS, SEED = 14, 20261
# After so many answers, and a moment in which the next one is made, the service dies.
LATEST_CUT_SECONDS = 0.05
_PLAIN = {"me", "bot", "not", "only"}


@dataclass
class Talk:
    """One conversation through the web chat, with what has been answered so far."""

    script: Script
    people: People
    told: list[str] = field(default_factory=list)
    cut: bool = False

    def take(self, number: int) -> None:
        """Say the turn `number`; where the service is away, note that it was cut."""
        turn = self.script.talk[number]
        self.cut = False
        try:
            answer = self.people.take(turn)
        except httpx.HTTPError:
            self.cut = True
            return
        self._check(number, answer)

    def again(self, number: int) -> None:
        """Send the very message that was cut, with the id it had."""
        self._check(number, self.people.take({"again": True}))

    def _check(self, number: int, answer: str) -> None:
        turn = self.script.talk[number]
        self.told += [f"> {turn.get('me')}", answer]
        expect(turn, answer, self.people, "\n".join(self.told))


def _chosen() -> list[Script]:
    """Return scripts of some length that need no more than words and the web chat."""
    plain = [
        s for s in load()
        if s.door == "web" and len(s.talk) >= 3 and all(set(t) <= _PLAIN for t in s.talk)
        and "votes" not in s.end
    ]  # fmt: skip
    return random.Random(SEED).sample(plain, SCRIPTS)


def test_a_conversation_cut_by_kill_9_goes_on_at_the_same_step(
    home: Path,  # noqa: F811
    settings: Settings,
) -> None:
    chance, scripts = random.Random(SEED), _chosen()
    turns = max(len(s.talk) for s in scripts)
    database = f"postgresql://eungdap@/eungdap?host={home / 'run'}"
    talks: list[Talk] = []
    cuts = 0
    for number in range(turns):
        port = free_port()
        with service(home, port) as process, psycopg.connect(database, autocommit=True) as rows:
            city = City(f"http://127.0.0.1:{port}", settings)
            if not talks:
                talks = [Talk(s, People(city, Records(rows), "web")) for s in scripts]
            for talk in talks:
                talk.people.move(city, Records(rows))
            _send_cut_messages_again(talks, number - 1)
            now = [t for t in talks if number < len(t.script.talk)]
            with ThreadPoolExecutor(len(now)) as threads:
                sent = [threads.submit(t.take, number) for t in now]
                for _ in islice(as_completed(sent), chance.randrange(len(now))):
                    pass
                time.sleep(chance.uniform(0, LATEST_CUT_SECONDS))
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(60)
                for one in sent:
                    one.result()
            cuts += sum(t.cut for t in now)
    port = free_port()
    with service(home, port), psycopg.connect(database, autocommit=True) as rows:
        city, records = City(f"http://127.0.0.1:{port}", settings), Records(rows)
        for talk in talks:
            talk.people.move(city, records)
        _send_cut_messages_again(talks, turns - 1)
        for talk in talks:
            compare(talk.script.end, talk.people.citizen, records, 0, "\n".join(talk.told))
        doubled = rows.execute(
            "SELECT answers FROM messages WHERE answers IN (SELECT id FROM messages WHERE"
            " direction = 'in') GROUP BY answers, reply, text HAVING count(*) > 1"
        ).fetchall()
    assert not doubled
    assert cuts >= turns, f"only {cuts} messages were cut: the kills came too late"
    assert all(len(t.told) == 2 * len(t.script.talk) for t in talks)


def _send_cut_messages_again(talks: list[Talk], number: int) -> None:
    for talk in talks:
        if talk.cut and 0 <= number < len(talk.script.talk):
            talk.again(number)
            talk.cut = False
