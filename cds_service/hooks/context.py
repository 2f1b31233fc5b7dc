"""The hook context, also where a client before 1.0 sends a list in its place."""

from collections.abc import Mapping
from typing import Any

from cards.facts.resources import as_list, text, type_and_id
from cds_service.hooks.entries import is_resource


def context_of(value: Any, body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The context as an object; None where it cannot be told what is meant.

    A list of one object is that object. A list of resources, with the patient named at top level, was
    the context of medication-prescribe before 1.0: the drafts themselves.
    """
    if isinstance(value, dict):
        return value
    if not isinstance(value, list) or not value:
        return None
    if all(is_resource(item) for item in value):
        patient = text(body.get("patient"))
        return {"patientId": patient, "draftOrders": value} if patient else None
    return value[0] if len(value) == 1 and isinstance(value[0], dict) else None


def bare_id(stated: Any, kind: str) -> str:
    """An id, bare or as "Patient/1", a URL, or a number; "" where it names another type or is none."""
    if isinstance(stated, int) and not isinstance(stated, bool):
        stated = str(stated)
    written = text(stated)
    named, bare = type_and_id(written)
    if named:
        return bare if named == kind else ""
    return "" if "/" in written else written


def dispatched_orders(context: Mapping[str, Any]) -> tuple[str, ...]:
    """References to the orders of an order-dispatch call: `dispatchedOrders`, before 1.1 `order`."""
    given = context.get("dispatchedOrders")
    named = (text(one) for one in as_list(context.get("order") if given is None else given))
    return tuple(dict.fromkeys(one for one in named if type_and_id(one)[0]))
