"""The one database: how to reach it, and the base of every table."""

import select
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import psycopg
from sqlalchemy import BigInteger, DateTime, MetaData, event, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import DeclarativeBase, mapped_column

from backend.errors import SetupError

MINIMUM_POSTGRES = 15

Sessions = async_sessionmaker[AsyncSession]

BigId = Annotated[int, mapped_column(BigInteger, primary_key=True)]
UuidId = Annotated[UUID, mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))]
Now = Annotated[datetime, mapped_column(server_default=func.now())]


class Base(DeclarativeBase):
    """The tables' base: times carry a zone, dicts and lists are JSONB, constraints have names."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        datetime: DateTime(timezone=True),
        int: BigInteger,
        dict[str, Any]: JSONB,
        dict[str, str]: JSONB,
        list[Any]: JSONB,
        list[dict[str, Any]]: JSONB,
        list[str]: JSONB,
    }


def sqlalchemy_url(url: str) -> str:
    """Return `url` (postgres:// or postgresql://) with the psycopg driver named."""
    for prefix in ("postgresql+psycopg://", "postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url[len(prefix) :]
    raise SetupError(
        "DATABASE_URL must begin with postgresql://, as in "
        "postgresql://user:password@host:5432/eungdap."
    )


def libpq_url(url: str) -> str:
    """Return `url` as psycopg and libpq read it."""
    return sqlalchemy_url(url).replace("postgresql+psycopg://", "postgresql://", 1)


def check(url: str) -> None:
    """Make sure that a PostgreSQL new enough answers at `url`.

    Raises: SetupError with one sentence that says what to do; it never repeats the password.
    """
    try:
        with psycopg.connect(libpq_url(url), connect_timeout=5) as connection:
            version = connection.info.server_version // 10_000
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[-1][:200] if str(error).strip() else "no answer"
        raise SetupError(
            f"PostgreSQL can't be reached at DATABASE_URL ({reason}): "
            "check host, port, user and password, and that the server runs."
        ) from None
    if version < MINIMUM_POSTGRES:
        raise SetupError(
            f"The PostgreSQL at DATABASE_URL is version {version}: "
            f"Eungdap needs {MINIMUM_POSTGRES} or newer."
        )


def connect(url: str, pool_size: int = 20) -> tuple[AsyncEngine, Sessions]:
    """Return an engine on `url` and the factory of its sessions. Waits are bounded (10 s)."""
    engine = create_async_engine(
        sqlalchemy_url(url),
        pool_size=pool_size,
        max_overflow=10,
        pool_timeout=10,
        pool_use_lifo=True,  # few connections are warm, with their statements prepared
        hide_parameters=True,
        connect_args={
            "connect_timeout": 5,
            "options": "-c statement_timeout=30000 -c idle_in_transaction_session_timeout=60000",
        },
    )
    event.listen(engine.sync_engine, "checkout", _make_sure)
    return engine, async_sessionmaker(engine, expire_on_commit=False)


def _make_sure(connection: Any, record: Any, proxy: Any) -> None:  # noqa: ARG001
    """Have the pool replace a connection that its server has closed.

    A server that hangs up says so on the line, where nothing is to be read otherwise: looking there
    costs no round trip, which a ping would cost every turn.
    """
    try:
        poll = select.poll()
        poll.register(connection.driver_connection.fileno(), select.POLLIN)
        closed = bool(poll.poll(0))
    except psycopg.Error:
        closed = True
    if closed:
        raise DisconnectionError("the server closed the connection")


async def transaction(sessions: Sessions) -> AsyncIterator[AsyncSession]:
    """Yield a session that commits once, at the edge, or rolls back."""
    async with sessions() as session, session.begin():
        yield session
