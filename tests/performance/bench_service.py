# ruff: noqa: T201  printing is what this module is for
"""What a request costs the server, as a ratio to a bare Flask app: `python -m tests.performance`.

CPU time (user and system) of the whole process tree divided by the requests; same gunicorn, same bodies, on loopback,
in turn within one run. Only ratios are compared between machines. Writes BENCHMARKS.md.
"""

import http.client
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from tests.performance.bench_caches import cache_rows
from tests.performance.bench_stages import stage_rows
from tests.performance.bench_tokens import token_rows
from tests.performance.bodies import ADVISED, OTHER, bodies
from tests.performance.load import WRK, run, timed_call, tree, tree_seconds, write_bodies
from tests.performance.report import Measured, written
from tests.performance.servers import Server, bare, resident_mb, service

_SIZES: Final = (
    ("small", 12, 1_000, ADVISED),
    ("large", 100, 200, ADVISED),
    ("small, other drugs", 12, 1_000, OTHER),
    ("large, other drugs", 100, 200, OTHER),
)
_ROUNDS: Final = 5
_SECONDS: Final = 2.0
_RESOURCES: Final = (10, 100, 1_000, 5_000)
_DRAFTS: Final = (1, 2, 5, 10, 20, 50)
_MEMORY_REQUESTS: Final = (1_000, 10_000, 50_000, 100_000)
_MEMORY_PATIENTS: Final = 5_000
_JSON: Final = {"Content-Type": "application/json"}


def main() -> None:
    """Prints the table and writes BENCHMARKS.md; takes some ten minutes."""
    if WRK is None:
        print("wrk is not installed: the load comes from Python, and latencies are its own")
    measured = Measured()
    with bare() as ceiling, service() as ours:
        for name, resources, count, drugs in _SIZES:
            measured.sizes.append(_size(name, list(bodies(count, resources, drugs=drugs)), ceiling, ours))
        measured.growth.extend(_growth(ceiling, ours))
    with service() as fresh:
        measured.first.extend(_first(fresh))
    measured.tokens.extend(token_rows())
    measured.stages.extend(stage_rows())
    measured.caches.extend(cache_rows())
    measured.memory.extend(_memory())
    text = written(measured, wrk=WRK is not None)
    print(text)
    Path("BENCHMARKS.md").write_text(text, encoding="utf-8")


def _size(name: str, sent: Sequence[bytes], ceiling: Server, ours: Server) -> tuple[str, ...]:
    """CPU a request, the median of some rounds taken in turn, and p99 at 16 connections."""
    with TemporaryDirectory() as made:
        folder = Path(made)
        write_bodies(folder, sent)
        costs: dict[int, list[float]] = {ceiling.port: [], ours.port: []}
        for turn in range(_ROUNDS + 1):  # the first warms up
            for server in (ceiling, ours):
                cost = run(server.port, server.pid, folder, 4, _SECONDS).cpu_us
                if turn:
                    costs[server.port].append(cost)
        bare_us, own_us = median(costs[ceiling.port]), median(costs[ours.port])
        tails = {one.port: run(one.port, one.pid, folder, 16, _SECONDS) for one in (ceiling, ours)}
    most = tails[ours.port].p99_ms / tails[ceiling.port].p99_ms
    kb = sum(map(len, sent)) / len(sent) / 1000
    return (
        f"{name} ({kb:.0f} kB)",
        f"{bare_us:.0f}",
        f"{own_us:.0f}",
        f"{own_us / bare_us:.1f}",
        f"{tails[ceiling.port].p99_ms:.0f}",
        f"{tails[ours.port].p99_ms:.0f}",
        f"{most:.1f}",
    )


def _growth(ceiling: Server, ours: Server) -> Iterator[tuple[str, ...]]:
    """CPU a request by resources (with 2 drafts) and by drafts (of 100 resources): what each further one costs."""
    rows = [("resources", number, list(bodies(20, number))) for number in _RESOURCES]
    rows += [("drafts", number, list(bodies(20, 100, drafts=number))) for number in _DRAFTS]
    for what, number, sent in rows:
        bare_us, own_us = _each(ceiling, sent, number), _each(ours, sent, number)
        yield what, str(number), f"{bare_us / 1000:.2f}", f"{own_us / 1000:.2f}", f"{own_us / number:.0f}"


def _each(server: Server, sent: Sequence[bytes], number: int) -> float:
    """Microseconds of CPU for each, the lesser of two runs over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    costs = []
    times = max(1, 40 // len(sent)) if number < 1_000 else 1
    for _ in range(2):
        before = tree_seconds(server.pid)
        for body in sent * times:
            timed_call(connection, body, _JSON)
        costs.append((tree_seconds(server.pid) - before) / (len(sent) * times) * 1e6)
    connection.close()
    return min(costs)


def _first(fresh: Server) -> list[tuple[str, ...]]:
    """The first request of a worker that has answered none, beside the median of those after it."""
    connection = http.client.HTTPConnection("127.0.0.1", fresh.port)
    first, *later = [timed_call(connection, body, _JSON) for body in bodies(200, 12)]
    connection.close()
    median = sorted(later[-100:])[50]
    return [(f"{first:.1f}", f"{median:.1f}", f"{first / median:.1f}")]


def _memory() -> Iterator[tuple[str, ...]]:
    """Resident memory of a lone worker, as it answers more and more requests of some thousand patients."""
    with service(workers=1) as server, TemporaryDirectory() as made:
        folder, answered = Path(made), 0
        write_bodies(folder, list(bodies(_MEMORY_PATIENTS, 12)))
        for most in _MEMORY_REQUESTS:
            while answered < most:  # not far beyond the last, where a worker is replaced
                seconds = min(10, (most - answered) / 1_000)
                answered += run(server.port, server.pid, folder, 4, seconds).requests
            workers = [one for one in tree(server.pid) if one != server.pid]
            yield f"{answered:,}", f"{max(map(resident_mb, workers)):.0f}"


if __name__ == "__main__":
    main()
