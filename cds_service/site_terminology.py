"""The terminology of this site: the embedded tables with the site's own RxNorm, value sets and server."""

import os
import threading
import time

import requests

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

    def __init__(self) -> None:
        self._local = threading.local()

    def close(self) -> None:
        """Ends this thread's connection."""
        session = getattr(self._local, "session", None)
        if session is not None:
            session.close()
            self._local.process = None

    def __call__(self, url: str, timeout_s: float) -> tuple[int, object]:
        """Status and body; the time is for the whole answer. Raises requests.RequestException or ValueError."""
        local = self._local
        if getattr(local, "process", None) != os.getpid():
            local.session = requests.Session()
            local.process = os.getpid()
        until = time.monotonic() + timeout_s
        headers = {"Accept": "application/fhir+json"}
        with local.session.get(
            url, headers=headers, timeout=timeout_s, allow_redirects=False, stream=True
        ) as answer:
            content = bytearray()
            for chunk in answer.iter_content(_CHUNK):
                content += chunk
                if len(content) > _MOST_BYTES or time.monotonic() > until:
                    raise requests.Timeout("the terminology server's answer takes too long or is too large")
            return answer.status_code, _json(bytes(content))


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
        server = FhirTerminology(settings.terminology_url, TerminologyFetch(), time.monotonic)
    return load_terminology(TABLES, settings.rxnorm_file, settings.value_sets_folder, server)
