"""Orders as the sandbox's form writes them, and the changes that suggestions make to them."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any, Final

from cards.card import Suggestion
from cards.facts.drug_named import named_drug
from cards.facts.resources import Resource, codings, concept_texts, obj, objects, text
from cards.wording import amount
from cds_service.sandbox.drug_search import Drug, drug_named, drug_of
from cds_service.sandbox.form import Written, order_name
from cds_service.sandbox.procedure_choices import concept_of
from terminology.coding import RXNORM, UCUM
from terminology.load import Terminology

# value of the form: (words of the choice, FHIR repeat)
OFTEN: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "1": ("once a day", {"frequency": 1, "period": 1, "periodUnit": "d"}),
    "2": ("twice a day", {"frequency": 2, "period": 1, "periodUnit": "d"}),
    "3": ("three times a day", {"frequency": 3, "period": 1, "periodUnit": "d"}),
    "4": ("four times a day", {"frequency": 4, "period": 1, "periodUnit": "d"}),
    "bed": ("at bedtime", {"frequency": 1, "period": 1, "periodUnit": "d", "when": ["HS"]}),
    "q4h": ("every 4 hours", {"frequency": 1, "period": 4, "periodUnit": "h"}),
    "q6h": ("every 6 hours", {"frequency": 1, "period": 6, "periodUnit": "h"}),
    "q8h": ("every 8 hours", {"frequency": 1, "period": 8, "periodUnit": "h"}),
    "q12h": ("every 12 hours", {"frequency": 1, "period": 12, "periodUnit": "h"}),
    "other": ("every other day", {"frequency": 1, "period": 2, "periodUnit": "d"}),
    "week": ("once a week", {"frequency": 1, "period": 1, "periodUnit": "wk"}),
}
UNITS: Final = ("mg", "tablet", "capsule", "mL", "patch")
_IN_UCUM: Final = {"mg": "mg", "mL": "mL"}
_NUMBERED: Final = re.compile(r"draft-(\d{1,6})")


class NotWrittenError(ValueError):
    """An order that cannot be made of what was typed; the message says which field needs what."""


def drug_order(written: Written, patient_id: str, taken: Iterable[Resource], terms: Terminology) -> Resource:
    """The draft MedicationRequest that the fields describe. Raises NotWrittenError."""
    drug = drug_of(written.drug, terms) or drug_named(written.q, terms)
    name = drug.name if drug is not None else written.q
    if not name:
        raise NotWrittenError("Choose a drug, or type what the order should call it.")
    order = _draft("MedicationRequest", patient_id, taken, written.editing)
    order["medicationCodeableConcept"] = _drug_concept(name, drug)
    dosage = _dosage(written)
    if dosage:
        order["dosageInstruction"] = [dosage]
    return order


def procedure_order(
    written: Written, patient_id: str, taken: Iterable[Resource], terms: Terminology
) -> Resource:
    """The draft ServiceRequest that the fields describe. Raises NotWrittenError."""
    concept = (
        {"text": written.procedure_text} if written.procedure_text else concept_of(written.procedure, terms)
    )
    if not concept:
        raise NotWrittenError("Choose a procedure, or type its name.")
    order = _draft("ServiceRequest", patient_id, taken, written.editing)
    order["code"] = concept
    if written.site:
        order["bodySite"] = [{"text": written.site}]
    if written.day:
        try:
            order["occurrenceDateTime"] = date.fromisoformat(written.day).isoformat()
        except ValueError:
            raise NotWrittenError("The day of the procedure is no date such as 2026-01-31.") from None
    return order


def suggested_order(
    suggested: dict[str, Any], patient_id: str, taken: Iterable[Resource], terms: Terminology
) -> Resource:
    """The order that a synthetic patient comes with."""
    if suggested.get("kind") == "procedure":
        written = Written(procedure_text=str(suggested["text"]))
        return procedure_order(written, patient_id, taken, terms)
    written = Written(q=str(suggested["text"]), sig=str(suggested.get("sig", "")))
    return drug_order(written, patient_id, taken, terms)


def applied(suggestion: Suggestion, drafts: tuple[Resource, ...]) -> tuple[Resource, ...]:
    """The drafts once a suggestion has been accepted, as an EHR would change them."""
    changed = list(drafts)
    for action in suggestion.actions:
        if action.type == "delete":
            changed = [one for one in changed if order_name(one) != action.resource_id]
        elif action.resource is not None:
            name = order_name(action.resource)
            places = [at for at, one in enumerate(changed) if order_name(one) == name]
            if action.type == "update" and places:
                changed[places[0]] = action.resource
            else:
                changed.append({**action.resource, "id": _next_id(changed)})
    return tuple(changed)


def as_written(order: Resource, terms: Terminology) -> Written | None:
    """The fields that would write this order again; None for an order that they cannot write."""
    name = order_name(order)
    if order.get("resourceType") == "ServiceRequest":
        titles = concept_texts(order.get("code"))
        site = next(iter(concept_texts(order.get("bodySite"))), "")
        day = text(order.get("occurrenceDateTime"))[:10]
        title = next(iter(titles), "")
        return Written(procedure_text=title, site=site, day=day, editing=name)
    if order.get("resourceType") != "MedicationRequest":
        return None
    instructions = objects(order.get("dosageInstruction"))
    first = obj(instructions)
    quantity = obj(obj(first.get("doseAndRate")).get("doseQuantity"))
    repeat = obj(obj(first.get("timing")).get("repeat"))
    often = next((key for key, (_, known) in OFTEN.items() if known == repeat), "")
    value, unit = quantity.get("value"), text(quantity.get("unit"))
    readable = bool(often) and unit in UNITS and isinstance(value, int | float | Decimal)
    concept = order.get("medicationCodeableConcept")
    known = [one.code for one in codings(concept) if one.system == RXNORM and drug_of(one.code, terms)]
    return Written(
        q=next(iter(concept_texts(concept)), ""),
        drug=next(iter(known), ""),
        amount=amount(Decimal(str(value))) if readable else "",
        unit=unit if readable else "",
        often=often if readable else "",
        as_needed=first.get("asNeededBoolean") is True,
        sig="" if readable else text(first.get("text")),
        editing=name,
    )


def medications_of(resources: Iterable[Resource]) -> dict[str, Resource]:
    """The Medication resources of a chart by "Medication/id", for orders that refer to them."""
    found = (one for one in resources if one.get("resourceType") == "Medication")
    return {f"Medication/{text(one.get('id'))}": one for one in found}


def order_words(order: Resource, known: Mapping[str, Resource] = MappingProxyType({})) -> tuple[str, str]:
    """What is ordered, and how, for the list of orders; `known` are Medication resources to refer to."""
    kind = text(order.get("resourceType")) or "Order"
    if kind.startswith("Medication"):
        coded, texts, _, _ = named_drug(order, known)
    else:
        concept = order.get("codeCodeableConcept") or order.get("code")
        coded, texts = codings(concept), tuple(concept_texts(concept))
    title = next(iter(texts), "") or next((one.code for one in coded), "")
    instructions = objects(order.get("dosageInstruction")) or objects(order.get("dosage"))
    steps = [text(one.get("text")) or "dose as data" for one in instructions]
    details = ["; then ".join(steps)] if steps else []
    if not kind.startswith("Medication"):
        details += [f"site: {one}" for one in concept_texts(order.get("bodySite"))[:1]]
        day = text(order.get("occurrenceDateTime"))[:10]
        details += [f"on {day}"] if day else []
    elif not steps:
        details.append("no dose stated")
    status = text(order.get("status"))
    if status and status not in ("draft", "active"):
        details.append(status)
    return title or f"{kind} without a name", "; ".join(details)


def _draft(kind: str, patient_id: str, taken: Iterable[Resource], editing: str) -> Resource:
    bare = editing.partition("/")[2]
    return {
        "resourceType": kind,
        "id": bare if editing.startswith(f"{kind}/") and bare else _next_id(taken),
        "status": "draft",
        "intent": "order",
        "subject": {"reference": f"Patient/{patient_id}"},
    }


def _next_id(taken: Iterable[Resource]) -> str:
    numbers = [int(match[1]) for one in taken if (match := _NUMBERED.fullmatch(text(one.get("id"))))]
    return f"draft-{max(numbers, default=0) + 1}"


def _drug_concept(name: str, drug: Drug | None) -> dict[str, Any]:
    if drug is None or not drug.code:
        return {"text": name}
    return {"coding": [{"system": RXNORM, "code": drug.code, "display": name}], "text": name}


def _dosage(written: Written) -> dict[str, Any]:
    dosage: dict[str, Any] = {}
    value = _value(written.amount)
    words, repeat = OFTEN.get(written.often, ("", {}))
    if (value is None) != (not repeat) and not written.sig:
        raise NotWrittenError("A dose needs an amount and how often; or write it as free text.")
    unit = written.unit if written.unit in UNITS else "mg"
    if written.sig:
        dosage["text"] = written.sig
    elif value is not None:
        plural = ("es" if unit == "patch" else "s") if unit not in _IN_UCUM and value > 1 else ""
        needed = " as needed" if written.as_needed else ""
        dosage["text"] = f"{amount(value)} {unit}{plural} {words}{needed}"
    if value is not None and repeat:
        dosage["timing"] = {"repeat": dict(repeat)}
        code = _IN_UCUM.get(unit, f"{{{unit}}}")
        number = int(value) if value == value.to_integral_value() else float(value)
        quantity = {"value": number, "unit": unit, "system": UCUM, "code": code}
        dosage["doseAndRate"] = [{"doseQuantity": quantity}]
    if written.as_needed and dosage:
        dosage["asNeededBoolean"] = True
    return dosage


def _value(typed: str) -> Decimal | None:
    if not typed:
        return None
    try:
        value = Decimal(typed.replace(",", "."))
    except InvalidOperation:
        value = Decimal(0)
    if not value.is_finite() or not 0 < value <= 1_000_000:
        raise NotWrittenError("The amount of a dose is a number above zero.")
    return value
