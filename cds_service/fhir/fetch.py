"""Completes a record from the EHR's FHIR server: what was not sent is fetched, or said not to have been.

value of a key                                      done
given                                               nothing, unless the client sent one page of several
absent, and the request grants access               queried; what comes is read by the table of prefetch
failed: the client tried                            nothing: the query would fail again
absent, no access, or no server is allowed at all   nothing: a gap in the record, no failure
absent, and no order is one that advice is about    nothing, but for the patient: the EHR is not asked in vain
"""

from collections.abc import Callable, Iterable
from concurrent.futures import Future, wait
from dataclasses import dataclass, replace
from time import monotonic
from typing import Final

from cards.facts.record import Issue, KeyResult, Record
from cards.facts.resources import Resource, text, type_and_id
from cds_service.fhir.allow_list import allowed_server
from cds_service.fhir.failures import Why, words_of
from cds_service.fhir.need import Concerns, always, may_concern, not_needed
from cds_service.fhir.paging import Allowance, Limits, Reading, read_pages
from cds_service.fhir.queries import asks_for_encounter, query_url
from cds_service.fhir.references import MEDICATION, unresolved
from cds_service.fhir.server_url import ServerUrl, below
from cds_service.fhir.workers import Workers
from cds_service.hooks.keys import KEYS, PrefetchKey
from cds_service.hooks.prefetch import next_page, read_key, received
from cds_service.hooks.schemas import HookRequest

# Lists whose orders may refer to a Medication, the most telling first.
_LISTS: Final = ("medications", "statements", "endedMedications")
_OF_WHAT_WAS_SENT: Final = ("unreadable-resource", "unexpected-resource", "no-patient")
REFERENCES: Final = PrefetchKey(
    key="references",
    query="",
    words="medications that orders refer to",
    types=frozenset({MEDICATION}),
    topic="medications",
)
DISPATCHED: Final = PrefetchKey(
    key="dispatchedOrders", query="", words="dispatched orders", types=frozenset(), topic="medications"
)


