"""Whether a call needs the chart at all: most orders of a hospital are of nothing that this service speaks of.

Asking for twenty keys on each of them would burden the EHR's server, and a slow answer would bring a card
about missing data to an order that no data could have brought advice on.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

from cards.facts.record import Issue, Record
from cards.facts.resources import Resource
from cds_service.fhir.references import unresolved
from cds_service.hooks.schemas import HookRequest

Concerns = Callable[[tuple[Resource, ...], Iterable[Resource]], bool]
"""(orders, resources they may refer to) to whether advice could be about any of them."""


def always(*_: object) -> bool:
    """In the place of the knowledge where everything is to be fetched."""
    return True


def may_concern(
    request: HookRequest, record: Record, drafts: tuple[Resource, ...], concerns: Concerns
) -> bool:
    """Whether advice could be about any order of the call.

    Where there are none, as when a chart is opened, where one could not be read, or where a Medication has yet
    to be fetched, it could be about anything.
    """
    if not (request.service.reads_drafts or request.service.dispatches):
        return True
    if any(issue.code == "unreadable-resource" for issue in request.issues):
        return True
    known = [one for result in record.keys.values() for one in result.resources]
    return bool(unresolved(drafts, [*known, *drafts])) or concerns(drafts, known)


def not_needed(record: Record) -> Record:
    """The record with a note for the trace that only the patient was asked for."""
    if all(result.state != "absent" for result in record.keys.values()):
        return record
    note = "fhirServer: asked for the patient only, since no order is one that this service speaks of"
    return replace(record, issues=(*record.issues, Issue("server-not-asked", note)))
