"""A FHIR terminology server as a further source of codes: `$lookup`, `$validate-code`, `$expand`.

It is asked last, after the site's table and the embedded tables, and only with system and code, never with
text. It is never in the way: each answer has a short time, a thread waits for it only so long in a while,
answers are remembered (what is unknown, too), and after some failures nobody asks for a while. What it does
not answer is as if there were no server.

FHIR R4: CodeSystem-operation-lookup, ValueSet-operation-validate-code, ValueSet-operation-expand.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol
from urllib.parse import urlencode

from terminology.coding import ATC, ICD10CM, ICD10PCS, LOINC, NDC, RXNORM, SNOMED, UNII, Coding

ASKED_SYSTEMS = frozenset({RXNORM, NDC, ATC, UNII, SNOMED, ICD10CM, ICD10PCS, LOINC})
_UNKNOWN = frozenset({400, 404, 422})  # how servers answer for a code or set that they do not have
_OK = 200
_REMEMBERED = 20_000
_MOST_CODES = 200_000

Key = tuple[str, ...]


class Fetch(Protocol):
    """GETs a URL as FHIR JSON."""

    def __call__(self, url: str, timeout_s: float) -> tuple[int, object]:
        """HTTP status and parsed body (None where it is no JSON). Raises for anything but an answer in time."""


class _NoAnswerError(Exception):
    """The server gave no answer."""


class FhirTerminology:
    """Answers of one terminology server. No method raises; None means that nothing is known.

    `fetch_whole` gets value sets, `fetch` all else. `timeout_s` bounds one call, `box_s` all calls of a
    thread within `window_s`, `expand_timeout_s` one call of `refresh`. After `tolerated` failures in a row
    nobody asks for `pause_s`. Safe between threads; `fetch` is first called after a fork if the first lookup
    is.
    """

    def __init__(
        self,
        base_url: str,
        fetch: Fetch,
        clock: Callable[[], float],
        *,
        fetch_whole: Fetch | None = None,
        timeout_s: float = 0.3,
        expand_timeout_s: float = 20,
        box_s: float = 0.4,
        window_s: float = 2,
        tolerated: int = 3,
        pause_s: float = 30,
        known_s: float = 86_400,
        unknown_s: float = 3_600,
    ) -> None:
        self._base = base_url.rstrip("/")
        self._fetch, self._fetch_whole, self._clock = fetch, fetch_whole or fetch, clock
        self._timeout_s, self._expand_timeout_s = timeout_s, expand_timeout_s
        self._box_s, self._window_s = box_s, window_s
        self._tolerated, self._pause_s = tolerated, pause_s
        self._known_s, self._unknown_s = known_s, unknown_s
        self._lock = threading.Lock()
        self._answers: OrderedDict[Key, tuple[object, float]] = OrderedDict()
        self._expansions: dict[str, frozenset[tuple[str, str]]] = {}
        self._failures, self._closed_until = 0, 0.0
        self._waited = threading.local()

    def display(self, coding: Coding) -> str | None:
        """The name of a code (`$lookup`)."""
        if coding.system not in ASKED_SYSTEMS or not coding.code.strip():
            return None
        found = self._answered(
            "CodeSystem/$lookup", {"system": coding.system, "code": coding.code.strip()}, _display
        )
        return found if isinstance(found, str) else None

    def value_sets(self, coding: Coding, wanted: Mapping[str, frozenset[str]]) -> frozenset[str]:
        """Of `wanted` (value set URL: ids), the ids whose set holds the code (`$validate-code`).

        A set that `refresh` has fetched is looked up without a call.
        """
        if coding.system not in ASKED_SYSTEMS or not coding.code.strip():
            return frozenset()
        code = coding.code.strip()
        held: set[str] = set()
        for url, ids in wanted.items():
            expansion = self._expansions.get(url)
            if expansion is not None:
                inside: object = (coding.system, code) in expansion
            else:
                parameters = {"url": url, "system": coding.system, "code": code}
                inside = self._answered("ValueSet/$validate-code", parameters, _result)
            if inside is True:
                held |= ids
        return frozenset(held)

    def refresh(self, urls: Iterable[str]) -> dict[str, bool]:
        """Fetches value sets whole (`$expand`), for a thread that may wait; whether each was fetched."""
        return {url: self._expanded(url) for url in urls}

    def _expanded(self, url: str) -> bool:
        try:
            status, body = self._fetch_whole(
                f"{self._base}/ValueSet/$expand?{urlencode({'url': url})}", self._expand_timeout_s
            )
        except Exception:  # whatever a client library raises is no answer
            return False
        codes = _contained(body) if status == _OK else None
        if codes is None:
            return False
        self._expansions[url] = codes
        return True

    def _answered(
        self, operation: str, parameters: Mapping[str, str], read: Callable[[object], object]
    ) -> object:
        """The remembered answer, else the server's. None: unknown there, or not asked, or no answer."""
        key = (operation, *parameters.values())
        now = self._clock()
        with self._lock:
            known = self._answers.get(key)
            if known is not None and now < known[1]:
                self._answers.move_to_end(key)
                return known[0]
            if now < self._closed_until:
                return None
        if not self._may_wait(now):
            return None
        try:
            answer = self._asked(f"{self._base}/{operation}?{urlencode(parameters)}", read)
        except _NoAnswerError:
            self._failed()
            return None
        finally:
            self._waited.spent += self._clock() - now
        self._remember(key, answer)
        return answer

    def _asked(self, url: str, read: Callable[[object], object]) -> object:
        try:
            status, body = self._fetch(url, self._timeout_s)
        except Exception as error:  # whatever a client library raises is no answer
            raise _NoAnswerError from error
        if status in _UNKNOWN:
            return None
        if status != _OK:
            raise _NoAnswerError
        return read(body)

    def _may_wait(self, now: float) -> bool:
        waited = self._waited
        if now - getattr(waited, "since", float("-inf")) >= self._window_s:
            waited.since, waited.spent = now, 0.0
        return bool(waited.spent < self._box_s)

    def _failed(self) -> None:
        with self._lock:
            self._failures += 1
            if self._failures >= self._tolerated:
                self._closed_until = self._clock() + self._pause_s
                self._failures = self._tolerated - 1  # after the pause one failure closes again

    def _remember(self, key: Key, answer: object) -> None:
        lasts = self._unknown_s if answer is None or answer is False else self._known_s
        with self._lock:
            self._failures = 0
            self._answers[key] = (answer, self._clock() + lasts)
            while len(self._answers) > _REMEMBERED:
                self._answers.popitem(last=False)


