"""Keeps whole value sets of the site's terminology server at hand: `$expand`, in the background of a worker.

A code is then looked up without a call. Until a set has been fetched, and where it cannot be fetched whole,
the server is asked for single codes ($validate-code), so nothing waits for this thread.
"""

import threading
from collections.abc import Callable, Iterable
from typing import Any, Protocol

_RENEW_S = 86_400  # value sets change with releases, not during a shift
_RETRY_S = 300


class Source(Protocol):
    """Fetches value sets by their URL: `terminology.fhir_server`."""

    def refresh(self, urls: Iterable[str]) -> dict[str, bool]:
        """Whether each was fetched. Never raises; what was fetched before is kept."""


class Expansions:
    """One thread that fetches the sets, again once a day, or after five minutes while one is missing."""

    def __init__(
        self,
        source: Source,
        urls: Iterable[str],
        report: Callable[[str], None],
        *,
        renew_s: float = _RENEW_S,
        retry_s: float = _RETRY_S,
    ) -> None:
        self._source, self._urls, self._report = source, sorted(urls), report
        self._renew_s, self._retry_s = renew_s, retry_s
        self._fetched: frozenset[str] = frozenset()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="value-sets", daemon=True)
        if self._urls:
            self._thread.start()

    def state(self) -> dict[str, Any]:
        """How many of the value sets are at hand."""
        if not self._urls:
            return {}
        return {"serverValueSets": {"wanted": len(self._urls), "fetched": len(self._fetched)}}

    def close(self) -> None:
        """Ends the thread after the set under way; nothing waits for it."""
        self._ending.set()

    def _keep(self) -> None:
        reported = 0
        while not self._ending.is_set():
            missing = self._renew()
            if missing and missing != reported:
                self._report(
                    f"{missing} of {len(self._urls)} value sets of the terminology server were not fetched"
                )
            reported = missing
            self._ending.wait(self._retry_s if missing else self._renew_s)

    def _renew(self) -> int:
        """Fetches each set; how many could not be."""
        missing = 0
        for url in self._urls:
            if self._ending.is_set():
                return missing
            if self._source.refresh((url,)).get(url):
                self._fetched |= {url}
            else:
                missing += 1
        return missing
