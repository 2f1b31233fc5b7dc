"""The terminology of this site: the embedded tables with the site's own RxNorm, value sets and server."""

import os
import threading
import time
from contextlib import closing

import requests

from cds_service.fhir.connections import Exchange, new_session
from cds_service.json_bytes import UnreadableJson, from_bytes
from cds_service.settings import Settings
from terminology.csv_tables import TABLES
from terminology.fhir_server import FhirTerminology
from terminology.load import Terminology
from terminology.load import load as load_terminology

_MOST_BYTES = 50_000_000
_CHUNK = 65_536


class TerminologyFetch:
    """GETs FHIR JSON, each thread of each process over its own connection (none is opened before a fork)."""

    def __init__(self, ca_file: str | None = None) -> None:
        self._local = threading.local()
        self._ca_file = ca_file

    def close(self) -> None:
        """Ends this thread's connection."""
        session = getattr(self._local, "session", None)
        if session is not None:
            session.close()
            self._local.process = None

    def __call__(self, url: str, timeout_s: float) -> tuple[int, object]:
        """Status and body; the time is for the whole answer. Raises OSError (requests' errors too)."""
        local = self._local
        if getattr(local, "process", None) != os.getpid():
            local.session = new_session(1, self._ca_file)
            local.process = os.getpid()
        return _got(local.session, url, timeout_s)

    def once(self, url: str, timeout_s: float) -> tuple[int, object]:
        """The same over a connection that is not kept: for what is asked once a day."""
        with closing(new_session(1, self._ca_file)) as session:
            return _got(session, url, timeout_s)


def _got(session: requests.Session, url: str, timeout_s: float) -> tuple[int, object]:
    # A timeout alone bounds each wait and not their sum.
    exchange = Exchange()
    ending = threading.Timer(timeout_s, exchange.end)
    ending.daemon = True
    ending.start()
    headers = {"Accept": "application/fhir+json", "User-Agent": "neuropathic-cds-hooks"}
    try:
        with (
            exchange,
            session.get(
                url, headers=headers, timeout=timeout_s, allow_redirects=False, stream=True
            ) as answer,
        ):
            content = bytearray()
            for chunk in answer.iter_content(_CHUNK):
                content += chunk
                if len(content) > _MOST_BYTES:
                    raise OSError("the terminology server's answer is too large")
        if exchange.ended:
            raise TimeoutError
        return answer.status_code, _json(bytes(content))
    finally:
        ending.cancel()


def _json(content: bytes) -> object:
    try:
        read: object = from_bytes(content)
    except UnreadableJson:
        return None
    return read


def site_terminology(settings: Settings) -> Terminology:
    """Loads it as the settings say. Raises TableError naming file, line and field."""
    server = None
    if settings.terminology_url:
        fetch = TerminologyFetch(str(settings.fhir_ca_file) if settings.fhir_ca_file else None)
        server = FhirTerminology(settings.terminology_url, fetch, time.monotonic, fetch_whole=fetch.once)
    return load_terminology(TABLES, settings.rxnorm_file, settings.value_sets_folder, server)
