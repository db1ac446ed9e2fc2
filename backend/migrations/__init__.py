"""The schema's history, applied at every start under a lock, so that many may start at once."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

from backend.db import sqlalchemy_url

_LOCK = 0x45554E47  # any number, as long as nobody else uses it


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    return config


def migrate(url: str) -> str:
    """Bring the database at `url` to the newest schema, and return its revision."""
    config = _config()
    engine = create_engine(sqlalchemy_url(url))
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
            connection.commit()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
    finally:
        engine.dispose()
    return str(ScriptDirectory.from_config(_config()).get_current_head())
