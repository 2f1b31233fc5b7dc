"""FHIR R4 searches over a list of resources: the parameters that the prefetch templates use, and few more.

A parameter that is not known is refused: an answer that silently ignored it would hold too much.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cards.facts.resources import as_list, obj, objects, text, type_and_id

Resource = dict[str, Any]
_Match = Callable[[Resource, str], bool]
# Those that say how to answer and not what to find.
RESULT_PARAMETERS: Final = frozenset({"_count", "_sort", "_offset", "_format"})


@dataclass(frozen=True, slots=True)
class UnsupportedParameterError(Exception):
    """A search that cannot be answered: the parameter, and why."""

    name: str
    why: str


def search(resources: Iterable[Resource], kind: str, parameters: Sequence[tuple[str, str]]) -> list[Resource]:
    """The resources of a type that match every parameter, sorted. Raises UnsupportedParameterError.

    `parameters` are (name, value) as in the query; values of one parameter are alternatives, parted by commas.
    """
    known = SEARCHES[kind]
    for name, _ in parameters:
        if name not in known and name not in RESULT_PARAMETERS:
            raise UnsupportedParameterError(name, f"is not a parameter of {kind} here")
    wanted = [(known[name], value.split(",")) for name, value in parameters if name in known]
    found = [
        one
        for one in resources
        if one["resourceType"] == kind
        and all(any(match(one, value) for value in values) for match, values in wanted)
    ]
    for written in (value for name, value in parameters if name == "_sort"):
        for key in reversed(written.split(",")):  # the first key counts most, so it sorts last
            found = _sorted(found, kind, key)
    return found


def _sorted(found: list[Resource], kind: str, key: str) -> list[Resource]:
    name, newest_first = key.removeprefix("-"), key.startswith("-")
    member = _DATES.get(kind, {}).get(name)
    if member is None:
        known = ", ".join(sorted(_DATES.get(kind, ()))) or "nothing"
        raise UnsupportedParameterError("_sort", f"can sort {kind} by {known} alone")
    return sorted(found, key=lambda one: text(one.get(member)), reverse=newest_first)


def _reference(*members: str) -> _Match:
    """Matches "p1" and "Patient/p1", however the resource writes its reference."""

    def match(resource: Resource, value: str) -> bool:
        asked = type_and_id(value)[1] or value
        stated = (text(obj(resource.get(name)).get("reference")) for name in members)
        return any((type_and_id(one)[1] or one) == asked for one in stated if one)

    return match


def _code(member: str) -> _Match:
    return lambda resource, value: text(resource.get(member)) == value.rpartition("|")[2]


def _token(member: str) -> _Match:
    """Matches a concept, or any of several, by "code", "system|code", "|code" or "system|"."""

    def match(resource: Resource, value: str) -> bool:
        system, bar, code = value.rpartition("|")
        return any(
            (not code or text(coding.get("code")) == code)
            and (not bar or text(coding.get("system")) == system)
            for concept in objects(resource.get(member))
            for coding in objects(concept.get("coding"))
        )

    return match


def _identifier(resource: Resource, value: str) -> bool:
    system, bar, code = value.rpartition("|")
    return any(
        text(one.get("value")) == code and (not bar or text(one.get("system")) == system)
        for one in objects(resource.get("identifier"))
    )


def _name(resource: Resource, value: str) -> bool:
    """Whether a part of a name begins with the text, whatever the case: as FHIR searches strings."""
    names = objects(resource.get("name"))
    parts = [part for one in names for part in (one.get("family"), *as_list(one.get("given")))]
    return any(text(part).lower().startswith(value.lower()) for part in parts if part)


_ID: Final = {"_id": _code("id")}
_OF_PATIENT: Final = {
    **_ID,
    "patient": _reference("subject", "patient"),
    "subject": _reference("subject"),
    "status": _code("status"),
    "code": _token("code"),
    "category": _token("category"),
}
_DRUG: Final = {**_OF_PATIENT, "code": _token("medicationCodeableConcept")}

SEARCHES: Final[Mapping[str, Mapping[str, _Match]]] = {
    "Patient": {
        **_ID,
        "identifier": _identifier,
        "name": _name,
        "gender": _code("gender"),
        "birthdate": _code("birthDate"),
    },
    "Practitioner": {**_ID, "name": _name},
    "MedicationRequest": {**_DRUG, "intent": _code("intent")},
    "MedicationStatement": _DRUG,
    "Condition": {
        **{name: match for name, match in _OF_PATIENT.items() if name != "status"},
        "clinical-status": _token("clinicalStatus"),
    },
    "Observation": _OF_PATIENT,
    "ServiceRequest": _OF_PATIENT,
    "Procedure": _OF_PATIENT,
    "Device": {**_ID, "patient": _reference("patient"), "status": _code("status"), "type": _token("type")},
    "Encounter": {
        **_ID,
        "patient": _reference("subject"),
        "subject": _reference("subject"),
        "status": _code("status"),
    },
    "Medication": {**_ID, "code": _token("code"), "identifier": _identifier},
}
# The members that _sort knows by the names of their search parameters.
_DATES: Final[Mapping[str, Mapping[str, str]]] = {
    "Observation": {"date": "effectiveDateTime"},
    "Procedure": {"date": "performedDateTime"},
    "MedicationRequest": {"authoredon": "authoredOn"},
    "MedicationStatement": {"effective": "effectiveDateTime"},
    "ServiceRequest": {"authored": "authoredOn", "occurrence": "occurrenceDateTime"},
    "Condition": {"onset-date": "onsetDateTime"},
    "Patient": {"birthdate": "birthDate"},
}
