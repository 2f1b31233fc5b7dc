"""The resources in a Bundle, a list, or whatever a client sends in their place."""

from collections.abc import Iterator
from typing import Any, TypeGuard

from cards.facts.resources import Resource, text
from cds_service.hooks.usual_answer import PLAIN

# A list of Bundles of lists is read; what is nested deeper is no longer a list of resources.
_DEEPEST = 4


def resources_in(value: object) -> tuple[tuple[Resource, ...], int]:
    """The resources in `value`, and how many entries could not be read as one.

    Reads a Bundle (with or without resourceType and type), wrapped and bare entries, an entry that is one
    object, a list of resources or Bundles, and a single resource. OperationOutcomes are resources too.
    """
    if is_resource(value) and value["resourceType"] != "Bundle" and "resource" not in value:
        return (value,), 0
    found: list[Resource | None] = []
    if isinstance(value, dict) and value.get("resourceType") == "Bundle":
        for entry in _entries(value.get("entry")):
            resource = entry.get("resource") if isinstance(entry, dict) else None
            # Nearly every entry is one plain resource, which needs no walk.
            kind = resource.get("resourceType") if isinstance(resource, dict) else None
            if isinstance(kind, str) and kind in PLAIN:
                found.append(resource)
            else:
                found.extend(_in_entry(entry, _DEEPEST))
    else:
        found.extend(_walk(value, _DEEPEST))
    readable = tuple(one for one in found if one is not None)
    return readable, len(found) - len(readable)


def is_resource(value: object) -> TypeGuard[Resource]:
    """Whether `value` is an object that names its FHIR type."""
    return isinstance(value, dict) and bool(text(value.get("resourceType")))


def _walk(value: Any, deepest: int) -> Iterator[Resource | None]:
    """Each resource, or None in the place of an entry that is none."""
    if deepest == 0:
        yield None
    elif isinstance(value, list):
        for item in value:
            yield from _walk(item, deepest - 1)
    elif not isinstance(value, dict):
        yield None
    elif value.get("resourceType") == "Bundle" or ("entry" in value and "resourceType" not in value):
        for entry in _entries(value.get("entry")):
            yield from _in_entry(entry, deepest)
    else:
        yield _resource(value)


def _in_entry(entry: Any, deepest: int) -> Iterator[Resource | None]:
    resource = _resource(entry)
    if resource is not None and resource["resourceType"] == "Bundle":
        yield from _walk(resource, deepest - 1)
    else:
        yield resource
        yield from _under_full_url(entry, resource)


def _under_full_url(entry: Any, resource: Resource | None) -> Iterator[Resource]:
    """A Medication once more under the name by which entries of one Bundle refer to it, where that is another."""
    full_url = text(entry.get("fullUrl")) if isinstance(entry, dict) else ""
    name = full_url.removeprefix("urn:uuid:").removeprefix("urn:oid:")
    if resource is None or resource["resourceType"] != "Medication" or not full_url.startswith("urn:"):
        return
    if text(resource.get("id")) != name:
        yield {**resource, "id": name}


def _entries(entry: Any) -> list[Any]:
    if entry is None:
        return []
    return entry if isinstance(entry, list) else [entry]


def _resource(entry: Any) -> Resource | None:
    if not isinstance(entry, dict):
        return None
    resource = entry.get("resource")
    if isinstance(resource, dict) and is_resource(resource):
        return resource
    return entry if is_resource(entry) else None
