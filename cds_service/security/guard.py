"""Who may call what: clients the hooks, with a token of their own; people the pages.

Discovery, health and preflights are open. Every refused token gets the same answer; the audit has the reason.
"""

from typing import Final

from flask import Flask

from cds_service.call import Call, this_call
from cds_service.errors import Problem, Refused
from cds_service.hooks.discovery import BY_ID
from cds_service.observability.metrics import count_unauthenticated, timed
from cds_service.per_process import PerProcess
from cds_service.security.pages import PageRules, access_of, check_page
from cds_service.security.tokens import TokenRefusedError, verify
from cds_service.settings import Settings
from cds_service.worker import Worker

_UNAUTHENTICATED: Final = Problem("login", "This call could not be authenticated.")


def register_guard(app: Flask, settings: Settings, worker: PerProcess[Worker]) -> None:
    """Checks each call before its body is read."""
    rules = PageRules.of(settings)

    @app.before_request
    def check() -> None:
        call = this_call()
        endpoint = call.endpoint
        if endpoint is None or call.method == "OPTIONS":  # nothing there; a preflight has no token
            return
        access = access_of(endpoint)
        if access == "client" and settings.auth_required:
            _authenticate(call, settings, worker.get())
        elif access in ("readers", "operators"):
            check_page(rules)


def _authenticate(call: Call, settings: Settings, worker: Worker) -> None:
    """Sets the client of the call. Raises Refused (401), the same for every reason."""
    service_id = (call.view_args or {}).get("service_id", "")
    service = BY_ID.get(service_id)
    if service is not None:
        call.service, call.hook = service.id, service.hook
    registry = worker.registry
    if (
        registry is None or settings.base_url is None
    ):  # not so, by the settings; and if it were, nobody may call
        raise Refused(401, _UNAUTHENTICATED)
    url = f"{settings.base_url}/cds-services/{service_id}"
    own = [f"{url}/feedback", url] if call.endpoint == "hooks.feedback" else [url]
    try:
        with timed(call.hook, "authenticate"):
            call.client = verify(
                call.headers.get("Authorization", ""),
                own,
                registry.clients,
                registry.key,
                worker.store.replay.first_use,
                call.now.timestamp(),
            )
    except TokenRefusedError as error:
        count_unauthenticated()
        call.unproved, call.claimed_client = error.reason, error.client
        raise Refused(401, _UNAUTHENTICATED) from None
