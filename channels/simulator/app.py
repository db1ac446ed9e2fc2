"""The simulator as one set of routes: the providers' APIs, its own controls and its page."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import httpx
from fastapi import APIRouter, FastAPI, Query, Request
from fastapi.responses import FileResponse, JSONResponse, RedirectResponse, Response
from fastapi.templating import Jinja2Templates

from channels.base import DoorError
from channels.inbound import prefers_english
from channels.settings import ChannelSettings
from channels.simulator.alimtalk_api import AlimtalkApi
from channels.simulator.citizens import Act, Citizens, Outcome
from channels.simulator.faults import FaultBox, Faults
from channels.simulator.kakao_api import KakaoApi
from channels.simulator.korea_sms_api import KoreaSmsApi
from channels.simulator.page import TEXTS
from channels.simulator.placed_calls import PlacedCalls
from channels.simulator.smtp_api import SmtpServer
from channels.simulator.store import Store
from channels.simulator.telegram_api import TelegramApi
from channels.simulator.twilio_api import TwilioApi

_HERE = Path(__file__).parent
_FILES = {"page.js": "text/javascript", "page.css": "text/css"}

CALL_SECONDS = 20.0


class Simulator:
    """The providers of one service. Include `router()` in an app and await `close()` at its end."""

    def __init__(self, settings: ChannelSettings) -> None:
        self.store = Store()
        self.faults = FaultBox()
        self._client = httpx.AsyncClient(timeout=CALL_SECONDS, trust_env=False)
        self._twilio = TwilioApi(settings, self.store, self.faults, self._client)
        self._placed = PlacedCalls(settings, self.store, self.faults, self._client)
        self._korea = KoreaSmsApi(settings, self.store, self.faults, self._client)
        self._telegram = TelegramApi(settings, self.store, self.faults)
        self._kakao = KakaoApi(settings, self.store, self.faults, self._client)
        self._alimtalk = AlimtalkApi(settings, self.store, self.faults, self._client)
        self._smtp = SmtpServer(settings, self.store, self.faults)
        self._citizens = Citizens(
            settings, self.store, self._twilio, self._korea, self._telegram, self._kakao,
            self.faults,
            self._placed,
            self._client,
        )  # fmt: skip

    def router(self) -> APIRouter:
        """Return all routes, the providers' at the paths where their clients look for them."""
        router = APIRouter()
        router.include_router(self._twilio.router())
        router.include_router(self._placed.router())
        router.include_router(self._korea.router())
        router.include_router(self._telegram.router())
        router.include_router(self._kakao.router())
        router.include_router(self._alimtalk.router())
        router.include_router(self._controls())
        router.include_router(self._page())
        return router

    async def start(self) -> None:
        """Begin to listen for what does not come by HTTP."""
        await self._smtp.start()

    async def close(self) -> None:
        """Stop the callbacks under way and close the connections."""
        await self._smtp.close()
        await self._twilio.close()
        await self._placed.close()
        await self._korea.close()
        await self._alimtalk.close()
        await self._client.aclose()

    def _controls(self) -> APIRouter:
        router = APIRouter(prefix="/simulator", tags=["simulator"])

        @router.get("/sent")
        async def sent(
            to: str | None = None, since: Annotated[int, Query(ge=0)] = 0
        ) -> dict[str, Any]:
            """Return what the providers took after the first `since` messages, oldest first."""
            # An unescaped plus arrives as a space.
            address = "+" + to[1:] if to and to.startswith(" ") else to
            entries, total = self.store.sent(address, since)
            return {"items": [entry.as_sent() for entry in entries], "total": total}

        @router.delete("/sent", status_code=204)
        async def forget() -> Response:
            """Forget all messages."""
            self.store.clear()
            return Response(status_code=204)

        @router.get("/faults")
        async def in_force() -> dict[str, Any]:
            """Return the faults in force and how often each happened."""
            return {**self.faults.faults.model_dump(), "counts": dict(self.faults.counts)}

        @router.post("/faults")
        async def break_down(faults: Faults) -> dict[str, Any]:
            """Put these faults in force; what is not named does not happen."""
            self.faults.set(faults)
            return await in_force()

        @router.post("/incoming")
        async def incoming(act: Act) -> Outcome:
            """Let a citizen write, press or call; return what our webhook answered."""
            return await self._citizens.act(act)

        return router

    def _page(self) -> APIRouter:
        router = APIRouter(prefix="/simulator", include_in_schema=False)
        templates = Jinja2Templates(directory=_HERE / "templates")

        @router.get("")
        async def page(request: Request) -> Response:
            """Show the phones."""
            language = "en" if prefers_english(request) else "ko"
            values = {"t": TEXTS[language], "language": language}
            return templates.TemplateResponse(request, "simulator.html", values)

        @router.get("/phones")
        async def phones(version: int = -1) -> Response:
            """Return the phones as they are; 204 when nothing happened since `version`."""
            if version == self.store.version:
                return Response(status_code=204)
            return JSONResponse({"version": self.store.version, "phones": self.store.phones()})

        @router.get("/{name}")
        async def asset(name: str) -> Response:
            """Return the page's script or style sheet."""
            if name not in _FILES:
                raise DoorError(404, "Not found", "The simulator's page is at /simulator.")
            return FileResponse(_HERE / "static" / name, media_type=_FILES[name])

        return router


def create_simulator(settings: ChannelSettings) -> FastAPI:
    """Return the simulator as an app of its own, for `eungdap simulate`."""
    simulator = Simulator(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await simulator.start()
        yield
        await simulator.close()

    app = FastAPI(title="Eungdap simulator", lifespan=lifespan)
    app.state.simulator = simulator
    app.include_router(simulator.router())

    @app.get("/", include_in_schema=False)
    async def home() -> Response:
        return RedirectResponse("/simulator")

    @app.exception_handler(DoorError)
    async def turned_away(_: Request, error: DoorError) -> Response:
        body = {"type": "about:blank", "title": error.title, "status": error.status}
        return JSONResponse(
            {**body, "detail": error.detail},
            error.status,
            media_type="application/problem+json",
        )

    return app
