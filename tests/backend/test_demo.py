"""What a first start with demo data makes, and a second one leaves as it is."""

from pathlib import Path

import psycopg
import pyotp
import pytest

from backend import db
from backend.cli import demo
from backend.config import Settings
from backend.embedded import Servers


@pytest.fixture
def home(settings: Settings, tmp_path: Path) -> Settings:
    return settings.model_copy(update={"var": tmp_path})


def test_demo_officials_have_an_authenticator_and_keep_their_own(
    home: Settings, servers: Servers, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    here = Servers(database_url, servers.redis_url)
    demo.prepare(here, home)
    with psycopg.connect(db.libpq_url(database_url), autocommit=True) as connection:
        rows = connection.execute(
            "SELECT s.login FROM staff_totp t JOIN staff s ON s.id = t.staff_id "
            "WHERE t.confirmed_at IS NOT NULL ORDER BY s.login"
        ).fetchall()
        assert [row[0] for row in rows] == ["approver", "author", "breakglass", "operator"]
        connection.execute(
            "UPDATE staff_totp SET nonce = 'own' "
            "WHERE staff_id = (SELECT id FROM staff WHERE login = 'author')"
        )
    demo.prepare(here, home)
    demo.show_pages(home, with_demo=True)
    shown = capsys.readouterr().err.split("Demo staff")[1]
    secrets = {line.split()[0]: line.split()[-1] for line in shown.splitlines()[2:-1] if line}
    assert pyotp.TOTP(secrets["approver"]).now().isdigit()
    assert len(secrets["approver"]) == 32
    assert len(secrets["author"]) != 32
