"""How fast a city is warned, beside what a bare client and a Celery sender reach here and now.

    python -m bench.broadcast [--people 5000] [--full] [--only PART,…] [--json]

Everything runs on this machine: PostgreSQL and Redis of its own (written as safely as in earnest),
the simulator and two workers as processes of their own. `--full` takes 100,000 people, and a
million for `million`. Parts: fan_out, send, callbacks, loop, celery, million, and
cancel, during which citizens write to the city.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from typing import Any

from sqlalchemy import text

from backend.config import Settings
from backend.faq.importer import import_own
from backend.main import trained_model
from bench import siren_callbacks, siren_peers
from bench.progress import bar
from bench.siren_citizens import Citizens
from bench.siren_city import City, city
from broadcasts import audience, plan

PARTS = ("fan_out", "send", "callbacks", "loop", "celery", "cancel")
WATCH_SECONDS = 0.1


async def fan_out(town: City, people: int) -> dict[str, Any]:
    """Write everybody's delivery, with nobody sending beside it."""
    await town.settle(people)
    event, _ = await town.approve(*await town.submitted())
    async with town.context.sessions() as session, session.begin():
        await plan.release(session, event.id)
    started = time.perf_counter()
    await audience.fan_out(town.context, str(event.id))
    seconds = time.perf_counter() - started
    written = await town.number("SELECT count(*) FROM deliveries")
    assert written == people, f"{written} of {people} written"
    return {"rows": people, "rows_per_second": round(people / seconds)}


async def send(town: City, people: int) -> dict[str, Any]:
    """Approve an alert and watch the simulator until everybody has it."""
    await town.settle(people)
    await town.start_simulator()
    workers = await town.start_workers()
    event, approved = await town.approve(*await town.submitted())
    with bar(f"{people:,} people", people) as done:
        watched = await _watch(town, people, workers, done)
    await town.until(
        "SELECT count(*) FROM deliveries WHERE event_id = :event "
        "AND status IN ('accepted', 'unknown')",
        people, event=event.id,
    )  # fmt: skip
    town.stop(*workers)
    async with town.context.sessions() as session:
        rows = await session.execute(
            text("SELECT substr(a.address, 2) AS number, d.status FROM addresses a "
                 "JOIN deliveries d ON d.address_id = a.id")
        )  # fmt: skip
        wanted = {row.number: row.status for row in rows}
    got = await town.numbers()
    assert len(got) == len(set(got)), "somebody got it twice"
    missing = wanted.keys() - set(got)
    unknown = {number for number, status in wanted.items() if status == "unknown"}
    assert set(got) <= wanted.keys(), "somebody got it who was not meant"
    assert missing <= unknown, f"{len(missing)} people were skipped"
    first = watched.pop("first_at") - approved
    return {
        "people": people, "unknown": len(unknown), "first_accepted_s": round(first, 2), **watched,
    }  # fmt: skip


