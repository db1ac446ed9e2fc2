"""What runs behind the service: the workers of every lane, and the clock."""

import asyncio
import time

from backend import clock, jobs
from backend.attachments import service as attachments
from backend.context import Context
from backend.delivery import reaper
from backend.delivery import service as delivery
from backend.delivery.dispatch import Dispatcher
from backend.handoff.watch import watch
from broadcasts import audience, correction, plan, probe, progress, schedule
from broadcasts import service as broadcasts
from broadcasts.cap.publish import publish as publish_cap


async def run(context: Context, dispatcher: Dispatcher, database_url: str) -> None:
    """Work until cancelled, and close `dispatcher` then.

    As many processes as wanted may run this at once.
    """
    queue = jobs.queue(database_url)
    channels = dispatcher.channels

    async def send(lane: str) -> None:
        await dispatcher.start(lane)

    async def fan_out(event_id: str) -> None:
        await audience.fan_out(context, event_id)
        await plan.follow_canary(context)

    async def stop_and_correct(broadcast_id: str) -> None:
        await correction.stop_and_correct(context, broadcast_id)

    async def reap() -> None:
        async with context.sessions() as session, session.begin():
            await reaper.reap(session)

    async def follow_up() -> None:
        await reaper.follow_up(context, channels)

    async def tell_other_systems() -> None:
        await publish_cap(context)

    async def reap_photos() -> None:
        async with context.sessions() as session, session.begin():
            await attachments.reap(session)

    jobs.register(queue, delivery.SEND, send)
    jobs.register(queue, audience.FAN_OUT, fan_out)
    jobs.register(queue, broadcasts.CANCEL, stop_and_correct)
    ticks: list[tuple[float, clock.Tick]] = [
        (5, reap),
        (10, follow_up),
        (600, reap_photos),
        (5, lambda: schedule.tend(context)),
        (5, sparingly(lambda: correction.correct_the_late(context))),
        (3, tell_other_systems),
        (0.5, lambda: plan.watch_canaries(context)),
        (plan.RECENT_SECONDS, lambda: plan.watch_errors(context)),
        (2, sparingly(lambda: progress.pulse(context))),
        (2, sparingly(lambda: progress.pulse_districts(context))),
        (5, sparingly(lambda: plan.watch_standstills(context))),
        (15, lambda: watch(context)),
        (probe.EVERY_SECONDS, lambda: probe.run(context)),
    ]
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(jobs.work(queue))
            group.create_task(clock.run(database_url, ticks))
    finally:
        await dispatcher.close()


def sparingly(tick: clock.Tick) -> clock.Tick:
    """Return `tick` as one that takes a twentieth of the time at most: it counts a whole city."""
    again_at = 0.0

    async def rarely() -> None:
        nonlocal again_at
        started = time.monotonic()
        if started >= again_at:
            try:
                await tick()
            finally:  # what the database gave up after half a minute is not begun again at once
                ended = time.monotonic()
                again_at = ended + 20 * (ended - started)

    return rarely
