"""Commands that run the service."""

import asyncio
import contextlib
import gc
import resource
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
import uvloop
from rich.console import Console

from backend import config, db, events, worker
from backend.cli import demo
from backend.config import Settings
from backend.context import Context
from backend.delivery.dispatch import Dispatcher
from backend.embedded import Servers, running
from backend.errors import SetupError
from backend.main import build_channels, channel_settings, create_app, load_engine, trained_model
from backend.migrations import migrate
from channels.simulator import create_simulator
from channels.simulator.bulk import Bulk
from nlu.builtin import BuiltinParser
from nlu.parse import Parse, Parser

# Longer than a proxy before us keeps a connection without use (60 s is usual): it must be the one
# that hangs up, or what it sends into a closed connection is lost.
KEEP_ALIVE_SECONDS = 75
FILES = 20_000

screen = Console(stderr=True)


@contextlib.contextmanager
def prepared(settings: Settings) -> Iterator[Servers]:
    """Yield servers that answer, with the newest schema in the database."""
    with running(settings) as servers:
        db.check(servers.database_url)
        asyncio.run(events.check(servers.redis_url))
        migrate(servers.database_url)
        yield servers


class _Arriving:
    """A Parser that is still being loaded, beside everything else; who asks first waits for it."""

    def __init__(self, loading: Future[BuiltinParser]) -> None:
        self._loading = loading

    async def parse(self, text: str, language: str | None = None) -> Parse:
        """Understand one message."""
        parser = await asyncio.wrap_future(self._loading)
        return await parser.parse(text, language)


def understanding(settings: Settings) -> Parser:
    """Return the engine, and say so while it learns: the first time takes half a minute.

    Loading the morphological analyser takes some seconds of another core, in which the rest
    starts already.
    """
    with screen.status("Learning to understand: about half a minute, and only when data changed."):
        if settings.nlu_engine != "builtin":
            return load_engine(settings)
        model = trained_model(settings)
    return _Arriving(ThreadPoolExecutor(1).submit(_loaded, model))


def _loaded(model: Path) -> BuiltinParser:
    parser = BuiltinParser.load(model)
    # What is loaded by now stays: looking through all of it for garbage again and again would make
    # citizens wait a sixth of a second each time.
    gc.freeze()
    return parser


def add_to(app: typer.Typer) -> None:
    """Add these commands to `app`."""
    app.command()(up)
    app.command()(serve)
    app.command("worker")(run_worker)
    app.command()(simulate)


def up(
    with_demo: Annotated[bool, typer.Option("--demo", help="Make demo staff and polls.")] = False,
) -> None:
    """Run everything: the servers where no URL names any, the service, workers and the clock."""
    settings = config.load()
    if with_demo and settings.production:
        raise SetupError("Demo logins are not for production: leave out --demo.")
    _refuse_taken(settings.host, settings.port)
    parser = understanding(settings)  # its loading and the servers' start go on side by side
    with prepared(settings) as servers:
        if with_demo:
            demo.prepare(servers, settings)
        app = create_app(settings, servers, parser)
        demo.show_pages(settings, with_demo)
        _run(app, settings.host, settings.port)


def serve() -> None:
    """Run the service alone, without workers; for many machines."""
    settings = config.load()
    _refuse_taken(settings.host, settings.port)
    parser = understanding(settings)
    with prepared(settings) as servers:
        app = create_app(settings, servers, parser, work=False)
        _run(app, settings.host, settings.port)


def run_worker() -> None:
    """Run workers of every lane and the clock; for many machines."""
    settings = config.load()
    with prepared(settings) as servers:

        async def work() -> None:
            # Both end it in order, also where whoever started it has SIGINT ignored: a sudden end
            # leaves what is in flight unknown.
            ours = asyncio.current_task()
            assert ours is not None
            for told in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(told, ours.cancel)
            engine, sessions = db.connect(servers.database_url)
            context = Context(settings, sessions, events.connect(servers.redis_url))
            try:
                dispatcher = Dispatcher(context, build_channels(context))
                await worker.run(context, dispatcher, servers.database_url)
            finally:
                await context.redis.aclose()
                await engine.dispose()

        # The loop that the service has as well: half the time goes into waiting for sockets.
        with (
            contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError),
            asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        ):
            runner.run(work())


def simulate(
    bulk: Annotated[bool, typer.Option("--bulk", help="Fast, SMS only, no page.")] = False,
) -> None:
    """Run the providers' simulator alone: set TWILIO_API_URL, KOREA_SMS_API_URL and so on to it."""
    settings = config.load()
    _refuse_taken(settings.host, settings.simulator_port)
    page = "/simulator/bulk" if bulk else "/simulator"
    screen.print(f"Simulator: http://127.0.0.1:{settings.simulator_port}{page}")
    doors = channel_settings(settings)
    app = Bulk(doors) if bulk else create_simulator(doors)
    _run(app, settings.host, settings.simulator_port)


def _refuse_taken(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SetupError(
                f"Port {port} on {host} can't be used ({error.strerror}): "
                "end what uses it, or choose another as in PORT=8001 make run."
            ) from None


def _run(app: object, host: str, port: int) -> None:
    """Serve until Ctrl-C; requests under way get ten seconds to end."""
    # Every open page takes a file: of a usual thousand they would leave none for an SMS.
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(hard, FILES)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    server = uvicorn.Server(
        uvicorn.Config(
            app,  # type: ignore[arg-type]
            host=host, port=port, log_level="warning", access_log=False,
            timeout_graceful_shutdown=10, ws_max_size=65536, proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
        )
    )  # fmt: skip
    with contextlib.suppress(KeyboardInterrupt):
        server.run()
