"""The table of a measurement, as it is printed and as it stands in BENCHMARKS.md."""

import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

Rows = list[tuple[str, ...]]

_HOW = """Server CPU (user and system, all processes) divided by the requests, median of five rounds of two seconds,
in turn, at 4 connections; p99 at 16. The bare app is Flask with the same gunicorn, workers and threads: it parses
the body with orjson and answers a fixed card. Every request is of another patient, with other values, dates
and ids; drugs, problems and tests come from short lists, as in a hospital. Store on, all topics on, no
authentication. Cards come to nearly every order of the first two bodies, and to none of the others: as most orders in a
hospital, these are of drugs that the knowledge says nothing of. Regenerate with `make bench`."""

_PEERS = """Other systems, measured earlier on another machine in the same way (their CPU against the bare app of that
run; 385 us for a small body, 946 us for 100 resources). They did less: four checks of warfarin with an
NSAID, no store, no suggestions.

| system | small | 100 resources |
|---|---:|---:|
| cds-hooks-go | 1.3 | 3.0 |
| HealthChain 0.16.1 | 4.7 | 4.3 |
| AHRQ CQL Services | 262 | 129 |"""


_SIZES = ("body", "bare us", "service us", "ratio", "bare p99 ms", "p99 ms", "ratio")
# Part of what is measured to the sentence above its table, and the table's head.
_FURTHER = {
    "first": (
        "The first request of a worker that is new, and the median of later ones (12 resources).",
        ("first ms", "later ms", "ratio"),
    ),
    "tokens": (
        "What a token adds: to the bare app (signature checked, token kept in SQLite) and to the service, "
        "which also checks client, audience, times and that the token is new to all workers. Calls that order "
        "nothing; median of eleven rounds of one second, with and without a token in turn.",
        ("algorithm", "bare +us", "service +us", "ratio"),
    ),
    "growth": (
        "Growth: resources with 2 draft orders, and draft orders among 100 resources. A body of 5,000 resources "
        "outgrows the processor's caches, for the bare app as well.",
        ("of", "number", "bare ms", "service ms", "us for each"),
    ),
    "stages": (
        "Where the time goes, us a request: the stages of a call in one process and one thread, each without those "
        "inside it, in the fastest of five rounds. Sockets, gunicorn, other threads, the thread that writes to the "
        "store and cold caches come on top; the first line is what Flask and the parse alone take in the same way.",
        ("stage", "small", "large", "small, other drugs", "large, other drugs"),
    ),
    "caches": (
        "What is remembered between requests of different patients: vocabulary, and arithmetic on bare numbers.",
        ("remembered", "asked a request", "found"),
    ),
    "memory": (
        "Memory of a lone worker after so many requests of 5,000 patients; it is replaced after 100,000.",
        ("requests", "MB"),
    ),
}


@dataclass(slots=True)
class Measured:
    """The rows of each part."""

    sizes: Rows = field(default_factory=list)
    growth: Rows = field(default_factory=list)
    first: Rows = field(default_factory=list)
    tokens: Rows = field(default_factory=list)
    stages: Rows = field(default_factory=list)
    caches: Rows = field(default_factory=list)
    memory: Rows = field(default_factory=list)


def written(measured: Measured, *, wrk: bool) -> str:
    """The whole page in Markdown."""
    parts = ["# Benchmarks", _machine(wrk), _HOW, _table(_SIZES, measured.sizes)]
    for name, (title, head) in _FURTHER.items():
        parts += [title, _table(head, getattr(measured, name))]
    return "\n\n".join([*parts, _PEERS]) + "\n"


def _machine(wrk: bool) -> str:
    day = datetime.now(UTC).date().isoformat()
    names = ("flask", "gunicorn", "orjson", "SQLAlchemy", "PyJWT")
    packages = ", ".join(f"{name} {version(name)}" for name in names)
    load = "wrk" if wrk else "a Python load generator, since wrk is not installed"
    python = ".".join(map(str, sys.version_info[:3]))
    return f"{day}; {_processor()}; {platform.system()}; Python {python}, {packages}; load by {load}."


def _processor() -> str:
    listed = [one for one in Path("/proc/cpuinfo").read_text().splitlines() if one.startswith("model name")]
    name = listed[0].partition(":")[2].strip() if listed else platform.machine()
    return f"{len(listed)} cores of {name}"


def _table(head: Sequence[str], rows: Rows) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
