"""The services this server offers, and the discovery document that announces them."""

from dataclasses import dataclass
from typing import Any

from cards.knowledge.loader import Knowledge
from cds_service.hooks.keys import templates
from cds_service.hooks.keys_asked import keys_asked
from cds_service.in_force import in_force, in_words
from cds_service.releases import releases
from terminology.load import Terminology

SPECIFICATION = "2.0.1"
EXTENSION = "org.w3id.neuropathic-cds-hooks"

_REQUIREMENTS = (
    "FHIR R4. Send the prefetch keys as they are named here; `patient` is required. Without creatinine, "
    "weight, problem list and medications the advice is less certain and says so."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service. `accepts` are the hooks its endpoint reads, older names of its hook among them.

    `reads_drafts`: its context holds draftOrders; `dispatches`: it names orders that stand in the EHR.
    """

    id: str
    hook: str
    accepts: frozenset[str]
    title: str
    description: str
    reads_drafts: bool
    dispatches: bool = False


SERVICES = (
    Service(
        id="neuropathic-order-select",
        hook="order-select",
        # The predecessors of order-select are read, not advertised: their bodies still come.
        accepts=frozenset({"order-select", "medication-prescribe", "order-review"}),
        title="Neuropathic pain: check while ordering",
        description=(
            "Checks the selected orders for neuropathic pain, drugs and procedures, against dose limits, kidney "
            "function, anticoagulants and other treatment, pregnancy and lactation. Warnings and critical advice only."
        ),
        reads_drafts=True,
    ),
    Service(
        id="neuropathic-order-sign",
        hook="order-sign",
        accepts=frozenset({"order-sign"}),
        title="Neuropathic pain: check before signing",
        description=(
            "Checks all orders about to be signed that bear on neuropathic pain, drugs and procedures, against dose "
            "limits, kidney function, anticoagulants and other treatment, pregnancy and lactation, and offers a "
            "change that fits."
        ),
        reads_drafts=True,
    ),
    Service(
        id="neuropathic-order-dispatch",
        hook="order-dispatch",
        accepts=frozenset({"order-dispatch"}),
        title="Neuropathic pain: check before dispatch",
        description=(
            "Checks orders as they are sent to who will carry them out, as before signing. The orders are read "
            "from prefetch, or from the EHR's FHIR server."
        ),
        reads_drafts=False,
        dispatches=True,
    ),
    Service(
        id="neuropathic-patient-view",
        hook="patient-view",
        accepts=frozenset({"patient-view"}),
        title="Neuropathic pain: review of active treatment",
        description=(
            "Reviews active treatment for neuropathic pain when a chart is opened. Warnings and critical advice "
            "only, no changes to apply."
        ),
        reads_drafts=False,
    ),
)

BY_ID = {service.id: service for service in SERVICES}


def service_for(hook: str) -> Service | None:
    """The service that reads this hook, None for a hook that no service of this server reads."""
    return next((service for service in SERVICES if hook in service.accepts), None)


def discovery_document(terminology: Terminology, knowledge: Knowledge) -> dict[str, Any]:
    """The body of GET /cds-services; members stand in the order of the specification's table.

    `knowledge` as it is in force on the day: what a site does not want is said, since no card would say it.
    """
    prefetch = templates(terminology.sets.sets, keys_asked(knowledge))
    needs = " ".join(filter(None, (_REQUIREMENTS, in_words(knowledge))))
    stated = {"releases": releases(knowledge, terminology).as_json(), **in_force(knowledge)}
    return {
        "services": [
            {
                "hook": service.hook,
                "title": service.title,
                "description": service.description,
                "id": service.id,
                "prefetch": prefetch,
                "usageRequirements": needs,
                "version": SPECIFICATION,
                "extension": {EXTENSION: stated},
            }
            for service in SERVICES
        ]
    }
