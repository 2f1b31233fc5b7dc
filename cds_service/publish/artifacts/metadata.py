"""What every published resource says of itself: the CRMI publishable fields, and who stands behind it."""

from datetime import date
from typing import Any, Final

from cds_service.publish.publisher import COPYRIGHT, PUBLISHER, PURPOSE
from terminology.canonical import CANONICAL_BASE

Resource = dict[str, Any]

CRMI: Final = "http://hl7.org/fhir/uv/crmi/StructureDefinition"
_JURISDICTIONS: Final = {
    "us": {"system": "urn:iso:std:iso:3166", "code": "US", "display": "United States of America"},
    "eu": {"system": "http://unstats.un.org/unsd/methods/m49/m49.htm", "code": "150", "display": "Europe"},
}


def canonical(kind: str, identifier: str) -> str:
    """The canonical URL of a resource; it never depends on where it is served."""
    return f"{CANONICAL_BASE}/{kind}/{identifier}"


def publishable(
    kind: str, identifier: str, *, title: str, version: str, on: date | None, status: str, description: str
) -> Resource:
    """The first members of a resource. `on` is the day of the release; without one there is no `date`."""
    return {
        "resourceType": kind,
        "id": identifier,
        "meta": {"profile": [f"{CRMI}/crmi-publishable{kind.lower()}"]},
        "url": canonical(kind, identifier),
        "version": version,
        "name": computer_name(identifier),
        "title": title,
        "status": status,
        "experimental": False,
        **({"date": on.isoformat()} if on is not None else {}),
        "publisher": PUBLISHER,
        "description": description,
        "purpose": PURPOSE,
        "copyright": COPYRIGHT,
    }


def jurisdictions(names: frozenset[str]) -> list[Resource]:
    """Where something is used, as countries and regions."""
    return [{"coding": [_JURISDICTIONS[name]]} for name in sorted(names, reverse=True)]


def computer_name(identifier: str) -> str:
    """A name that begins with a letter, as code generators want it."""
    return "".join(part[:1].upper() + part[1:] for part in identifier.split("-"))
