"""What can be said about draftOrders before any drug is looked at."""

from collections.abc import Iterable
from typing import Any

from cards.facts.medications import ORDER_TYPES, order_id
from cards.facts.procedures import SERVICE_TYPES
from cards.facts.record import Issue
from cards.facts.resources import Resource, flag, text

# Orders of other kinds that EHRs draft; named in the trace, since this service does not check them.
_READ = ORDER_TYPES | SERVICE_TYPES
_OTHER_ORDERS = frozenset(
    {
        "Appointment", "CarePlan", "CommunicationRequest", "DiagnosticRequest", "ImmunizationRecommendation",
        "MedicationAdministration", "MedicationDispense", "MedicationStatement", "NutritionOrder", "Procedure",
        "ReferralRequest", "RequestGroup", "SupplyRequest", "Task", "VisionPrescription",
    }
)  # fmt: skip
# What stands in the Bundle to be referred to by the orders, and is no order.
_REFERRED_TO = frozenset(
    {
        "AllergyIntolerance", "Binary", "CareTeam", "Claim", "Condition", "Coverage", "Device",
        "DocumentReference", "Encounter", "Group", "Location", "Medication", "MedicationKnowledge",
        "Observation", "OperationOutcome", "Organization", "Patient", "Practitioner", "PractitionerRole",
        "Provenance",
        "Questionnaire", "QuestionnaireResponse", "RelatedPerson", "Specimen", "Substance",
    }
)  # fmt: skip


def no_orders(given: Any) -> bool:
    """Whether the value can be no set of orders at all: a text, a number, or an object that names no type."""
    if isinstance(given, dict):
        return not given.keys() & {"resourceType", "entry"}
    return not isinstance(given, list)


def draft_issues(drafts: Iterable[Resource]) -> list[Issue]:
    """Drafts of kinds that are not checked, and ids that several orders share."""
    issues: list[Issue] = []
    ids: dict[str, int] = {}
    for draft in drafts:
        kind = draft["resourceType"]
        if kind in _READ:
            name = order_id(draft)
            ids[name] = ids.get(name, 0) + 1
            if text(draft.get("status")) == "entered-in-error" or flag(draft.get("doNotPerform")):
                what = "a draft that is entered in error, or says what not to give, was not checked"
                issues.append(Issue("no-exposure", what, name))
        elif kind in _OTHER_ORDERS:
            what = f"a draft {kind} was not checked: this service reads orders of drugs, services and devices"
            issues.append(Issue("not-a-medication-order", what, order_id(draft)))
        elif kind not in _REFERRED_TO:
            issues.append(Issue("unreadable-resource", "draft orders: one is of a type unknown here"))
    for name, times in ids.items():
        if times > 1:
            what = f"{times} draft orders share one id, or have none; each was evaluated"
            issues.append(Issue("duplicate-id", what, name if text(name.partition("/")[2]) else ""))
    return issues
