"""What can be said of Rasa's environment without installing it."""

import re

from backend.config import ROOT

LOCK = (ROOT / "nlu" / "rasa" / "requirements.lock").read_text(encoding="utf-8")


def test_every_locked_package_has_a_hash_and_no_address() -> None:
    packages = re.split(r"\n(?=\S)", LOCK.strip())
    assert len(packages) > 100
    for package in packages:
        assert re.match(r"[a-z0-9-]+==\S+", package), package
        assert "--hash=sha256:" in package, package
    assert "://" not in LOCK
    assert "--index-url" not in LOCK


def test_the_lock_holds_the_rasa_that_is_declared() -> None:
    declared = (ROOT / "nlu" / "rasa" / "pyproject.toml").read_text(encoding="utf-8")
    assert '"rasa==3.6.21"' in declared
    assert re.search(r"^rasa==3\.6\.21 ", LOCK, re.MULTILINE)
