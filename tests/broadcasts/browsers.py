"""One logged-in client a person, on the broadcast routes alone."""

import httpx
from fastapi import FastAPI


class Browsers:
    """One logged-in client a person."""

    def __init__(self, app: FastAPI) -> None:
        self.transport = httpx.ASGITransport(app)
        self.clients: dict[str, httpx.AsyncClient] = {}

    def client(self, **headers: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=self.transport, base_url="http://testserver", headers=headers
        )

    def __getitem__(self, login: str) -> httpx.AsyncClient:
        return self.clients[login]
