"""The composition: everything is made here once, and handed what it needs."""

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

from fastapi import FastAPI, Request
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text

from backend import db, errors, events, metrics, worker
from backend.attachments import pictures
from backend.attachments import routes as photos
from backend.attachments import service as attachments
from backend.attachments.links import Links
from backend.config import Settings
from backend.console import pages
from backend.console import routes as console
from backend.contacts import subscription_routes as subscriptions
from backend.context import Context
from backend.delivery import mailbox
from backend.delivery.dispatch import Dispatcher
from backend.embedded import Servers, data_dir
from backend.embedded.folders import folder_mode, make_folder
from backend.faq import routes as faq
from backend.faq.service import FaqIndex
from backend.handoff import routes as handoff
from backend.messages import service as messages
from backend.petitions import routes as petitions
from backend.polls import routes as polls
from backend.staff import routes as staff
from bot.conversation import Bot
from broadcasts import routes as broadcasts
from broadcasts import spoken
from channels import audiocodes, registry, separated, voice
from channels.announcement import Announcement
from channels.base import Channel, DoorError, SendError
from channels.kakao import Mailbox
from channels.message import Reply
from channels.separated import Separated
from channels.settings import ChannelSettings, read_prices, read_routes
from channels.simulator import Simulator
from channels.telegram import Telegram
from channels.voice import Caller
from nlu.builtin import BuiltinParser
from nlu.parse import Parser
from nlu.rasa_client import RasaParser

log = logging.getLogger(__name__)

ROOMS = (staff, handoff, photos, petitions, polls, subscriptions, faq, broadcasts)
MODELS = Path("models")
DATA = Path(__file__).resolve().parent.parent / "nlu" / "data"


def channel_settings(settings: Settings) -> ChannelSettings:
    """Return what the doors need; with the simulator on, the providers are on this machine."""
    simulated = settings.base_url if settings.simulator else ""
    return ChannelSettings(
        public_url=settings.base_url,
        twilio_account_sid=settings.twilio_account_sid,
        twilio_auth_token=settings.twilio_auth_token,
        twilio_from_number=settings.twilio_from_number,
        twilio_api_url=settings.twilio_api_url or simulated or "https://api.twilio.com",
        telegram_bot_token=settings.telegram_bot_token,
        telegram_api_url=settings.telegram_api_url or simulated or "https://api.telegram.org",
        telegram_webhook_secret=settings.telegram_webhook_secret,
        agent_number=settings.voice_agent_number or None,
        twilio_calls_per_second=settings.twilio_calls_per_second,
        audiocodes_token=settings.audiocodes_token,
        jambonz_webhook_secret=settings.jambonz_webhook_secret,
        korea_sms_app_key=settings.korea_sms_app_key,
        korea_sms_secret_key=settings.korea_sms_secret_key,
        korea_sms_from_number=settings.korea_sms_from_number,
        korea_sms_api_url=settings.korea_sms_api_url
        or simulated
        or "https://sms.api.nhncloudservice.com",
        korea_sms_webhook_secret=settings.korea_sms_webhook_secret,
        korea_sms_title=settings.korea_sms_title,
        sms_routes=read_routes(settings.sms_routes),
        sms_prices=read_prices(settings.sms_prices),
        smtp_url=settings.smtp_url or (settings.simulated_smtp_url if settings.simulator else ""),
        email_from=settings.email_from
        or ("응답 <no-reply@eungdap.example>" if settings.simulator else ""),
        kakao_skill_secret=settings.kakao_skill_secret,
        kakao_origin=simulated or None,
        alimtalk_app_key=settings.alimtalk_app_key,
        alimtalk_secret_key=settings.alimtalk_secret_key,
        alimtalk_sender_key=settings.alimtalk_sender_key,
        alimtalk_api_url=settings.alimtalk_api_url
        or simulated
        or "https://api-alimtalk.cloud.toast.com",
        alimtalk_webhook_secret=settings.alimtalk_webhook_secret,
    )


def exercise_settings(settings: Settings) -> ChannelSettings:
    """Return what the doors of exercises need: accounts and numbers of their own, nothing else."""
    return replace(
        channel_settings(settings),
        public_url=settings.base_url + separated.PATH,
        twilio_account_sid=settings.exercise_twilio_account_sid,
        twilio_auth_token=settings.exercise_twilio_auth_token,
        twilio_from_number=settings.exercise_twilio_from_number,
        korea_sms_app_key=settings.exercise_korea_sms_app_key,
        korea_sms_secret_key=settings.exercise_korea_sms_secret_key,
        korea_sms_from_number=settings.exercise_korea_sms_from_number,
    )


