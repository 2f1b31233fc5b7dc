"""A new database of each kind for a test: SQLite in a file, PostgreSQL in a cluster of its own on loopback."""

import _socket
import os
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

_NUMBERS = count(1)
# Set by CI, where a missing PostgreSQL is a failure and no reason to skip.
REQUIRED = "CDS_TEST_POSTGRES"


def _program(name):
    newest = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    return next((str(one) for one in newest), None) or shutil.which(name)


def _missing():
    try:
        import psycopg  # noqa: F401
    except ImportError:
        return "psycopg is not installed"
    if not (_program("initdb") and _program("postgres")):
        return "PostgreSQL is not installed (apt-get install postgresql)"
    return (
        ""
        if os.getuid() or _postgres_user()
        else "PostgreSQL does not run as root, and there is no user postgres"
    )


def _postgres_user():
    import pwd

    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return None


@contextmanager
def cluster(folder):
    """host:port of a running PostgreSQL that lives in `folder`."""
    data = Path(folder) / "data"
    user = _postgres_user() if os.getuid() == 0 else None
    more = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    if user:
        os.chown(folder, user.pw_uid, user.pw_gid)
    probe = _socket.socket()  # the one below Python's, which unit tests may not use
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
    probe.close()
    subprocess.run(
        [_program("initdb"), "-D", data, "-U", "cds", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
        check=True, capture_output=True, cwd=folder, **more,
    )  # fmt: skip
    options = [
        "-c",
        "listen_addresses=127.0.0.1",
        "-c",
        f"port={port}",
        "-c",
        f"unix_socket_directories={folder}",
    ]
    with subprocess.Popen(
        [_program("postgres"), "-D", data, *options, "-c", "fsync=off"],
        cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more,
    ) as process:  # fmt: skip
        try:
            yield f"127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(30)


def new_postgres(server):
    """The URL of a new empty database."""
    import psycopg

    name = f"t{next(_NUMBERS)}"
    for attempt in range(200):
        try:
            with psycopg.connect(f"postgresql://cds@{server}/postgres", autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {name}")
            break
        except psycopg.OperationalError:
            if attempt == 199:
                raise
            time.sleep(0.05)
    return f"postgresql://cds@{server}/{name}"


@pytest.fixture(scope="session")
def postgres():
    """host:port; skips, saying why, where there is no PostgreSQL."""
    missing = _missing()
    if missing and not os.environ.get(REQUIRED):
        pytest.skip(missing)
    assert not missing, missing
    # Not below pytest's own folders, which another user may not enter.
    with tempfile.TemporaryDirectory(prefix="cds-postgres-") as folder, cluster(folder) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path):
    """The URL of a new empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store.sqlite"
    return new_postgres(request.getfixturevalue("postgres"))
