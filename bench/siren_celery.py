"""The peer: what one would write first with Celery and Redis, a task and an UPDATE a message.

Each process keeps one connection to the provider and one to the database, as its documentation
advises. It does nothing of what the product does beside: no leases, no pace, no other ways.
"""

import os
from typing import Any

import httpx
import psycopg
from celery import Celery

app = Celery("peer", broker=os.environ["PEER_REDIS"])
app.conf.update(
    task_ignore_result=True, worker_prefetch_multiplier=64, broker_connection_retry_on_startup=True,
    worker_hijack_root_logger=False, broker_transport_options={"visibility_timeout": 3600},
)  # fmt: skip

_open: dict[str, Any] = {}


def _client() -> httpx.Client:
    if "client" not in _open:
        _open["client"] = httpx.Client(
            base_url=os.environ["KOREA_SMS_API_URL"],
            headers={"X-Secret-Key": os.environ["KOREA_SMS_SECRET_KEY"]},
            timeout=10, trust_env=False,
        )  # fmt: skip
    client: httpx.Client = _open["client"]
    return client


def _database() -> "psycopg.Connection[Any]":
    if "database" not in _open:
        _open["database"] = psycopg.connect(os.environ["PEER_DATABASE"], autocommit=True)
    database: psycopg.Connection[Any] = _open["database"]
    return database


@app.task(name="peer.send", acks_late=True)
def send(message: int, number: str, words: str) -> None:
    """Send one message and note that it was accepted."""
    body = {
        "body": words, "sendNo": os.environ["KOREA_SMS_FROM_NUMBER"],
        "senderGroupingKey": str(message), "recipientList": [{"recipientNo": number}],
    }  # fmt: skip
    key = os.environ["KOREA_SMS_APP_KEY"]
    answer = _client().post(f"/sms/v3.0/appKeys/{key}/sender/sms", json=body)
    answer.raise_for_status()
    request = answer.json()["body"]["data"]["requestId"]
    _database().execute(
        "UPDATE peer_messages SET status = 'accepted', external_id = %s, updated_at = now() "
        "WHERE id = %s",
        (request, message),
    )