def build_channels(context: Context) -> dict[str, Channel]:
    """Return the doors of this service, the web one fed from our own tables and signals."""
    links = Links.of(context.settings)

    async def history(address: str, since: int) -> dict[str, Any]:
        async with context.sessions() as session:
            return await messages.history(session, "web", address, since, links)

    def subscribe(address: str) -> AsyncIterator[dict[str, Any]]:
        return events.subscribe(context.redis, f"web:{address}")

    async def publish(address: str, event: dict[str, Any]) -> None:
        await events.publish(context.redis, f"web:{address}", event)

    async def caller_of(call: str) -> Caller | None:
        async with context.sessions() as session:
            began = await messages.sender(session, voice.CHANNEL, f"{call}:{audiocodes.START}")
            # The schemes of a caller are a part of those of an address.
            return Caller(began.scheme, began.address) if began else None  # type: ignore[arg-type]

    async def keep_photo(address: str, content: bytes) -> dict[str, Any]:
        cleaned = await pictures.clean(content)
        async with context.sessions() as session, session.begin():
            photo = await attachments.upload(session, attachments.of_browser(address), cleaned)
            at = await attachments.now(session)
        return attachments.shown(photo, cleaned.width, cleaned.height, links, at)

    async def drop_photo(address: str, photo: UUID) -> None:
        async with context.sessions() as session, session.begin():
            await attachments.discard(session, attachments.of_browser(address), photo)

    async def announcement_of(delivery: int) -> Announcement | None:
        async with context.sessions() as session, session.begin():
            return await spoken.announcement(session, delivery)

    route = context.settings.exercise_route
    return registry.build(
        channel_settings(context.settings),
        history=history,
        subscribe=subscribe,
        publish=publish,
        caller_of=caller_of,
        mailbox=_mailbox(context),
        keep_photo=keep_photo,
        drop_photo=drop_photo,
        announcement_of=announcement_of,
        exercise=exercise_settings(context.settings) if route == "own" else None,
        apart=route != "live",
    )


def _mailbox(context: Context) -> Mailbox:
    """Return what KakaoTalk's citizens have not been shown yet, from our own tables."""
    links = Links.of(context.settings)

    async def put(delivery_id: int) -> None:
        async with context.sessions() as session, session.begin():
            await mailbox.hold(session, delivery_id)

    async def take(address: str) -> Sequence[Reply]:
        async with context.sessions() as session, session.begin():
            return await mailbox.take(session, "kakao", address, links)

    async def leave(delivery_id: int, shown: int) -> None:
        async with context.sessions() as session, session.begin():
            await mailbox.put_back(session, delivery_id, shown)

    async def lose(deliveries: Sequence[int], code: str) -> None:
        async with context.sessions() as session, session.begin():
            await mailbox.lose(session, deliveries, code)

    return Mailbox(put, take, leave, lose)


def trained_model(settings: Settings) -> Path:
    """Return the folder of the builtin model, trained first where its data is newer."""
    make_folder(data_dir(settings), folder_mode())
    model = data_dir(settings) / MODELS / "builtin"
    # The trainer compares what the data says, which takes a second of every start to read: files
    # that are the same to the byte need no reading.
    stamp, seen = model.with_suffix(".seen"), _bytes_of(DATA.parent)
    if not (stamp.exists() and stamp.read_text() == seen and model.is_dir()):
        from nlu.train import train  # with scipy, a tenth of a second that few starts need

        train([DATA], model)
        stamp.write_text(seen)
    return model


def _bytes_of(folder: Path) -> str:
    """Return a digest of the engine's code and data as files."""
    digest = hashlib.sha256()
    for path in sorted((*folder.glob("*.py"), *(folder / "data").rglob("*.yml"))):
        digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def load_parser(settings: Settings) -> BuiltinParser:
    """Return the builtin engine, trained first where its data is newer than its model."""
    return BuiltinParser.load(trained_model(settings))