def _uncounted(*_: object) -> None:
    """In the place of metrics where there are none, as on the command line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FhirServers:
    """What may be asked, and how. `templates` are the queries of the keys with their codes.

    `count` is told of each query: its key, "ok" or why it failed, and the seconds it took.
    """

    allow_list: tuple[ServerUrl, ...]
    workers: Workers
    limits: Limits
    templates: dict[str, str]
    count: Callable[[str, str, float], None] = _uncounted


@dataclass(frozen=True, slots=True)
class Completed:
    """The record, and the orders to evaluate: the drafts, or what a dispatch names."""

    record: Record
    drafts: tuple[Resource, ...]


def complete(
    request: HookRequest,
    record: Record,
    servers: FhirServers,
    deadline: float,
    concerns: Concerns = always,
) -> Completed:
    """Fetches what the record lacks until `deadline` (monotonic seconds). Raises nothing."""
    found = _dispatched(request, record)
    drafts = (*(request.drafts or ()), *found.values())
    missing = tuple(one for one in request.dispatched if one not in found)
    access = request.access
    if access is None or not servers.allow_list:
        known = _without(record, missing, None)
        return Completed(known if access is None else _not_asked(known), drafts)
    rows: tuple[PrefetchKey, ...] = tuple(row for row in KEYS if row.key in servers.templates)
    if not missing and not may_concern(request, record, drafts, concerns):
        rows, record = tuple(row for row in KEYS if row.required), not_needed(record)
    base = allowed_server(access.server, servers.allow_list)
    if base is None or not access.token:
        why: Why = "not-allowed" if base is None else "no-authorization"
        return Completed(_refused(request, _without(record, missing, why), why, servers, rows), drafts)
    call = _Call(request, servers, base, deadline, Allowance(servers.limits.max_resources), rows)
    return call.completed(record, drafts, missing)


@dataclass(slots=True)
class _Call:
    """The fetching of one request."""

    request: HookRequest
    servers: FhirServers
    base: ServerUrl
    deadline: float
    allowance: Allowance
    rows: tuple[PrefetchKey, ...]

    def completed(self, record: Record, drafts: tuple[Resource, ...], missing: tuple[str, ...]) -> Completed:
        keys = dict(record.keys)
        issues = list(record.issues)
        readings: list[Reading] = []
        for row in KEYS:
            result = keys[row.key]
            if result.state == "absent" and row in self.rows and not self._impossible(row):
                url = query_url(self.base, self.servers.templates[row.key], *self._ids())
                if url is None:
                    self._failed(keys, row, "bad-id")
                else:
                    readings.append(Reading(row, url))
            elif result.state == "given":
                self._continue(row, readings, issues)
        orders = [(one, Reading(DISPATCHED, url)) for one in missing if (url := below(self.base, one))]
        known = [one for result in keys.values() for one in result.resources] + list(drafts)
        asked = unresolved(drafts, known)
        pointed = self._pointed(asked)
        self._run([reading for _, reading in orders + pointed] + readings)
        for reading in readings:
            self._take(reading, keys, issues)
        fetched = [order for name, reading in orders if (order := _one(reading, name)) is not None]
        lists = [one for key in _LISTS for one in keys[key].resources]
        known = [one for result in keys.values() for one in result.resources] + list(drafts)
        later = tuple(one for one in unresolved([*fetched, *lists], known) if one not in asked)
        more = self._pointed(later, len(pointed))
        self._run([reading for _, reading in more])
        self._take_references(pointed + more, asked + later, keys)
        record = Record(patient_id=record.patient_id, keys=keys, issues=tuple(issues))
        lost = [reading.stopped or "wrong-patient" for name, reading in orders if _one(reading, name) is None]
        if len(orders) < len(missing):
            lost.append("bad-id")
        return Completed(_without(record, tuple(lost), lost[0] if lost else None), (*drafts, *fetched))

    def _ids(self) -> tuple[str, str]:
        return self.request.patient_id, self.request.encounter_id

    def _impossible(self, row: PrefetchKey) -> bool:
        """Whether the request names no encounter to read: nothing is missing then."""
        return asks_for_encounter(row.query) and not self.request.encounter_id

    def _continue(self, row: PrefetchKey, readings: list[Reading], issues: list[Issue]) -> None:
        """Reads on where the client sent one page of several."""
        value = self.request.prefetch.get(row.key)
        link = next_page(row, value)
        if link is None:
            return
        url = below(self.base, link)
        if url is not None:
            readings.append(Reading(row, url, sent=max(1, received(row, value))))
        else:
            _replace(issues, row, [_partly(row, "foreign-link")], read_before=True)

    def _pointed(self, references: Iterable[str], before: int = 0) -> list[tuple[str, Reading]]:
        """Readings of references, as many as are allowed; one to another server has none."""
        found = []
        for reference in tuple(references)[: max(0, self.servers.limits.max_references - before)]:
            url = below(self.base, reference)
            if url is not None:
                found.append((reference, Reading(REFERENCES, url)))
        return found

    def _run(self, readings: list[Reading]) -> None:
        """Reads all of them at once; ends what is still under way at the deadline."""
        access = self.request.access
        token = access.token if access is not None else ""
        begun: list[tuple[Reading, Future[None]]] = []
        started = monotonic()
        for reading in readings:
            future = self.servers.workers.begin(self._work(reading, token))
            if future is None:
                reading.stopped = "busy"
            else:
                begun.append((reading, future))
        wait([future for _, future in begun], timeout=max(0.0, self.deadline - monotonic()))
        for reading, future in begun:
            if not future.done():
                future.cancel()
                reading.exchange.end()  # from here on its pages are what they are
                reading.stopped = "timeout"
                reading.seconds = monotonic() - started
        for reading in readings:
            self.servers.count(reading.row.key, reading.stopped or "ok", reading.seconds)

    def _work(self, reading: Reading, token: str) -> Callable[..., None]:
        return lambda session: read_pages(
            session, reading, self.base, token, self.deadline, self.servers.limits, self.allowance
        )

    def _failed(self, keys: dict[str, KeyResult], row: PrefetchKey, why: Why) -> None:
        keys[row.key] = KeyResult(row.key, "failed", (), words_of(why), row.words)

    def _take(self, reading: Reading, keys: dict[str, KeyResult], issues: list[Issue]) -> None:
        """Puts what one reading brought in the place of the key, and its issues in the place of the key's."""
        row, before = reading.row, keys[reading.row.key]
        if not reading.pages:
            why = reading.stopped or "unreadable"
            if before.state == "given":
                _replace(issues, row, [_partly(row, why)], read_before=True)
            else:
                self._failed(keys, row, why)
            return
        # A later page states the total of the whole search, of which the client sent the beginning.
        whole = before.state != "given" and reading.stopped is None
        result, problems = read_key(row, reading.pages, self.request.patient_id, whole=whole)
        if result.state == "absent":
            result = result._replace(state="failed", why=words_of("wrong-patient"))
        if reading.stopped is not None:
            problems.append(_partly(row, reading.stopped))
        keys[row.key] = result._replace(resources=(*before.resources, *result.resources))
        _replace(issues, row, problems, read_before=before.state == "given")

    def _take_references(
        self, read: list[tuple[str, Reading]], wanted: tuple[str, ...], keys: dict[str, KeyResult]
    ) -> None:
        if not wanted:
            return
        got = [product for name, reading in read if (product := _one(reading, name)) is not None]
        lost = len(wanted) - len(got)
        whys: list[Why] = [
            reading.stopped or "not-fhir" for name, reading in read if _one(reading, name) is None
        ]
        if len(read) < len(wanted):
            over = len(wanted) > self.servers.limits.max_references
            whys.append("too-many-references" if over else "foreign-link")
        keys[REFERENCES.key] = KeyResult(
            REFERENCES.key,
            "failed" if lost else "given",
            tuple(got),
            words_of(whys[0]) if whys else "",
            REFERENCES.words,
        )


