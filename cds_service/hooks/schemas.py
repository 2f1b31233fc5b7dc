"""Reads the body of a service call into a HookRequest; refuses what cannot be read without guessing.

Unknown members are ignored at every level: minor versions of a hook may add some. The schema is made
once. Every problem found is reported in one answer, by the path of the member, never by its value.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from cards.facts.record import Issue
from cards.facts.resources import Resource, as_list, text
from cds_service.errors import Problem, Refused
from cds_service.fhir.access import Access, another_patients, read_access
from cds_service.hooks.context import bare_id, context_of, dispatched_orders
from cds_service.hooks.discovery import Service
from cds_service.hooks.drafts import draft_issues, no_orders
from cds_service.hooks.entries import is_resource, resources_in
from cds_service.hooks.keys import KEYS

# draftOrders, and what its predecessors medication-prescribe and order-review called it.
_DRAFTS = ("draftOrders", "medications", "orders")
_KEYS = frozenset(row.key for row in KEYS)


class HookRequest(NamedTuple):
    """One call. `drafts` is None where the hook has none; `selections` is None for "all drafts".

    `prefetch` holds only the keys asked for, `others` the values of other keys; `dispatched` are references to
    orders that stand on the EHR's server; `access` is where data may be fetched, None where the request grants
    none; `issues` is what could not be used so far.
    """

    service: Service
    hook_instance: str
    patient_id: str
    prefetch: Mapping[str, Any]
    drafts: tuple[Resource, ...] | None = None
    selections: frozenset[str] | None = None
    issues: tuple[Issue, ...] = ()
    encounter_id: str = ""
    others: tuple[Any, ...] = ()
    dispatched: tuple[str, ...] = ()
    access: Access | None = None


class Envelope(Schema):
    """The members that every call needs; the rest of the envelope is left alone."""

    class Meta:
        unknown = EXCLUDE

    hook = fields.String(required=True)
    hook_instance = fields.String(required=True, data_key="hookInstance", validate=validate.Regexp(r"\s*\S"))
    context: fields.Field[Any] = fields.Raw(required=True)


_ENVELOPE = Envelope()
_NEEDED = {
    "hook": "hook is required: a string.",
    "hookInstance": "hookInstance is required: a non-blank string, a UUID by the specification.",
    "context": "context is required: an object.",
}


def read_request(body: Any, service: Service) -> HookRequest:
    """The request in a JSON value. Raises Refused (400) naming every member that cannot be read."""
    if not isinstance(body, dict):
        raise Refused(400, Problem("structure", "The body must be a JSON object."))
    hook, hook_instance, sent_context = _envelope(body)
    if hook not in service.accepts:
        what = f"hook does not match this service, which is called for {service.hook}."
        raise Refused(400, Problem("value", what, "hook"))
    context = context_of(sent_context, body)
    if context is None:
        raise Refused(400, Problem("structure", _NEEDED["context"], "context"))
    problems: list[Problem] = []
    patient_id = _patient_id(context, body)
    if not patient_id:
        what = "context.patientId is required: the id of a Patient."
        problems.append(Problem("required", what, "context.patientId"))
    given = next((context[name] for name in _DRAFTS if context.get(name) is not None), None)
    if service.reads_drafts and (given is None or no_orders(given)):
        what = f"context.draftOrders is required by {service.hook}: a Bundle of orders."
        problems.append(Problem("required", what, "context.draftOrders"))
    dispatched = dispatched_orders(context) if service.dispatches else ()
    if service.dispatches and not dispatched:
        what = (
            f"context.dispatchedOrders is required by {service.hook}: references such as MedicationRequest/1."
        )
        problems.append(Problem("required", what, "context.dispatchedOrders"))
    if patient_id and another_patients(body, patient_id):
        what = "fhirAuthorization.patient is not the patient of context.patientId."
        problems.append(Problem("value", what, "fhirAuthorization.patient"))
    prefetch = body.get("prefetch")
    if prefetch is not None and not isinstance(prefetch, dict):
        problems.append(Problem("structure", "prefetch must be an object.", "prefetch"))
    if problems:
        raise Refused(400, *problems)
    known, unasked = _beside(body, context), _sent_inside(context)
    for key, value in (prefetch or {}).items():
        (known if key in _KEYS else unasked)[key] = value
    drafts, issues = (None, []) if not service.reads_drafts else _drafts(given)
    selections = _selections(context.get("selections"), drafts or (), issues)
    others = _others(unasked, issues)
    return HookRequest(
        service=service,
        hook_instance=hook_instance,
        patient_id=patient_id,
        prefetch=known,
        drafts=drafts,
        selections=selections,
        issues=tuple(issues),
        encounter_id=bare_id(context.get("encounterId"), "Encounter"),
        others=others,
        dispatched=dispatched,
        access=read_access(body),
    )


def _envelope(body: dict[str, Any]) -> tuple[str, str, Any]:
    """`hook`, `hookInstance` and `context`. The schema is asked only where they are not plainly in order."""
    hook, instance, context = body.get("hook"), body.get("hookInstance"), body.get("context")
    if isinstance(hook, str) and isinstance(instance, str) and instance.strip() and context is not None:
        return hook, instance, context
    try:
        loaded: dict[str, Any] = _ENVELOPE.load(body)
    except ValidationError as error:
        names = [name for name in _NEEDED if name in error.messages_dict]
        problems = [
            Problem("required" if name not in body else "value", _NEEDED[name], name) for name in names
        ]
        raise Refused(400, *problems) from None
    return loaded["hook"], loaded["hook_instance"], loaded["context"]


def _patient_id(context: Mapping[str, Any], body: Mapping[str, Any]) -> str:
    """The bare patient id; clients also send "Patient/1", a URL, a number, or (before 1.0) `patient`."""
    stated = context.get("patientId")
    if stated is None:
        stated = body.get("patient")
    return bare_id(stated, "Patient")


def _drafts(given: Any) -> tuple[tuple[Resource, ...], list[Issue]]:
    drafts, unreadable = resources_in(given)
    issues = draft_issues(drafts)
    if unreadable:
        issues.append(Issue("unreadable-resource", f"draft orders: {unreadable} of them could not be read"))
    return drafts, issues


def _selections(stated: Any, drafts: tuple[Resource, ...], issues: list[Issue]) -> frozenset[str] | None:
    """The selected orders; all drafts where none is named, or none of the names is a draft."""
    named = [one.strip() for one in as_list(stated) if text(one)]
    if not named:
        return None
    known = {text(one.get("id")) for one in drafts}
    matching = [one for one in named if one in known or one.rpartition("/")[2] in known]
    if len(matching) < len(named):
        what = f"selections: {len(named) - len(matching)} of them name no draft order"
        issues.append(Issue("dangling-selection", what))
    return frozenset(matching) or None


def _others(unasked: Mapping[str, Any], issues: list[Issue]) -> tuple[Any, ...]:
    """The values of keys that this service did not ask for; analysts type keys in by hand."""
    if unasked:
        what = (
            f"prefetch: {len(unasked)} keys that this service does not ask for; resources in them were read"
        )
        issues.append(Issue("prefetch-not-asked", what))
    return tuple(unasked.values())


def _beside(body: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
    """Prefetch that old clients put inside the context, or loose in the body or the context.

    Loose members are taken only if they are resources or wrapped ones: `patient` may be an id there, and
    `medications` of the context are the drafts.
    """
    inside = context.get("prefetch")
    found = {**_loose(context), **(inside if isinstance(inside, dict) else {}), **_loose(body)}
    return {key: value for key, value in found.items() if key in _KEYS} if found else found


def _sent_inside(context: Mapping[str, Any]) -> dict[str, Any]:
    """What clients before 1.0 put inside the context under keys of their own: results with their response."""
    inside = context.get("prefetch")
    beside = {key: value for key, value in context.items() if key not in _DRAFTS and _wrapped(value)}
    found = {**beside, **(inside if isinstance(inside, dict) else {})}
    return {key: value for key, value in found.items() if key not in _KEYS}


def _loose(members: Mapping[str, Any]) -> dict[str, Any]:
    if _KEYS.isdisjoint(members):  # as in every call since 1.0
        return {}
    return {
        key: value
        for key, value in members.items()
        if key in _KEYS and key not in _DRAFTS and (is_resource(value) or _wrapped(value))
    }


def _wrapped(value: Any) -> bool:
    return isinstance(value, dict) and "resource" in value and "response" in value
