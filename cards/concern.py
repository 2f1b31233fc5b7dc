"""Whether any of some orders is one that a statement speaks of; where none is, nothing needs looking up."""

from collections.abc import Iterable
from datetime import tzinfo

from cards.facts.medications import read_drafts
from cards.facts.procedures import read_service_orders
from cards.facts.resources import Resource, text
from cards.knowledge.loader import Knowledge
from terminology.load import Terminology


def concerned(
    drafts: tuple[Resource, ...],
    others: Iterable[Resource],
    *,
    patient_id: str,
    knowledge: Knowledge,
    terminology: Terminology,
    zone: tzinfo,
) -> bool:
    """Whether an order is of a drug, procedure or device that some statement is about, or may be.

    `others` are resources that orders may refer to. An order that cannot be read may be of anything.
    """
    known = {
        f"Medication/{text(one.get('id'))}": one
        for one in (*others, *drafts)
        if one.get("resourceType") == "Medication"
    }
    try:
        medicines, left_out = read_drafts(drafts, known, patient_id, terminology, None, zone)
        services, _ = read_service_orders(drafts, patient_id, terminology, zone)
    except Exception:  # the evaluation will say what is wrong with it
        return True
    if any(issue.code == "unreadable-resource" for issue in left_out):
        return True
    return any(knowledge.about(order.drug_key, order.classes) for order in (*medicines, *services))