def _dispatched(request: HookRequest, record: Record) -> dict[str, Resource]:
    """The dispatched orders that were sent, by their reference."""
    if not request.dispatched:
        return {}
    by_name = {
        (text(one.get("resourceType")), text(one.get("id"))): one
        for result in record.keys.values()
        for one in result.resources
    }
    named = {one: by_name.get(type_and_id(one)) for one in request.dispatched}
    return {name: order for name, order in named.items() if order is not None}


def _one(reading: Reading, reference: str) -> Resource | None:
    """What a reference was read as: a resource of the type and id it names, else None."""
    page = reading.pages[0] if reading.pages else {}
    named = (text(page.get("resourceType")), text(page.get("id")))
    return page if named == type_and_id(reference) else None


def _partly(row: PrefetchKey, why: Why) -> Issue:
    return Issue("page-not-followed", f"{row.words}: only a part was read ({words_of(why)})")


def _replace(issues: list[Issue], row: PrefetchKey, problems: list[Issue], *, read_before: bool) -> None:
    """Puts new problems in the place of those that no longer hold.

    Where the client's page is used (`read_before`), only its want of further pages is settled. Else all that
    was wrong with what it sent is, except that it held another patient's data.
    """
    settled = {"page-not-followed"} if read_before else {"page-not-followed", *_OF_WHAT_WAS_SENT}
    issues[:] = [one for one in issues if one.code not in settled or not one.text.startswith(f"{row.words}:")]
    issues.extend(problems)


def _not_asked(record: Record) -> Record:
    """The record with a note for the trace: access was granted, and this site lists no server to ask."""
    if all(result.state != "absent" for result in record.keys.values()):
        return record
    note = Issue("server-not-asked", "fhirServer: not asked for what was not sent, since no server is listed")
    return replace(record, issues=(*record.issues, note))


def _refused(
    request: HookRequest, record: Record, why: Why, servers: FhirServers, rows: tuple[PrefetchKey, ...]
) -> Record:
    """The record where access was granted and cannot be used: what was not sent has failed."""
    keys = dict(record.keys)
    for row in rows:
        impossible = asks_for_encounter(row.query) and not request.encounter_id
        if keys[row.key].state == "absent" and not impossible:
            keys[row.key] = KeyResult(row.key, "failed", (), words_of(why), row.words)
            servers.count(row.key, why, 0.0)
    return replace(record, keys=keys)


def _without(record: Record, lost: tuple[str, ...], why: Why | None) -> Record:
    """The record with a note that some dispatched orders could not be obtained."""
    if not lost:
        return record
    reason = words_of(why) if why else "they were not sent, and no server was named that may be asked"
    failed = KeyResult(DISPATCHED.key, "failed", (), reason, DISPATCHED.words)
    return replace(record, keys={**record.keys, DISPATCHED.key: failed})
