"""The chart of a case: a synthetic patient's, one that was pasted, or one on a FHIR server of the allow-list."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from cards.facts.resources import Resource, obj, text
from cds_service.fhir.allow_list import allowed_server
from cds_service.hooks.context import bare_id
from cds_service.hooks.entries import resources_in
from cds_service.hooks.invoke import Engine
from cds_service.json_bytes import UnreadableJson, from_bytes, longest_string
from cds_service.sandbox.chart import stay_of
from cds_service.sandbox.form import CaseForm
from cds_service.sandbox.patient_search import patient_words
from cds_service.sandbox.patients import synthetic_patients
from cds_service.sandbox.prefetched import prefetch_of

_NOT_CHART = frozenset({"OperationOutcome", "Bundle"})


class NoChartError(ValueError):
    """There is no chart to work on; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """`prefetch` is None where the service is to read the chart from `server` itself.

    `drafts` are orders that came with the chart, `suggested` the one that a synthetic patient proposes, `notes`
    what was not used.
    """

    title: str
    patient_id: str
    story: str = ""
    encounter_id: str = ""
    resources: tuple[Resource, ...] = ()
    prefetch: Mapping[str, Any] | None = None
    server: str = ""
    drafts: tuple[Resource, ...] = ()
    suggested: dict[str, Any] | None = field(default=None)
    notes: tuple[str, ...] = ()


def chosen_chart(case: CaseForm, engine: Engine, today: date) -> Chart | None:
    """The chart of a case, None where none was chosen yet. Raises NoChartError."""
    if case.source == "bundle":
        return _pasted(case.bundle, engine) if case.bundle.strip() else None
    if case.source == "server":
        return _on_server(case, engine) if case.patient and case.server else None
    return _synthetic(case.patient, engine, today) if case.patient else None


def _synthetic(patient: str, engine: Engine, today: date) -> Chart:
    found = synthetic_patients(today).get(patient)
    if found is None:
        raise NoChartError("There is no synthetic patient of this id; choose one of the list.")
    stay = stay_of(found.resources) or ""
    values, _ = prefetch_of(found.resources, found.id, stay, engine.fhir.templates)
    return Chart(
        title=found.title,
        patient_id=found.id,
        story=found.story,
        encounter_id=stay,
        resources=found.resources,
        prefetch=values,
        suggested=found.order,
    )


def _on_server(case: CaseForm, engine: Engine) -> Chart:
    if allowed_server(case.server, engine.fhir.allow_list) is None:
        raise NoChartError("This FHIR server is not in the allow-list (CDS_FHIR_SERVERS).")
    title = f"Patient {case.patient}"
    return Chart(title=title, patient_id=bare_id(case.patient, "Patient"), server=case.server)


def _pasted(written: str, engine: Engine) -> Chart:
    body = written.encode("utf-8", "replace")
    if longest_string(body) > engine.settings.max_string_bytes:
        raise NoChartError("A text in it is longer than this server reads.")
    try:
        value = from_bytes(body, engine.settings.max_nesting)
    except UnreadableJson as error:
        raise NoChartError(f"What was pasted is not JSON: {error}.") from None
    if isinstance(value, dict) and isinstance(value.get("hook"), str) and "context" in value:
        return _request(value)
    return _bundle(value, engine)


def _request(body: dict[str, Any]) -> Chart:
    """A whole hook request: its prefetch as it was sent, its drafts as the orders."""
    context = obj(body.get("context"))
    patient_id = bare_id(context.get("patientId"), "Patient")
    if not patient_id:
        raise NoChartError("The request names no patient: context.patientId is required.")
    prefetch = obj(body.get("prefetch"))
    drafts, unreadable = resources_in(context.get("draftOrders") or [])
    found = [
        one for value in prefetch.values() if isinstance(value, dict | list) for one in resources_in(value)[0]
    ]
    return Chart(
        title="Patient of the pasted request",
        patient_id=patient_id,
        encounter_id=bare_id(context.get("encounterId"), "Encounter"),
        resources=tuple(found),
        prefetch=prefetch,
        drafts=drafts,
        notes=_unread(unreadable),
    )


def _bundle(value: Any, engine: Engine) -> Chart:
    found, unreadable = resources_in(value)
    patients = [one for one in found if one["resourceType"] == "Patient" and text(one.get("id"))]
    if not patients:
        raise NoChartError(
            "There is no Patient with an id in it. Paste a FHIR R4 Bundle, or a whole hook request."
        )
    patient_id = text(patients[0]["id"])
    drafts = tuple(one for one in found if _is_draft(one))
    chart = [one for one in found if not _is_draft(one) and one["resourceType"] not in _NOT_CHART]
    encounters = [one for one in chart if one["resourceType"] == "Encounter"]
    running = next((one for one in encounters if text(one.get("status")) == "in-progress"), None)
    encounter_id = text(obj(running or encounters).get("id"))
    values, rest = prefetch_of(chart, patient_id, encounter_id, engine.fhir.templates)
    notes = [*_unread(unreadable)]
    if len(patients) > 1:
        notes.append(f"{len(patients)} patients; the first is used, and what belongs to others is left out.")
        rest["Patient"] -= len(patients) - 1
    unasked = ", ".join(f"{count} {kind}" for kind, count in sorted((+rest).items()))
    if unasked:
        notes.append(f"No prefetch key asks for these, so no EHR would send them: {unasked}.")
    return Chart(
        title="Patient of the pasted Bundle",
        patient_id=patient_id,
        encounter_id=encounter_id,
        resources=tuple(chart),
        prefetch=values,
        drafts=drafts,
        notes=tuple(notes),
    )


def _is_draft(resource: Resource) -> bool:
    requests = ("MedicationRequest", "ServiceRequest", "DeviceRequest")
    return resource["resourceType"] in requests and text(resource.get("status")) == "draft"


def _unread(count: int) -> tuple[str, ...]:
    return (f"{count} of the entries could not be read as a resource.",) if count else ()


def person_words(resources: tuple[Resource, ...], patient_id: str) -> str:
    """Name, sex and birth date of the patient as recorded, for the banner; "" without a record."""
    own = (one for one in resources if one.get("resourceType") == "Patient")
    person = next((one for one in own if text(one.get("id")) == patient_id), {})
    return patient_words(person)
