"""The servers that are compared: the bare app and the service, under the same gunicorn configuration."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

WORKERS: Final = 2
_START_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs: its port, and the process at the root of its tree."""

    port: int
    pid: int


@contextmanager
def bare(settings: Mapping[str, str] | None = None) -> Iterator[Server]:
    """The ceiling: `bare_app`, with as many workers and threads as the service has."""
    command = [
        "--workers",
        str(WORKERS),
        "--threads",
        "4",
        "--worker-class",
        "gthread",
        "--no-control-socket",
    ]
    command += ["--preload", "--keep-alive", "30", "tests.performance.bare_app:app"]
    with _running(lambda port: ["gunicorn", "--bind", f"127.0.0.1:{port}", *command], settings) as server:
        yield server


@contextmanager
def service(settings: Mapping[str, str] | None = None, workers: int = WORKERS) -> Iterator[Server]:
    """The service with its store in a new SQLite file, all topics on, and the pages off as in a hospital.

    The sandbox would bring more threads than the bare app has.
    """
    serve = ["cds_service", "serve", "--workers", str(workers)]
    with _running(lambda port: [*serve, "--port", str(port)], settings) as server:
        yield server


@contextmanager
def _running(command, settings: Mapping[str, str] | None) -> Iterator[Server]:  # type: ignore[no-untyped-def]
    port = free_port()
    own = {name: value for name, value in os.environ.items() if not name.startswith("CDS_")}
    with TemporaryDirectory() as folder:
        own |= {
            "CDS_DATABASE_URL": f"sqlite:///{folder}/bench.sqlite",
            "CDS_PAGES": "none",
            **(settings or {}),
        }
        process = subprocess.Popen(
            [sys.executable, "-m", *command(port)],
            env=own,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait(process, port)
            yield Server(port, process.pid)
        finally:
            process.terminate()
            process.wait(60)


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            time.sleep(0.5)  # all workers, not only the first
            return
    raise RuntimeError("a server did not start")


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def resident_mb(pid: int) -> float:
    """Resident memory of one process in MB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0
