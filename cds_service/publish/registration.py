"""The guide for the analyst who connects an EHR, made from discovery and the settings so that it cannot drift."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cards.card import OVERRIDE_REASON_SYSTEM
from cards.compose import ALL_OVERRIDE_REASONS, OVERRIDE_REASONS
from cds_service.hooks.discovery import SERVICES, discovery_document, service_for
from cds_service.hooks.invoke import Engine, answer, engine_on
from cds_service.hooks.keys import KEYS, PATIENT
from cds_service.hooks.schemas import read_request
from cds_service.releases import releases
from cds_service.sandbox.example_requests import hook_request
from cds_service.sandbox.patients import synthetic_patients
from cds_service.security.clients import Client

_TEMPLATES: Final = Path(__file__).with_name("templates")
# What stands for the public URL until somebody sets CDS_BASE_URL.
_BASE: Final = "https://cds.hospital.example"
# Read besides what the queries name: orders refer to them.
_REFERRED: Final = "Medication"


def registration_guide(engine: Engine, clients: Iterable[Client], now: datetime) -> str:
    """Markdown: endpoints, prefetch, scopes, tokens, override reasons, and how to see each card.

    `clients` are those of CDS_CLIENTS, none where authentication is off. `now` (aware) dates the test patients.
    """
    engine = engine_on(engine, now)
    document = discovery_document(engine.terminology, engine.knowledge)
    queries = document["services"][0]["prefetch"]
    base = engine.settings.base_url or _BASE
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701  Markdown of this program's own words
        keep_trailing_newline=True,
    )
    return environment.get_template("registration.md").render(
        base=base,
        stated=engine.settings.base_url is not None,
        day=now.astimezone(engine.policy.zone).date().isoformat(),
        releases=releases(engine.knowledge, engine.terminology).words(),
        services=document["services"],
        needs=document["services"][0]["usageRequirements"],
        accepts={service.id: sorted(service.accepts - {service.hook}) for service in SERVICES},
        prefetch=[
            {"key": row.key, "query": queries[row.key], "words": row.words, "required": row.key == PATIENT}
            for row in KEYS
            if row.key in queries
        ],
        types=_types(queries.values()),
        clients=tuple(clients),
        settings=engine.settings,
        servers=[str(server) for server in engine.settings.fhir_servers],
        reason_system=OVERRIDE_REASON_SYSTEM,
        repeat_days=engine.knowledge.policy.repeat_days,
        reasons=[(reason.code, reason.display) for reason in OVERRIDE_REASONS],
        pregnancy_reasons=[
            (reason.code, reason.display) for reason in ALL_OVERRIDE_REASONS if reason not in OVERRIDE_REASONS
        ],
        trials=list(_trials(engine, queries, now)),
    )


def _types(queries: Iterable[str]) -> list[str]:
    """The FHIR resource types that the queries read."""
    return sorted({query.partition("?")[0].partition("/")[0] for query in queries} | {_REFERRED})


def _trials(engine: Engine, queries: dict[str, str], now: datetime) -> Iterable[dict[str, Any]]:
    """Each synthetic patient with an order, and the cards that this server answers to it today."""
    today = now.astimezone(engine.policy.zone).date()
    for patient in synthetic_patients(today).values():
        if patient.order is None:
            continue
        request = hook_request(patient, queries, today)
        service = service_for(request["hook"])
        assert service is not None  # noqa: S101  order-sign is one of ours
        found = answer(read_request(request, service), engine, now)
        yield {
            "id": patient.id,
            "title": patient.title,
            "order": ", ".join(filter(None, (patient.order.get("text"), patient.order.get("sig")))),
            "cards": [(card.indicator.name, card.source.topic, card.summary) for card in found.cards],
        }
