"""What a first start makes so that there is something to see: demo staff, polls, articles."""

import asyncio
import secrets
from pathlib import Path

from rich.console import Console
from rich.table import Table
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend import db, seed
from backend.config import Settings
from backend.embedded import Servers, data_dir
from backend.faq.importer import import_own
from backend.models import Staff, StaffTotp
from backend.staff import second_factor

screen = Console(stderr=True)
_FILE = "demo-logins.txt"
_AUTHENTICATORS = "demo-authenticators.txt"
_OFFICIALS = ("author", "approver", "breakglass", "operator")


def prepare(servers: Servers, settings: Settings) -> None:
    """Make demo staff, polls and our own articles; what is there already stays as it is."""

    new = not (data_dir(settings) / _FILE).exists()

    async def run() -> None:
        engine, sessions = db.connect(servers.database_url)
        async with sessions() as session, session.begin():
            await seed.seed(session, _passwords(settings), reset=new)
            await import_own(session)
            authenticators = await _authenticators(session, settings.secret)
        _keep(settings, authenticators)
        await engine.dispose()

    asyncio.run(run())


def show_pages(settings: Settings, with_demo: bool) -> None:
    """Print where everything is, and the demo logins of this machine."""
    table = Table(show_header=False, box=None, padding=(0, 2))
    pages = [("/", "chat with the bot"), ("/desk", "agents"), ("/siren", "emergency messages"),
             ("/admin", "staff and keys")]  # fmt: skip
    if settings.simulator:
        pages.append(("/simulator", "the phones: every SMS and Telegram message stays here"))
    for path, what in pages:
        table.add_row(f"http://127.0.0.1:{settings.port}{path}", what)
    screen.print(table)
    if with_demo:
        secrets_of = _lines(data_dir(settings) / _AUTHENTICATORS)
        logins = Table("login", "password", "authenticator", box=None, padding=(0, 2))
        for role, password in _passwords(settings).items():
            logins.add_row(role, password, secrets_of.get(role, ""))
        screen.print("Demo staff, on this machine only:")
        screen.print(logins)
    screen.print("Ctrl-C stops everything.")


async def _authenticators(session: AsyncSession, service_secret: str) -> dict[str, str]:
    """Give the demo's officials a second factor; return its secrets, by login.

    Whoever enrolled an authenticator of their own keeps it.
    """
    found = {}
    for login in _OFFICIALS:
        staff_id = await session.scalar(select(Staff.id).where(Staff.login == login))
        if staff_id is None:
            continue
        nonce = f"demo-{login}"
        await session.execute(
            insert(StaffTotp)
            .values(staff_id=staff_id, nonce=nonce, confirmed_at=func.now())
            .on_conflict_do_nothing()
        )
        row = await session.get_one(StaffTotp, staff_id)
        if row.nonce == nonce:
            found[login] = second_factor.secret_of(service_secret, staff_id, nonce)
    return found


def _keep(settings: Settings, authenticators: dict[str, str]) -> None:
    path = data_dir(settings) / _AUTHENTICATORS
    path.touch(mode=0o600)
    path.write_text("".join(f"{login} {word}\n" for login, word in authenticators.items()))


def _lines(path: Path) -> dict[str, str]:
    """Return what a file of ours says, a word a login; nothing where there is no file."""
    written = path.read_text().splitlines() if path.exists() else []
    return dict(line.split(" ", 1) for line in written)


def _passwords(settings: Settings) -> dict[str, str]:
    """Return the demo passwords of this machine, made at random the first time."""
    path: Path = data_dir(settings) / _FILE
    path.touch(mode=0o600)
    known = _lines(path)
    if missing := [login for login in seed.DEMO_STAFF if login not in known]:
        known |= {login: secrets.token_urlsafe(9) for login in missing}
        path.write_text("".join(f"{login} {word}\n" for login, word in known.items()))
    return known
