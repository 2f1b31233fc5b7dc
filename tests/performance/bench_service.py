# ruff: noqa: T201  printing is what this module is for
"""What a request costs the server, as a ratio to a bare Flask app: `python -m tests.performance.bench_service`.

CPU time (user and system) of the whole process tree, divided by the requests; same gunicorn worker class, same
bodies, on loopback. Only the ratio is compared between machines.
"""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path

import orjson

from cds_service.commands.example import example

_REQUESTS = 400
_ROUNDS = 3
_PATH = "/cds-services/neuropathic-order-sign"
_TICKS = os.sysconf("SC_CLK_TCK")


def bodies() -> dict[str, bytes]:
    """A request of the size an EHR sends, and one with a hundred resources."""
    small = orjson.loads(example("opioid-combination", datetime.now(UTC).date()))
    large = deepcopy(small)
    kidney = large["prefetch"]["kidney"]["entry"]
    for number in range(90):
        entry = deepcopy(kidney[0])
        entry["resource"]["id"] = f"more-{number}"
        kidney.append(entry)
    return {"small": orjson.dumps(small), "about 100 resources": orjson.dumps(large)}


def cpu_per_request(command: list[str], port: int, body: bytes) -> float:
    """Microseconds of server CPU a request; the fastest of three rounds."""
    with _running(command, port) as pid:
        _post(port, body, 50)
        rounds = []
        for _ in range(_ROUNDS):
            before = _tree_seconds(pid)
            _post(port, body, _REQUESTS)
            rounds.append((_tree_seconds(pid) - before) / _REQUESTS * 1e6)
    return min(rounds)


def main() -> None:
    """Prints the table."""
    gunicorn = [
        sys.executable,
        "-m",
        "gunicorn",
        "--workers",
        "2",
        "--threads",
        "4",
        "--worker-class",
        "gthread",
    ]
    print(f"{'body':<24}{'bytes':>8}{'bare us':>10}{'service us':>12}{'ratio':>8}")
    for name, body in bodies().items():
        bare_port, port = _free_port(), _free_port()
        bare = cpu_per_request(
            [
                *gunicorn,
                "--no-control-socket",
                "--bind",
                f"127.0.0.1:{bare_port}",
                "tests.performance.bare_app:app",
            ],
            bare_port,
            body,
        )
        serve = [sys.executable, "-m", "cds_service", "serve", "--port", str(port), "--workers", "2"]
        ours = cpu_per_request(serve, port, body)
        print(f"{name:<24}{len(body):>8}{bare:>10.0f}{ours:>12.0f}{ours / bare:>8.1f}")


@contextmanager
def _running(command: list[str], port: int) -> Iterator[int]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        else:
            raise RuntimeError(f"{' '.join(command)} did not start")
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


def _post(port: int, body: bytes, times: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for _ in range(times):
        connection.request("POST", _PATH, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"HTTP {answer.status}")
    connection.close()


def _tree_seconds(pid: int) -> float:
    """CPU seconds of a process and of all that it started."""
    children: dict[int, list[int]] = {}
    seconds: dict[int, float] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        number, parent = int(folder.name), int(fields[1])
        children.setdefault(parent, []).append(number)
        seconds[number] = (int(fields[11]) + int(fields[12])) / _TICKS
    total, waiting = 0.0, [pid]
    while waiting:
        one = waiting.pop()
        total += seconds.get(one, 0.0)
        waiting += children.get(one, [])
    return total


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
