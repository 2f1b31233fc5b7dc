"""The service allowed to ask a FHIR server of this machine, and requests that leave it all to that server."""

from dataclasses import replace

from chart import asking
from hook_requests import NOW, SIGN

from cds_service.app import create_app
from cds_service.fhir.allow_list import read_allow_list
from cds_service.fhir.workers import Workers
from cds_service.hooks.keys import KEYS

ROWS = {row.key: row for row in KEYS}
OPTIONAL = [row.key for row in KEYS if not row.required]
READY = 10_000
SHORT = 150


def app_of(engine, settings, **changed):
    """The service, allowed to ask any port of this machine; `changed` are settings."""
    servers = read_allow_list(["http://127.0.0.1:*/fhir"], plain_http=False)
    changed = {"time_budget_ms": READY, "max_resources": 10_000, "fhir_servers": servers} | changed
    settings = replace(settings, **changed)
    fhir = replace(
        engine.fhir,
        allow_list=settings.fhir_servers,
        workers=Workers(settings.fetch_threads, settings.max_fetches, settings.fhir_ca_file),
        limits=replace(
            engine.fhir.limits,
            max_bytes=settings.max_fetch_bytes,
            max_pages=settings.max_pages,
            max_resources=settings.max_resources,
            max_references=settings.max_references,
        ),
    )
    return create_app(settings, replace(engine, settings=settings, fhir=fhir), clock=lambda: NOW)


def target(key, engine):
    """What of the server's requests belongs to a key: the query as it is asked for."""
    query = engine.fhir.templates[key].replace("{{context.patientId}}", "p1")
    return query.replace("{{context.encounterId}}", "e1").replace("|", "%7C")


def prefetched(server, engine):
    """What a client would have sent: the answer to each query."""
    found = {}
    for row in KEYS:
        kind, _, rest = target(row.key, engine).partition("?")
        if rest:
            query = {
                part.partition("=")[0]: [part.partition("=")[2].replace("%7C", "|")]
                for part in rest.split("&")
            }
            found[row.key] = server.search(kind, query)
        else:
            found[row.key] = next(one for one in server.store if f"{one['resourceType']}/{one['id']}" == kind)
    return found


def failing(client, server, key, engine, fault):
    """The answer where one key fails in that way and all others are fetched."""
    server.faults[target(key, engine)] = fault
    return client.post(SIGN, json=asking(server))


def failing_alone(client, server, key, engine, fault):
    """The answer where one key fails in that way and all others were sent, so that no time is theirs."""
    sent = prefetched(server, engine)
    del sent[key]
    server.faults[target(key, engine)] = fault
    return client.post(SIGN, json=asking(server, **sent))
