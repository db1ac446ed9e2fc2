"""The folders and the account of the embedded servers."""

import contextlib
import hashlib
import os
import pwd
import tempfile
from pathlib import Path
from typing import Any

from backend.config import ROOT, Settings
from backend.errors import SetupError

SYSTEM_DATA = Path("/var/lib/eungdap")
START_SECONDS = 60.0
_SOCKET_LIMIT = 90  # a Unix socket path holds 107 bytes, and the servers add their file names


def data_dir(settings: Settings) -> Path:
    """Return the folder of the embedded servers' data.

    As root it lies under /var/lib/eungdap: PostgreSQL refuses to run as root, and the account it
    runs under can't pass through folders that are closed to it, whose permissions are not ours
    to change.
    """
    if settings.var is not None:
        return settings.var.resolve()
    if os.geteuid() == 0:
        mark = hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]
        return SYSTEM_DATA / f"{ROOT.name}-{mark}"
    return ROOT / "var"


def folder_mode() -> int:
    """Return the mode of the data folder: PostgreSQL's account passes through root's."""
    return 0o711 if os.geteuid() == 0 else 0o700


def make_folder(path: Path, mode: int) -> None:
    """Make `path` with `mode`; raise SetupError where it can't be written."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(mode)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise SetupError(
            f"{path} can't be written ({error.strerror}): give this user the folder, "
            "or set EUNGDAP_VAR to one it may write."
        ) from None


def socket_dir(base: Path) -> Path:
    """Return a folder for the sockets: in `base`, or in a short one where its path is too long."""
    run = base / "run"
    if len(str(run)) > _SOCKET_LIMIT:
        mark = hashlib.sha256(str(base).encode()).hexdigest()[:16]
        run = Path(tempfile.gettempdir()) / f"eungdap-{os.geteuid()}-{mark}"
    make_folder(run, 0o700)
    if run.stat().st_uid not in (os.geteuid(), account().pw_uid):
        raise SetupError(f"{run} belongs to another user: set EUNGDAP_VAR to a shorter folder.")
    return run


def account() -> pwd.struct_passwd:
    """Return the account PostgreSQL runs under: ours, or for root one without rights."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise SetupError(
        "PostgreSQL can't run as root and there is no account 'postgres' or 'nobody': "
        "run as an ordinary user, or set DATABASE_URL."
    )


def as_account() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    user = account()
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
