"""Reads what one prefetch key asks for, page by page, in a thread of the pool."""

import threading
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from requests import Session

from cds_service.fhir.client import get_resource
from cds_service.fhir.connections import Exchange
from cds_service.fhir.failures import NotFetchedError, Why
from cds_service.fhir.server_url import ServerUrl, below
from cds_service.hooks.keys import PrefetchKey
from cds_service.hooks.prefetch import enough, next_link, received


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of what is fetched for one request; sizes in bytes, decompressed."""

    max_bytes: int = 20_000_000
    max_pages: int = 20
    max_resources: int = 10_000
    max_references: int = 100


class Allowance:
    """How many more entries one request may fetch; shared by its threads."""

    def __init__(self, entries: int) -> None:
        self._lock = threading.Lock()
        self._left = entries

    def spend(self, entries: int) -> None:
        """Raises NotFetchedError where that many are not left."""
        with self._lock:
            if entries > self._left:
                raise NotFetchedError("too-many-resources")
            self._left -= entries


@dataclass(slots=True)
class Reading:
    """One key, or one reference, being read. `sent` entries came before the page at `url`.

    `pages` grows as they come, without their links; `stopped` says why it ended before the last one.
    """

    row: PrefetchKey
    url: ServerUrl
    sent: int = 0
    pages: list[dict[str, Any]] = field(default_factory=list)
    stopped: Why | None = None
    seconds: float = 0.0
    exchange: Exchange = field(default_factory=Exchange)

    def add(self, page: dict[str, Any]) -> None:
        """Keeps a page, unless nobody waits for it any more."""
        self.exchange.unless_ended(lambda: self.pages.append(page))


def read_pages(
    session: Session,
    reading: Reading,
    base: ServerUrl,
    token: str,
    deadline: float,
    limits: Limits,
    allowance: Allowance,
) -> None:
    """Reads until the last page, a failure, or a limit. Raises nothing: the reading holds what came of it."""
    begun = monotonic()
    try:
        _follow(session, reading, base, token, deadline, limits, allowance)
    except NotFetchedError as error:
        reading.stopped = error.why
    except Exception:  # whatever a server's answer did to this code, the other keys and the request go on
        reading.stopped = "unreadable"
    finally:
        reading.seconds = monotonic() - begun


def _follow(
    session: Session,
    reading: Reading,
    base: ServerUrl,
    token: str,
    deadline: float,
    limits: Limits,
    allowance: Allowance,
) -> None:
    url: ServerUrl = reading.url
    seen: set[ServerUrl] = set()
    count = reading.sent
    while True:
        if url in seen:
            raise NotFetchedError("loop")
        if len(seen) >= limits.max_pages:
            raise NotFetchedError("too-many-pages")
        seen.add(url)
        page = get_resource(session, url, token, deadline, limits.max_bytes, reading.exchange)
        entries = page.get("entry")
        allowance.spend(len(entries) if isinstance(entries, list) else 1)
        reading.add({name: value for name, value in page.items() if name != "link"})
        count += received(reading.row, page)
        link = None if enough(reading.row, count) else next_link(page)
        if link is None:
            return
        following = below(base, link, url)
        if following is None:
            raise NotFetchedError("foreign-link")
        url = following
