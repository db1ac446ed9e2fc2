"""Commands for whoever keeps the service: schema, staff, keys, a check of everything, a chat."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import httpx
import typer
from rich.console import Console
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import config, db, events
from backend.cli.serve import prepared
from backend.config import Settings
from backend.context import Context
from backend.embedded import Servers
from backend.errors import EungdapError, SetupError
from backend.faq.importer import import_own
from backend.main import build_channels, build_faq, load_engine
from backend.models import Staff
from backend.models.staff import ROLES
from backend.staff import second_factor
from backend.staff import service as staff
from bot.conversation import Bot
from channels import terminal

screen = Console()
staff_app = typer.Typer(no_args_is_help=True, help="Staff and API keys.")
T = TypeVar("T")
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands to `app`."""
    app.command("migrate")(migrate)
    app.command("seed")(seed_own)
    app.command()(doctor)
    app.command()(chat)
    app.add_typer(staff_app, name="staff")


def in_session(servers: Servers, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    """Run `work` in one transaction and return what it returns."""

    async def run() -> T:
        engine, sessions = db.connect(servers.database_url, pool_size=2)
        try:
            async with sessions() as session, session.begin():
                return await work(session)
        finally:
            await engine.dispose()

    return asyncio.run(run())


def migrate(as_json: AsJson = False) -> None:
    """Bring the database to the newest schema."""
    with prepared(config.load()):
        pass
    screen.print(json.dumps({"schema": "newest"}) if as_json else "The schema is the newest.")


def seed_own() -> None:
    """Load our own 120 articles; nothing is made twice."""
    with prepared(config.load()) as servers:
        in_session(servers, import_own)
    screen.print("Our own articles are there.")


@staff_app.command("add")
def add_staff(
    login: str,
    role: Annotated[list[str], typer.Option("--role", help=f"One of {', '.join(ROLES)}.")],
    name: Annotated[str, typer.Option(help="The name that citizens and colleagues see.")] = "",
    password: Annotated[str, typer.Option(prompt=True, hide_input=True)] = "",
) -> None:
    """Add a member of staff."""

    async def add(session: AsyncSession) -> None:
        await staff.create(session, login, name or login, password, role, actor="system")

    with prepared(config.load()) as servers:
        try:
            in_session(servers, add)
        except EungdapError as error:
            raise SetupError(error.en) from None
    screen.print(f"{login} can log in.")


@staff_app.command("key")
def add_key(
    role: Annotated[str, typer.Option("--role")], name: str = "api", as_json: AsJson = False
) -> None:
    """Make an API key; it is shown once."""
    if role not in ROLES:
        raise SetupError(f"There is no role {role!r}: choose one of {', '.join(ROLES)}.")

    async def make(session: AsyncSession) -> str:
        return (await staff.create_key(session, name, role, actor="system"))[1]

    with prepared(config.load()) as servers:
        key = in_session(servers, make)
    screen.print(json.dumps({"role": role, "key": key}) if as_json else key)


@staff_app.command("totp-reset")
def reset_totp(login: str) -> None:
    """Take a lost second factor away, so that the member of staff can enrol another."""

    async def reset(session: AsyncSession) -> None:
        found = await session.scalar(select(Staff).where(Staff.login == staff.normal_login(login)))
        if found is None:
            raise SetupError(f"There is no member of staff with the login {login!r}.")
        await second_factor.reset(session, found.id, actor="system")

    with prepared(config.load()) as servers:
        try:
            in_session(servers, reset)
        except EungdapError as error:
            raise SetupError(error.en) from None
    screen.print(f"{login} can enrol a new second factor.")


def doctor(as_json: AsJson = False) -> None:
    """Check the configuration and every outside part, and say what to do."""
    settings = config.load()
    found: dict[str, str] = {"configuration": "ok"}
    try:
        with prepared(settings):
            found["database"] = found["redis"] = found["schema"] = "ok"
    except SetupError as error:
        found["servers"] = str(error)
    if settings.korea_sms_app_key and not settings.korea_sms_webhook_secret:
        found["domestic SMS"] = "set KOREA_SMS_WEBHOOK_SECRET: without it nothing comes in"
    if settings.alimtalk_app_key and not settings.alimtalk_webhook_secret:
        found["AlimTalk"] = "set ALIMTALK_WEBHOOK_SECRET: without it no result is believed"
    found |= asyncio.run(_providers(settings))
    if as_json:
        screen.print_json(data=found)
    else:
        for part, state in found.items():
            screen.print(f"{'✓' if state == 'ok' else '✗'} {part}: {state}")
    if any(state != "ok" for state in found.values()):
        raise typer.Exit(1)


async def _providers(settings: Settings) -> dict[str, str]:
    if settings.simulator:
        return {"providers": "ok"}
    checks = {
        "twilio": (
            settings.twilio_account_sid,
            f"{settings.twilio_api_url or 'https://api.twilio.com'}/2010-04-01/Accounts.json",
            (settings.twilio_account_sid, settings.twilio_auth_token),
        ),
        "telegram": (
            settings.telegram_bot_token,
            f"{settings.telegram_api_url or 'https://api.telegram.org'}"
            f"/bot{settings.telegram_bot_token}/getMe",
            None,
        ),
    }
    found = {}
    async with httpx.AsyncClient(timeout=5) as client:
        for name, (wanted, url, credentials) in checks.items():
            if not wanted:
                continue
            try:
                status = (await client.get(url, auth=credentials)).status_code
            except httpx.HTTPError:
                found[name] = "does not answer: check its URL and the way out of this machine"
            else:
                found[name] = "ok" if status == 200 else f"refuses our credentials ({status})"
    return found


def chat(
    channel: Annotated[terminal.View, typer.Option(help="Show it as this door would.")] = "web",
    language: Annotated[str, typer.Option(help="ko or en")] = "ko",
) -> None:
    """Talk with the bot in this terminal."""
    settings = config.load()
    with prepared(settings) as servers:

        async def talk() -> None:
            engine, sessions = db.connect(servers.database_url, pool_size=4)
            context = Context(settings, sessions, events.connect(servers.redis_url))
            parser = await asyncio.to_thread(load_engine, settings)
            bot = Bot(context, parser, await build_faq(context), build_channels(context))
            try:
                await terminal.chat(bot.on_message, screen.print, view=channel, language=language)
            finally:
                await context.redis.aclose()
                await engine.dispose()

        asyncio.run(talk())
