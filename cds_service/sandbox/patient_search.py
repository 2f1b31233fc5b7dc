"""Finds patients on a FHIR server of the allow-list, over the connections that fetch prefetch."""

import re
from collections.abc import Iterable
from concurrent.futures import wait
from dataclasses import dataclass, replace
from time import monotonic
from typing import Final
from urllib.parse import quote

from requests import Session

from cards.facts.resources import Resource, obj, objects, text
from cds_service.fhir.allow_list import allowed_server
from cds_service.fhir.client import get_resource
from cds_service.fhir.connections import Exchange
from cds_service.fhir.failures import NotFetchedError, Why, words_of
from cds_service.fhir.fetch import FhirServers
from cds_service.fhir.server_url import ANY, ANY_PORT, ServerUrl, read_url
from cds_service.hooks.entries import resources_in

_MOST: Final = 20
_SECONDS: Final = 5.0
_ID: Final = re.compile(r"(?!\.+$)[A-Za-z0-9.-]{1,64}", re.ASCII)


class NotFoundError(ValueError):
    """A search that gave nothing to show; the message says why."""


@dataclass(frozen=True, slots=True)
class FoundPatient:
    """One patient to choose: id, and name, sex, birth date as recorded."""

    id: str
    words: str


def offered_servers(allow_list: Iterable[ServerUrl]) -> tuple[str, ...]:
    """The entries of the allow-list that are one server, or a server and what lies below it."""
    found = []
    for one in allow_list:
        path = one.path[:-1] if one.path[-1:] == (ANY,) else one.path
        if one.port != ANY_PORT and ANY not in path:
            found.append(str(replace(one, path=path)))
    return tuple(dict.fromkeys(found))


def find_patients(server: str, typed: str, token: str, servers: FhirServers) -> tuple[FoundPatient, ...]:
    """Patients by name, or the one of an id. Raises NotFoundError, also where the server may not be asked."""
    base = allowed_server(server, servers.allow_list)
    if base is None:
        raise NotFoundError("This FHIR server is not in the allow-list (CDS_FHIR_SERVERS).")
    if not typed.strip():
        raise NotFoundError("Type a name or an id to search for.")
    deadline = monotonic() + _SECONDS
    wanted = quote(typed.strip(), safe="")
    urls = [read_url(f"{base}/Patient?name={wanted}&_count={_MOST}")]
    if _ID.fullmatch(typed.strip()):
        urls.append(read_url(f"{base}/Patient/{typed.strip()}"))
    found: dict[str, FoundPatient] = {}
    why: Why | None = None
    for page in (_get(url, token, deadline, servers) for url in urls if url is not None):
        if isinstance(page, str):
            why = page
            continue
        for one in resources_in(page)[0]:
            if one["resourceType"] == "Patient" and text(one.get("id")):
                found.setdefault(text(one["id"]), FoundPatient(text(one["id"]), patient_words(one)))
    if not found:
        raise NotFoundError(
            f"Nothing was found: {words_of(why)}." if why else "No patient of this name or id was found."
        )
    return tuple(found.values())[:_MOST]


def _get(url: ServerUrl, token: str, deadline: float, servers: FhirServers) -> Resource | Why:
    pages: list[Resource] = []
    whys: list[Why] = []
    exchange = Exchange()

    def work(session: Session) -> None:
        try:
            pages.append(
                get_resource(session, url, token or "none", deadline, servers.limits.max_bytes, exchange)
            )
        except NotFetchedError as error:
            whys.append(error.why)

    future = servers.workers.begin(work)
    if future is None:
        return "busy"
    wait([future], timeout=max(0.0, deadline - monotonic()))
    if not future.done():
        future.cancel()
        exchange.end()
        return "timeout"
    return pages[0] if pages else whys[0] if whys else "unreadable"


def patient_words(patient: Resource) -> str:
    """Name, sex and birth date as recorded, what of it there is."""
    name = obj(objects(patient.get("name")))
    given = name.get("given")
    parts = [part for part in given if isinstance(part, str)] if isinstance(given, list) else []
    full = text(name.get("text")) or " ".join([*parts, text(name.get("family"))]).strip()
    return ", ".join(
        one for one in (full, text(patient.get("gender")), text(patient.get("birthDate"))) if one
    )
