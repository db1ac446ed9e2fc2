"""The dispatcher: one pump for each lane and channel claims, paces, sends and settles.

No connection is held while a provider is called. A slow provider holds up its own pump alone, and a
citizen whose turn it is not holds up nobody else.
"""

import asyncio
import logging
import math
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy.exc import DataError

from backend import metrics
from backend.context import Context
from backend.delivery.health import Breaker
from backend.delivery.outcome import Outcome, decide
from backend.delivery.pace import Pace
from backend.delivery.packing import Parcel, channels_due, claim
from backend.delivery.settle import put_back, settle
from channels.base import (
    Channel,
    Provider,
    Rejected,
    Retryable,
    SendError,
    Throttled,
    Unknown,
    providers_of,
    traceable,
)
from channels.message import Sent

log = logging.getLogger(__name__)

AT_ONCE = 200  # messages of one pump under way
BATCH = 200
FIRST_BATCH = 25  # of a process that has not seen yet how fast it may go
GATHER_SECONDS = 0.005  # what lands within it is settled in one statement
SEND_SECONDS = 25.0  # less than the lease: a send that takes longer is given up as unknown
SHUTDOWN_SECONDS = 8.0
DATABASE_SECONDS = 1.0
DRAIN_SECONDS = 1.0  # what is held for the pace is due again within it
# For how many seconds a provider must be down before its messages look for another way.
PATIENCE = {"siren": 5.0, "reply": 60.0, "bulk": 300.0}
TICK = 0.1


class Dispatcher:
    """What sends, for one process. `channels` by name; `pace` is made here unless given."""

    def __init__(
        self, context: Context, channels: Mapping[str, Channel], pace: Pace | None = None
    ) -> None:
        self.context = context
        self.channels = channels
        self.pace = pace or Pace(context.redis, context.settings.provider_pace)
        self._breakers: dict[str, Breaker] = defaultdict(Breaker)
        self._pumps: dict[tuple[str, str], _Pump] = {}

    async def start(self, lane: str) -> None:
        """Have the pumps of `lane` look for what is due; returns at once, they go on beside."""
        async with self.context.sessions() as session:
            due = await channels_due(session, lane)
        for channel in due:
            self._pump(lane, channel).start()

    def rouse(self, lane: str, channel: str) -> None:
        """Have one pump look for what was just committed; returns at once.

        No job has to be written and fetched for it. Should this process end before the pump has
        looked, the reaper finds what is due.
        """
        self._pump(lane, channel).start()

    async def drain(self, lane: str) -> int:
        """Send everything that is due in `lane`, and return how many were tried."""
        tried, wait = 0, 0.0
        while wait <= DRAIN_SECONDS:
            await asyncio.sleep(wait)
            async with self.context.sessions() as session:
                due = await channels_due(session, lane)
            for name in due:
                self._pump(lane, name)
            pumps = [pump for (at, _), pump in self._pumps.items() if at == lane]
            sent = await asyncio.gather(*(pump.drain() for pump in pumps))
            tried += sum(sent)
            waits = [seconds for pump in pumps if (seconds := pump.next_in()) is not None]
            wait = 0.0 if any(sent) else min(waits, default=math.inf)
        return tried

    async def close(self) -> None:
        """Claim nothing more, and give what is under way some seconds to land and be settled."""
        await asyncio.gather(*(pump.close() for pump in self._pumps.values()))

    def breaker(self, provider: str) -> Breaker:
        """Return the health of `provider` as this process sees it."""
        return self._breakers[provider]

    def note(self, provider: str, said: Sent | SendError) -> None:
        """Learn from an answer how its provider is."""
        if isinstance(said, Throttled):
            return  # busy, and well
        breaker = self.breaker(provider)
        breaker.note(works=not isinstance(said, Retryable | Unknown))
        metrics.PROVIDER_OPEN.labels(provider).set(breaker.is_open)

    def _pump(self, lane: str, channel: str) -> "_Pump":
        found = self._pumps.get((lane, channel))
        if found is None:
            found = self._pumps[lane, channel] = _Pump(self, lane, channel)
        return found