def load_engine(settings: Settings) -> Parser:
    """Return the engine that NLU_ENGINE names; behind Rasa's server stands the builtin one."""
    builtin = load_parser(settings)
    if settings.nlu_engine == "builtin":
        return builtin
    return RasaParser(settings.rasa_url, builtin)


async def build_faq(context: Context) -> FaqIndex:
    """Return the index over the articles, as they are now."""
    index = FaqIndex(data_dir(context.settings) / MODELS / "faq")
    async with context.sessions() as session:
        await index.refresh(session)
    return index


def create_app(
    settings: Settings, servers: Servers, parser: Parser, *, work: bool = True
) -> FastAPI:
    """Return the service. With `work`, the workers and the clock run beside it in this process."""
    engine, sessions = db.connect(servers.database_url)
    context = Context(settings, sessions, events.connect(servers.redis_url))
    channels = build_channels(context)
    simulator = Simulator(channel_settings(settings)) if settings.simulator else None
    ready = asyncio.Event()

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.faq = await build_faq(context)
        dispatcher = Dispatcher(context, channels) if work else None
        bot = Bot(context, parser, app.state.faq, channels, dispatcher)
        app.state.bot = bot
        working = (
            asyncio.create_task(worker.run(context, dispatcher, servers.database_url))
            if dispatcher is not None
            else None
        )
        if not settings.simulator:
            await _register_webhooks(channels)
        if simulator is not None:
            await simulator.start()
        ready.set()
        try:
            yield
        finally:
            ready.clear()
            if working is not None:
                working.cancel()
                with contextlib.suppress(asyncio.CancelledError, Exception):
                    await working
            for channel in channels.values():
                await channel.close()
            if simulator is not None:
                await simulator.close()
            if isinstance(parser, RasaParser):
                await parser.close()
            await context.redis.aclose()
            await engine.dispose()

    app = FastAPI(title="Eungdap", version="0.1.0", lifespan=lifespan, docs_url=None)
    app.state.context = context
    app.state.channels = channels
    errors.install(app, pages.problem)
    _doors(app, channels)
    for room in ROOMS:
        app.include_router(room.router)
    console.install(app)
    if simulator is not None:
        app.include_router(simulator.router())
    _health(app, context, ready)
    return app


async def _register_webhooks(channels: dict[str, Channel]) -> None:
    """Tell Telegram where we listen; without its answer the service starts all the same."""
    telegram = channels.get("telegram")
    if isinstance(telegram, Separated):
        telegram = telegram.live
    if isinstance(telegram, Telegram):
        try:
            await telegram.register_webhook()
        except SendError as error:
            log.warning("Telegram did not take our webhook (%s); it will not reach us", error.code)


def _doors(app: FastAPI, channels: dict[str, Channel]) -> None:
    """Open every channel, and render what a door turns away."""

    @app.exception_handler(DoorError)
    async def turned_away(request: Request, error: DoorError) -> Response:
        # The path as we wrote it: what a stranger put into it is nobody's label.
        metrics.TURNED_AWAY.labels(request.scope["route"].path, error.status).inc()
        return errors.problem(error.status, error.title, error.detail)

    for channel in channels.values():
        app.include_router(
            channel.router(
                lambda incoming: app.state.bot.on_message(incoming),
                lambda report: app.state.bot.on_status(report),
            )
        )


def _health(app: FastAPI, context: Context, ready: asyncio.Event) -> None:
    @app.get("/healthz", tags=["health"])
    async def alive() -> dict[str, str]:
        """Tell that the process answers."""
        return {"status": "ok"}

    @app.get("/readyz", tags=["health"])
    async def is_ready() -> Response:
        """Tell whether citizens can be served: the database and Redis answer."""
        parts = {"started": ready.is_set(), "database": False, "redis": False}
        with contextlib.suppress(Exception):
            async with asyncio.timeout(3), context.sessions() as session:
                await session.execute(text("SELECT 1"))
                parts["database"] = True
        with contextlib.suppress(Exception):
            async with asyncio.timeout(3):
                parts["redis"] = bool(await context.redis.ping())
        if all(parts.values()):
            return Response('{"status":"ready"}', media_type="application/json")
        missing = ", ".join(name for name, up in parts.items() if not up)
        return errors.problem(503, "Not ready", f"Waiting for: {missing}")

    @app.get("/metrics", tags=["health"])
    async def counters() -> Response:
        """Return the counters in Prometheus' format; none of them names a person."""
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
