"""What in some JSON does not conform to FHIR R4, as `explain` reports it.

Kept off the path of a request: the models take seconds to load and refuse what must still be read. Only the
R4B models are used, which describe the resources read here as R4 does; the default of the library is R5.
"""

from collections.abc import Iterator
from typing import Any

from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from cards.facts.medications import order_id
from cards.facts.record import Issue
from cds_service.hooks.entries import is_resource

_MOST_PER_RESOURCE = 10
# Their entries are validated one by one, and their own shape says nothing about an order.
_CONTAINER = "Bundle"


def nonconformant(value: Any, where: str) -> list[Issue]:
    """One issue per problem, with the element's path and never its value; `where` says what was checked."""
    return [issue for resource in _resources(value) for issue in _problems(resource, where)]


def _resources(value: Any) -> Iterator[dict[str, Any]]:
    """The outermost resources in any JSON value, Bundles opened."""
    if is_resource(value) and value["resourceType"] != _CONTAINER:
        yield value
    elif isinstance(value, dict):
        for child in value.values():
            yield from _resources(child)
    elif isinstance(value, list):
        for child in value:
            yield from _resources(child)


def _problems(resource: dict[str, Any], where: str) -> Iterator[Issue]:
    try:
        model: Any = get_fhir_model_class(resource["resourceType"])
    except (ValueError, LookupError):  # a name that is no resource type of R4
        yield Issue("non-conformant", f"{where}: this resource type is not of FHIR R4", order_id(resource))
        return
    try:
        model.model_validate(resource)
    except ValidationError as error:
        for problem in error.errors(include_url=False, include_input=False, include_context=False)[
            :_MOST_PER_RESOURCE
        ]:
            path = ".".join(str(part) for part in problem["loc"])
            text = f"{where}: {resource['resourceType']}.{path}: {problem['type'].replace('_', ' ')}"
            yield Issue("non-conformant", text, order_id(resource))
    except (ValueError, TypeError, AssertionError) as error:
        yield Issue("non-conformant", f"{where}: cannot be read ({type(error).__name__})", order_id(resource))