class _Pump:
    """Everything that goes out in one lane on one channel."""

    def __init__(self, dispatcher: Dispatcher, lane: str, channel: str) -> None:
        self._dispatcher = dispatcher
        self._context = dispatcher.context
        self._lane = lane
        self._name = channel
        self._channel = dispatcher.channels.get(channel)
        self._task: asyncio.Task[None] | None = None
        self._sending: set[asyncio.Task[None]] = set()
        self._landed: list[Outcome] = []
        self._untold: list[tuple[Parcel, float]] = []  # claimed, not sent, and not put back yet
        self._stirred = asyncio.Event()
        self._wanted = False
        self._closing = False
        self._one_at_a_time = asyncio.Lock()
        self._grain = FIRST_BATCH
        self._dues: set[int] = set()  # in ticks of the loop's clock, when something is due again

    def start(self) -> None:
        """Look for what is due now, and again whenever something of ours is."""
        self._wanted = True
        self._stirred.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        self._closing = True
        self._stirred.set()
        if self._task is not None:
            _, late = await asyncio.wait([self._task], timeout=SHUTDOWN_SECONDS)
            for task in (*late, *self._sending):
                task.cancel()  # their leases will tell that nobody knows

    async def _run(self) -> None:
        while not self._closing:
            self._wanted = False
            try:
                await self.drain()
            except Exception as error:
                # Mostly the database, which is away. What landed is kept, and settled later.
                log.warning("sending in %s waits: %s", self._lane, type(error).__name__)
                self._due_in(DATABASE_SECONDS)
            if self._wanted or self._closing:
                continue
            wait = self.next_in()
            if wait is None:
                return
            self._stirred.clear()
            await _first(self._stirred, wait)

    async def drain(self) -> int:
        """Send what is due now and what comes due while that is going on; return the number."""
        async with self._one_at_a_time:
            return await self._drain()

    async def _drain(self) -> int:
        tried, look = 0, True
        if self._untold:
            await self._let_go(self._untold)
        while True:
            room = AT_ONCE - len(self._sending)
            # Not for a place or two: a claim costs the same for a hundred.
            if look and not self._closing and room >= AT_ONCE // 4:
                size = min(self._grain, room)
                claimed = await claim(self._context, self._lane, self._name, size)
                going, passed = await self._admit(claimed)
                tried += going
                look = len(claimed) >= size and passed
            if not self._sending and not self._landed:
                if not look or self._closing:
                    return tried
                continue
            look = await self._settle() or look

    async def _admit(self, claimed: Sequence[Parcel]) -> tuple[int, bool]:
        """Begin to send what may go now, and put the rest back.

        Returns how many go, this way or another, and whether others behind them may go as well.
        """
        by_provider: dict[Provider, list[Parcel]] = defaultdict(list)
        held: list[tuple[Parcel, float]] = []
        given_up: list[tuple[Parcel, float]] = []
        going = 0
        asked: set[str] = set()
        for parcel in claimed:
            by_provider[self._carrier(parcel, asked)].append(parcel)
        for provider, parcels in by_provider.items():
            breaker = self._dispatcher.breaker(provider.name)
            admitted = breaker.admits(len(parcels))
            grant = await self._dispatcher.pace.take(provider, self._lane, admitted)
            for parcel in parcels[: grant.granted]:
                self._send(parcel, provider)
            going += grant.granted
            rest = parcels[grant.granted :]
            if breaker.is_open and breaker.outage() >= PATIENCE[self._lane]:
                given_up += [(parcel, breaker.wait() + TICK) for parcel in rest]
                continue
            rate = self._dispatcher.pace.rate(provider) or math.inf
            wait = max(grant.wait, breaker.wait(), TICK / 10)
            held += [(parcel, wait + place / rate) for place, parcel in enumerate(rest)]
        # Whoever is not told now is told later: without it their leases would run out as unknown.
        self._untold += held + given_up
        if held:
            await self._let_go(held)
        if given_up and (moved := await self._let_go(given_up, self._dispatcher.channels)):
            going += moved
            await self._dispatcher.start(self._lane)
        for _, delay in (*held, *given_up):
            self._due_in(delay)
        # Claim no more than can go, so that what waits is not written again and again.
        some = 2 * max(1, len(claimed) - len(held))
        self._grain = some if held else min(BATCH, max(some, self._grain * 2))
        return going, bool(going or given_up)

    async def _let_go(
        self,
        parcels: Sequence[tuple[Parcel, float]],
        channels: Mapping[str, Channel] | None = None,
    ) -> int:
        """Put `parcels` back, as `put_back` does; they are kept where the database is away."""
        moved = await put_back(self._context, parcels, channels)
        told = {parcel.outgoing.id for parcel, _ in parcels}
        self._untold = [each for each in self._untold if each[0].outgoing.id not in told]
        return moved

    def _carrier(self, parcel: Parcel, asked: set[str]) -> Provider:
        """Return who carries a parcel: the first choice that works and has not refused it.

        One parcel asks a provider that was down whether it works again (`asked`, which is added
        to); without it nobody would find out while another one carries everything.
        """
        if self._channel is None:
            return Provider(self._name)
        to = parcel.outgoing
        able = list(providers_of(self._channel, to.address, to.environment))
        if parcel.outgoing.skip:
            able = [each for each in able if each.name == parcel.provider] or able
        willing = [each for each in able if each.name not in parcel.refused_by] or able
        working = [e for e in willing if self._may_carry(e.name, asked)] or willing
        # After two refusals in a row the next one is tried, where there is one.
        chosen = working[min(parcel.failures // 2, len(working) - 1)]
        if self._dispatcher.breaker(chosen.name).is_open:
            asked.add(chosen.name)
        return chosen

    def _may_carry(self, provider: str, asked: set[str]) -> bool:
        breaker = self._dispatcher.breaker(provider)
        return not breaker.is_open or (breaker.asks and provider not in asked)

    def _send(self, parcel: Parcel, provider: Provider) -> None:
        task = asyncio.create_task(self._try(parcel, provider))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _try(self, parcel: Parcel, provider: Provider) -> None:
        if not parcel.ours:
            # This process stood still: meanwhile it was given up, and perhaps cancelled.
            self._untold.append((parcel, 0.0))
            self._due_in(TICK)
            self._stirred.set()
            return
        said = await self._say(parcel, provider)
        self._dispatcher.note(provider.name, said)
        if isinstance(said, Throttled) and said.retry_after:
            await self._dispatcher.pace.pause(provider.name, said.retry_after)
        if isinstance(said, Sent) and said.parts > 1:
            await self._dispatcher.pace.spend(provider, self._lane, said.parts - 1)
        others = self._channel is not None and any(
            each.name != provider.name and each.name not in parcel.refused_by
            for each in providers_of(
                self._channel, parcel.outgoing.address, parcel.outgoing.environment
            )
        )
        can_ask = traceable(self._channel) is not None
        outcome = decide(parcel, provider, said, others=others, traceable=can_ask)
        self._landed.append(outcome)
        self._stirred.set()

    async def _say(self, parcel: Parcel, provider: Provider) -> Sent | SendError:
        if self._channel is None:
            return Rejected("no-such-channel")
        try:
            async with asyncio.timeout(SEND_SECONDS):
                return await self._channel.send(replace(parcel.outgoing, provider=provider.name))
        except SendError as error:
            return error
        except TimeoutError:
            return Unknown("timeout")
        except Exception as error:
            # One bad message must not stop the others; it may have gone out, so it is unknown.
            kind = type(error).__name__
            log.error("delivery %d on %s broke: %s", parcel.outgoing.id, self._name, kind)
            return Unknown("broken")

    async def _settle(self) -> bool:
        """Wait until something lands, is due or is wanted; settle; return whether to look again."""
        self._stirred.clear()
        if not self._landed:
            if self._wanted:
                self._wanted = False
                return True
            # A send may last long: whatever comes due meanwhile does not wait for it.
            wait = self.next_in()
            await _first(self._stirred, SEND_SECONDS if wait is None else wait)
        if self._landed and self._sending:
            await asyncio.sleep(GATHER_SECONDS)
        landed, self._landed = self._landed, []
        if not landed:
            self._wanted = False
            return True
        try:
            moved = await settle(self._context, landed, self._dispatcher.channels)
        except DataError:
            moved = await self._settle_singly(landed)
        except BaseException:
            self._landed = landed + self._landed
            raise
        for outcome in landed:
            if outcome.status == "pending" and outcome.delay is not None:
                self._due_in(outcome.delay)
        if moved:
            await self._dispatcher.start(self._lane)
        return True

    async def _settle_singly(self, landed: Sequence[Outcome]) -> bool:
        """Settle one by one where the database refuses a value, so that one holds up no other."""
        moved = False
        for outcome in landed:
            try:
                moved |= await settle(self._context, [outcome], self._dispatcher.channels)
            except DataError:
                log.error("delivery %d could not be settled", outcome.parcel.outgoing.id)
        return moved

    def _due_in(self, seconds: float) -> None:
        self._dues.add(math.ceil((time.monotonic() + seconds) / TICK))

    def next_in(self) -> float | None:
        """Return the seconds until something is due again; None when nothing of ours is."""
        now = time.monotonic() / TICK
        coming = {due for due in self._dues if due > now}
        overdue = len(coming) < len(self._dues)
        self._dues = coming
        if overdue:
            return 0.0
        return (min(coming) - now) * TICK if coming else None


async def _first(event: asyncio.Event, seconds: float) -> None:
    """Wait for `event`, for so many seconds at most."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