def _parameter(body: object, name: str, kind: str) -> object:
    if not isinstance(body, dict) or body.get("resourceType") != "Parameters":
        raise _NoAnswerError
    listed = body.get("parameter")
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and one.get("name") == name:
            return one.get(kind)
    return None


def _display(body: object) -> object:
    found = _parameter(body, "display", "valueString")
    return found if isinstance(found, str) and found.strip() else None


def _result(body: object) -> object:
    return _parameter(body, "result", "valueBoolean") is True


def _contained(body: object) -> frozenset[tuple[str, str]] | None:
    """The codes of an expansion, nested ones too; None where it is none or was cut short."""
    if not isinstance(body, dict) or body.get("resourceType") != "ValueSet":
        return None
    expansion = body.get("expansion")
    if not isinstance(expansion, dict):
        return None
    found: set[tuple[str, str]] = set()
    waiting = [expansion]
    entries = 0
    while waiting:
        listed = waiting.pop().get("contains")
        for one in listed if isinstance(listed, list) else ():
            if isinstance(one, dict):
                entries += 1
                waiting.append(one)
                if isinstance(one.get("system"), str) and isinstance(one.get("code"), str):
                    found.add((one["system"], one["code"]))
        if entries > _MOST_CODES:
            return None
    total = expansion.get("total")
    whole = not isinstance(total, int) or isinstance(total, bool) or total <= entries
    return frozenset(found) if whole else None
