"""The clients and their keys in one worker. Made after the fork, so a HUP of the master renews them."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from requests import Session

from cds_service.fhir.connections import new_session
from cds_service.security.clients import Client, ClientsError, read_clients
from cds_service.security.jwks import RENEW_SECONDS, Key, KeySource, fetch_keys, keys_in_file


class Registry:
    """Clients with their keys; `outdated` where the file could not be read anew and the old ones stay."""

    def __init__(
        self, clients: tuple[Client, ...], session: Session | None = None, *, outdated: bool
    ) -> None:
        self.clients = clients
        self.outdated = outdated
        self._in_files: dict[str, dict[tuple[str, str], Key]] = {}
        self._fetched: dict[str, KeySource] = {}
        for one in clients:
            if one.jwks_file is not None:
                self._in_files[one.name] = keys_in_file(one.jwks_file, one.algorithms)
            elif session is not None:
                self._fetched[one.name] = KeySource(_fetcher(session, one.jku), one.algorithms)
        self._ending = threading.Event()

    def key(self, client: Client, kid: str, algorithm: str) -> Key:
        """The key of this name. Raises KeyError or KeysUnavailableError."""
        if client.name in self._in_files:
            return self._in_files[client.name][kid, algorithm]
        return self._fetched[client.name].key(kid, algorithm)

    def start(self) -> None:
        """Fetches keys in the background, now and from time to time."""
        if self._fetched:
            threading.Thread(target=self._renew, name="jwks", daemon=True).start()

    def close(self) -> None:
        """Ends the background renewal."""
        self._ending.set()

    def state(self) -> dict[str, Any]:
        """What /readyz shows of this worker."""
        without = sum(not source.ready for source in self._fetched.values())
        return {
            "clients": len(self.clients),
            "clientsWithoutKeys": without,
            **({"clientsFile": "outdated"} if self.outdated else {}),
        }

    def _renew(self) -> None:
        while True:
            for source in self._fetched.values():
                source.renew(unless_tried_within=RENEW_SECONDS / 2)
            if self._ending.wait(RENEW_SECONDS):
                return


def check_clients(file: Path, *, plain_http: bool = False) -> tuple[Client, ...]:
    """The clients and their key files, read before any worker starts. Raises ClientsError."""
    clients = read_clients(file, plain_http=plain_http)
    Registry(clients, outdated=False)
    return clients


def open_registry(
    file: Path,
    earlier: tuple[Client, ...],
    *,
    ca_file: str | None,
    plain_http: bool,
    report: Callable[[ClientsError], None],
) -> Registry:
    """The registry of this process. A file that has become unusable is reported; the earlier clients stay."""
    session = new_session(4, ca_file)
    try:
        registry = Registry(read_clients(file, plain_http=plain_http), session, outdated=False)
    except ClientsError as error:
        report(error)
        registry = _earlier(earlier, session)
    registry.start()
    return registry


def _earlier(clients: tuple[Client, ...], session: Session) -> Registry:
    """The clients as the master read them; those whose key files are gone cannot call."""
    usable = []
    for one in clients:
        try:
            Registry((one,), outdated=True)
        except ClientsError:
            continue
        usable.append(one)
    return Registry(tuple(usable), session, outdated=True)


def _fetcher(session: Session, url: str) -> Callable[[], bytes]:
    return lambda: fetch_keys(session, url)
