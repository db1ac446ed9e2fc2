"""The house rules, kept by machines: style, types, direction of imports, size, documentation."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from backend import models  # noqa: F401 - registers the tables
from backend.config import ROOT, Settings
from backend.db import Base, sqlalchemy_url

MAX_LINES = 400
BIN = Path(sys.executable).parent


def _tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        ["mypy"],
        ["lint-imports"],
    ],
    ids=lambda command: "-".join(command),
)
def test_the_code_keeps_the_rules_of(command: list[str]) -> None:
    done = subprocess.run(
        [BIN / command[0], *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


def test_no_python_file_is_longer_than_anyone_would_read() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in _tracked("*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > MAX_LINES
    }
    assert long == {}


def test_every_setting_is_explained_in_the_example() -> None:
    named = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    settings = {
        str(field.validation_alias or name).upper() for name, field in Settings.model_fields.items()
    }
    assert settings == named


def test_the_migrations_make_exactly_the_tables_of_the_models(database_url: str) -> None:
    engine = create_engine(sqlalchemy_url(database_url))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        differences = [
            change
            for change in compare_metadata(context, Base.metadata)
            if "procrastinate" not in str(change)
        ]
    engine.dispose()
    assert differences == []


def test_locks_carry_hashes_and_no_address() -> None:
    for lock in (ROOT / "requirements").glob("*.lock"):
        text = lock.read_text()
        assert "://" not in text
        assert len(re.findall(r"^[a-z0-9]", text, re.MULTILINE)) <= text.count("--hash=sha256:")


def test_no_source_file_is_a_drawer() -> None:
    drawers = [p.name for p in _tracked("*.py") if p.stem in ("utils", "helpers", "misc", "common")]
    assert drawers == []
