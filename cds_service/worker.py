"""What one worker process holds open: the store and the clients with their keys. Made after the fork."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cds_service.expansions import Expansions
from cds_service.observability.metrics import (
    count_replay_fallback,
    count_store_lost,
    show_store_waiting,
    write_gathered,
)
from cds_service.observability.request_log import log_trouble
from cds_service.per_process import PerProcess
from cds_service.security.clients import Client, ClientsError
from cds_service.security.registry import Registry, check_clients, open_registry
from cds_service.settings import Settings
from cds_service.store.settings import store_settings
from cds_service.store.store import Counting, Store, open_store
from terminology.load import Terminology

_COUNTING = Counting(
    lost=count_store_lost,
    waiting=show_store_waiting,
    fallback=count_replay_fallback,
    unremoved=lambda kind: log_trouble("retention", kind),
)


@dataclass(frozen=True, slots=True)
class Worker:
    """`registry` is None where calls need no token, `expansions` without a terminology server."""

    store: Store
    registry: Registry | None
    expansions: Expansions | None = None

    def state(self) -> dict[str, Any]:
        """What /readyz shows of this worker, without names."""
        return {
            **self.store.state(),
            **(self.registry.state() if self.registry else {}),
            **(self.expansions.state() if self.expansions else {}),
        }

    def close(self) -> None:
        """Writes what waits; says so where something was lost."""
        if self.registry is not None:
            self.registry.close()
        if self.expansions is not None:
            self.expansions.close()
        lost = self.store.close()
        write_gathered()
        if lost:
            log_trouble("store-records-lost", f"{lost} at the end of a worker")


class Clients:
    """The clients as the master last read them without fault; workers fall back on these."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.known: tuple[Client, ...] = ()
        self._read()

    def reread(self) -> None:
        """Reads the file anew; one that is wrong is reported, and the clients stay as they were."""
        try:
            self._read()
        except ClientsError as error:
            log_trouble("clients-file", str(error))

    def _read(self) -> None:
        settings = self._settings
        if settings.auth_required and settings.clients_file is not None:
            self.known = check_clients(settings.clients_file, plain_http=settings.fhir_http_any)


def workers(
    settings: Settings, clients: Clients, clock: Callable[[], datetime], terminology: Terminology
) -> PerProcess[Worker]:
    """The worker of each process, made on first use. Raises StoreUrlError, so that it stops the start."""
    store_settings(settings)
    return PerProcess(lambda: _start(settings, clients.known, clock, terminology))


def _start(
    settings: Settings, clients: tuple[Client, ...], clock: Callable[[], datetime], terminology: Terminology
) -> Worker:
    registry = None
    if settings.auth_required and settings.clients_file is not None:
        registry = open_registry(
            settings.clients_file,
            clients,
            ca_file=str(settings.fhir_ca_file) if settings.fhir_ca_file else None,
            plain_http=settings.fhir_http_any,
            report=lambda error: log_trouble("clients-file", str(error)),
        )
    store = open_store(store_settings(settings), _COUNTING, lambda: clock().timestamp())
    expansions = None
    if terminology.server is not None:
        expansions = Expansions(
            terminology.server,
            terminology.sets.by_url,
            lambda missing: log_trouble("terminology-server", missing),
        )
    return Worker(store, registry, expansions)