async def _watch(
    town: City, people: int, workers: list[str], done: Callable[[int], None]
) -> dict[str, Any]:
    """Follow a run; return rates of all, of both halves, and the workers' memory (MB).

    Also of both halves of what is left once everybody's row is written, and the sending alone.
    """
    half_at, lost, last_total, look_at, memory = 0.0, 0, 0, 0.0, []
    alone: list[tuple[float, int]] = []
    deadline = time.monotonic() + 60 + people / 200
    while True:
        found = await town.accepted()
        done(found["total"])
        if found["total"]:
            memory.append(max(town.memory(name) for name in workers))
        if not half_at and found["total"] >= people / 2:
            half_at = time.time()
            half = found["total"]
        if alone or await town.number("SELECT count(*) FROM broadcast_events WHERE cursor IS NULL"):
            alone.append((time.time(), found["total"]))
        if found["total"] >= people - lost:
            break
        if found["total"] == last_total and time.monotonic() > look_at:
            # A connection that broke leaves somebody unknown, to whom nobody sends again.
            lost = await town.number("SELECT count(*) FROM deliveries WHERE status = 'unknown'")
            look_at = time.monotonic() + 2
        last_total = found["total"]
        if time.monotonic() > deadline:
            fates = await town.fates()
            raise SystemExit(f"only {found['total']} of {people} were sent: {fates}")
        await asyncio.sleep(WATCH_SECONDS)
    first, last = found["first_at"], found["last_at"]
    firsts, seconds = half / (half_at - first), (people - half) / max(0.001, last - half_at)
    middle = memory[len(memory) // 2]
    return {
        "first_at": first,
        "per_second": round(people / (last - first)),
        "second_half_to_first": round(seconds / firsts, 2),
        "fan_out_beside_s": round(alone[0][0] - first, 1),
        "second_half_to_first_after_it": _second_to_first([*alone[:-1], (last, people)]),
        "worker_mb": round(max(memory)),
        "worker_mb_growth_second_half": round(max(memory[len(memory) // 2 :]) - middle, 1),
    }


def _second_to_first(counts: list[tuple[float, int]]) -> float:
    """Return how fast the second half of what `counts` (moment, total) count was, to the first."""
    (start, before), (end, after) = counts[0], counts[-1]
    half_at, half = next((at, total) for at, total in counts if total >= (before + after) / 2)
    firsts = (half - before) / max(0.001, half_at - start)
    return round((after - half) / max(0.001, end - half_at) / max(0.001, firsts), 2)


async def cancel(town: City, people: int) -> dict[str, Any]:
    """Cancel in the middle of a run while citizens write to the city.

    Returns how long after it the last alert was accepted, and how long the citizens waited.
    """
    await town.settle(people)
    async with town.context.sessions() as session, session.begin():
        await import_own(session)
    await siren_callbacks.serve(town)
    await town.start_simulator()
    workers = await town.start_workers()
    await Citizens(town).warm_up()
    broadcast, seen = await town.submitted()
    await town.approve(broadcast, seen)
    with bar(f"{people:,} people, cancelled half-way", people) as done:
        await _until_out(town, people, 0.05, done)
        citizens = Citizens(town)
        writing = asyncio.create_task(citizens.write())
        await _until_out(town, people, 0.5, done)
        cancelled = await town.cancel(broadcast)
        await town.until(
            "SELECT count(*) FROM broadcasts WHERE id = :id AND status = 'cancelled'",
            1, seconds=120 + people / 200, id=broadcast,
        )  # fmt: skip
    writing.cancel()
    with suppress(asyncio.CancelledError):
        await writing
    waits = await citizens.waits()
    last = await town.number(
        "SELECT coalesce(max(extract(epoch FROM t.at) * 1000), 0)::bigint "
        "FROM delivery_attempts t JOIN deliveries d ON d.id = t.delivery_id "
        "JOIN broadcast_events e ON e.id = d.event_id "
        "WHERE e.kind = 'alert' AND t.outcome = 'accepted'"
    )
    out = await town.number(
        "SELECT count(*) FROM deliveries d JOIN broadcast_events e ON e.id = d.event_id "
        "WHERE e.kind = 'alert' AND d.status <> 'cancelled'"
    )
    corrected = await town.number(
        "SELECT count(*) FROM deliveries d JOIN broadcast_events e ON e.id = d.event_id "
        "WHERE e.kind = 'correction' AND d.status IN ('accepted', 'unknown')"
    )
    town.stop(*workers, "service")
    assert out == corrected, f"{corrected} of {out} who may have got it were corrected"
    assert not waits["unanswered"], f"{waits['unanswered']} citizens got no answer"
    return {
        "people": people, "already_out": out, "stopped": people - out,
        "last_alert_after_s": round(max(0.0, last / 1000 - cancelled), 2),
        "citizens_meanwhile": waits,
    }  # fmt: skip


async def _until_out(town: City, people: int, part: float, done: Callable[[int], None]) -> None:
    """Wait until so large a part of the people has it."""
    deadline = time.monotonic() + 60 + people / 200
    while (out := (await town.accepted())["total"]) < people * part:
        if time.monotonic() > deadline:
            raise SystemExit(f"only {out} of {people} were sent: {await town.fates()}")
        done(out)
        await asyncio.sleep(WATCH_SECONDS)


async def measure(
    parts: tuple[str, ...], people: int, full: bool, tell: Callable[[str, object], None]
) -> None:
    """Measure `parts` with so many people, and `tell` each as it ends; a failed one ends all."""
    rates: dict[str, float] = {}

    def told(part: str, values: dict[str, Any]) -> None:
        rates[part] = values.get("per_second", 0.0)
        tell(part, values)

    with city() as town:
        await town.hire()
        if "fan_out" in parts:
            told("fan_out", await fan_out(town, max(people, 20_000)))
        if "send" in parts:
            told("send", await send(town, people))
        if "callbacks" in parts:
            if "send" not in parts:
                await siren_callbacks.hand_over(town, people)
            told("callbacks", await siren_callbacks.absorb(town))
        if "loop" in parts:
            rate = await siren_peers.bare_loop(town, min(people, 20_000))
            told("bare_loop", {"per_second": round(rate)})
        if "celery" in parts and find_spec("celery") is None:
            told("celery", {"skipped": "not installed; `make bench` installs it"})
        elif "celery" in parts:
            rate = await siren_peers.celery(town, min(people, 10_000))
            told("celery", {"per_second": round(rate)})
        if "cancel" in parts:
            told("cancel", await cancel(town, people))
        if "million" in parts:
            told("million", await send(town, 1_000_000 if full else people * 2))
        await town.context.redis.aclose()
    for peer in ("bare_loop", "celery"):
        if "send" in rates and rates.get(peer):
            tell(f"times_{peer}", round(rates["send"] / rates[peer], 2))


def main() -> None:
    """Measure, and print a table or JSON."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--people", type=int, default=5000)
    options.add_argument("--full", action="store_true", help="100,000 people")
    options.add_argument("--only", default=",".join(PARTS))
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    people = 100_000 if given.full else given.people
    parts = tuple(given.only.split(","))
    if not {"callbacks", "cancel"}.isdisjoint(parts):
        trained_model(Settings(_env_file=None))  # before anything counts: it may take a minute
    found: dict[str, object] = {}

    def tell(part: str, values: object) -> None:
        found[part] = values
        if not given.json:
            print(f"{part:16} {values}", flush=True)

    asyncio.run(measure(parts, people, given.full, tell))
    if given.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
