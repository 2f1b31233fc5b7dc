"""The CapabilityStatement of the sandbox's FHIR endpoint, made of the table that its searches are read by."""

from datetime import date
from typing import Any, Final

from cds_service.sandbox.search import SEARCHES

_TYPES: Final = {
    "patient": "reference",
    "subject": "reference",
    "name": "string",
    "birthdate": "date",
}


def capability_statement(base: str, today: date) -> dict[str, Any]:
    """What can be read and searched at `base`."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": today.isoformat(),
        "kind": "instance",
        "implementation": {"description": "Synthetic patients for trying out, read-only", "url": base},
        "fhirVersion": "4.0.1",
        "format": ["json"],
        "rest": [{"mode": "server", "resource": [_resource(kind) for kind in SEARCHES]}],
    }


def _resource(kind: str) -> dict[str, Any]:
    return {
        "type": kind,
        "interaction": [{"code": "read"}, {"code": "search-type"}],
        "searchParam": [{"name": name, "type": _TYPES.get(name, "token")} for name in SEARCHES[kind]],
    }
