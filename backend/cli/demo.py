"""What a first start makes so that there is something to see: demo staff, polls, articles."""

import asyncio
import secrets
from pathlib import Path

from rich.console import Console
from rich.table import Table

from backend import db, seed
from backend.config import Settings
from backend.embedded import Servers, data_dir
from backend.faq.importer import import_own

screen = Console(stderr=True)
_FILE = "demo-logins.txt"


def prepare(servers: Servers, settings: Settings) -> None:
    """Make demo staff, polls and our own articles; what is there already stays as it is."""

    new = not (data_dir(settings) / _FILE).exists()

    async def run() -> None:
        engine, sessions = db.connect(servers.database_url)
        async with sessions() as session, session.begin():
            await seed.seed(session, _passwords(settings), reset=new)
            await import_own(session)
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
        logins = Table("login", "password", box=None, padding=(0, 2))
        for role, password in _passwords(settings).items():
            logins.add_row(role, password)
        screen.print("Demo staff, on this machine only:")
        screen.print(logins)
    screen.print("Ctrl-C stops everything.")


def _passwords(settings: Settings) -> dict[str, str]:
    """Return the demo passwords of this machine, made at random the first time."""
    path: Path = data_dir(settings) / _FILE
    path.touch(mode=0o600)
    known = dict(line.split(" ", 1) for line in path.read_text().splitlines())
    if missing := [login for login in seed.DEMO_STAFF if login not in known]:
        known |= {login: secrets.token_urlsafe(9) for login in missing}
        path.write_text("".join(f"{login} {word}\n" for login, word in known.items()))
    return known
