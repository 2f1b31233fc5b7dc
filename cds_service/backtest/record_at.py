"""The record that the service would have been sent when an order was signed."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from itertools import islice

from cards.facts.drug_named import named_drug
from cards.facts.medications import LIST_TYPES, ORDER_TYPES, order_id
from cards.facts.procedures import SERVICE_TYPES
from cards.facts.record import KeyResult, Record
from cards.facts.resources import (
    Resource,
    reference_of,
    text,
    type_and_id,
)
from cards.facts.therapy_dates import in_force
from cds_service.backtest.as_of import start_of
from cds_service.backtest.asked import keys_asking, page_of
from cds_service.backtest.versions import Entry
from cds_service.hooks.keys import KEYS
from terminology.load import Terminology

_ORDERED = ORDER_TYPES | SERVICE_TYPES


@dataclass(slots=True)
class History:
    """One patient's entries, sorted for asking what stood at a moment."""

    patient_id: str
    patient: Entry | None
    terms: Terminology
    zone: tzinfo
    listed: list[Entry] = field(default_factory=list)
    by_key: dict[str, list[Entry]] = field(default_factory=dict)
    encounters: dict[str, Entry] = field(default_factory=dict)
    medications: list[Resource] = field(default_factory=list)


def history(patient_id: str, entries: Iterable[Entry], terms: Terminology, zone: tzinfo) -> History:
    """The history of one patient. What a key brings in pages is sorted newest first, once for all orders."""
    out = History(patient_id=patient_id, patient=None, terms=terms, zone=zone)
    for entry in entries:
        if entry.kind == "Patient":
            out.patient = entry
        elif entry.kind in LIST_TYPES:
            out.listed.append(entry)
        elif entry.kind == "Encounter":
            out.encounters[entry.id] = entry
        elif entry.kind == "Medication":
            out.medications.append(entry.versions[-1].resource)
        elif not entry.undated:
            for key in keys_asking(entry.versions[0].resource, terms):
                out.by_key.setdefault(key, []).append(entry)
    for listed in out.by_key.values():
        listed.sort(key=_newness, reverse=True)
    return out


def _newness(entry: Entry) -> tuple[datetime, str]:
    return next(one.known for one in entry.versions if one.known is not None), entry.id


def record_at(past: History, order: Entry, signed: Resource, moment: datetime) -> Record:
    """The record at `moment`, the signing of `order`: what the prefetch keys would have brought, by key."""
    zone = past.zone
    patient = past.patient.at(moment, zone) if past.patient else None
    active, ended, statements = _medication_lists(past, order, signed, moment)
    found: dict[str, list[Resource]] = {row.key: [] for row in KEYS}
    found["patient"] = [patient] if patient else []
    found["medications"] = [*active, *past.medications]
    found["endedMedications"] = ended
    found["statements"] = statements
    found["encounter"] = list(_encounter(past, signed, moment))
    for key, entries in past.by_key.items():
        shown = (_before(entry, order, signed, moment, zone) for entry in entries)
        found.setdefault(key, []).extend(_page(key, (one for one in shown if one is not None)))
    words: Mapping[str, str] = {row.key: row.words for row in KEYS}
    return Record(
        patient_id=past.patient_id,
        keys={
            key: KeyResult(key, "given", tuple(resources), words=words.get(key, ""))
            for key, resources in found.items()
        },
    )


def brief_record(past: History, moment: datetime) -> Record:
    """What is needed to tell which drug and dose an order names: enough to see that no statement concerns it."""
    patient = past.patient.at(moment, past.zone) if past.patient else None
    weighed = (entry.at(moment, past.zone) for entry in past.by_key.get("body", ()))
    body = tuple(_page("body", (one for one in weighed if one is not None)))
    return Record(
        patient_id=past.patient_id,
        keys={
            "patient": KeyResult("patient", "given", (patient,) if patient else ()),
            "body": KeyResult("body", "given", body),
            "medications": KeyResult("medications", "given", tuple(past.medications)),
        },
    )


def _page(key: str, resources: Iterable[Resource]) -> Iterator[Resource]:
    """As many of the resources, newest first, as the key's search brings; of services only those still open."""
    standing = (one for one in resources if not _over(one))
    return islice(standing, page_of(key))


def _over(resource: Resource) -> bool:
    kind = text(resource.get("resourceType"))
    return kind in SERVICE_TYPES and text(resource.get("status")) != "active"


def _medication_lists(
    past: History, order: Entry, signed: Resource, moment: datetime
) -> tuple[list[Resource], list[Resource], list[Resource]]:
    """Active orders, ended orders (as many as a page holds, newest first), and reported medications."""
    zone = past.zone
    orders: list[Resource] = []
    statements: list[Resource] = []
    for entry in past.listed:
        shown = _before(entry, order, signed, moment, zone)
        if shown is not None:
            (orders if entry.kind in ORDER_TYPES else statements).append(shown)
    products = {f"Medication/{text(one.get('id'))}": one for one in past.medications}
    active = [one for one in orders if in_force(one, moment, zone)]
    kept = {id(one) for one in active}
    ended = [one for one in orders if id(one) not in kept]
    active, renewed = _renewed(active, products, zone)
    ended = sorted((*ended, *renewed), key=lambda one: (_written(one, zone), order_id(one)), reverse=True)
    return active, ended[: page_of("endedMedications")], statements


def _written(order: Resource, zone: tzinfo) -> float:
    start = start_of(order, zone)
    return start.timestamp() if start else float("-inf")


def _before(entry: Entry, order: Entry, signed: Resource, moment: datetime, zone: tzinfo) -> Resource | None:
    """The entry as it stood at `moment`, unless it is the order, or was signed with it and comes later.

    Of two orders signed at once only the later by id sees the other: a pair belongs to the later draft.
    """
    shown = entry.at(moment, zone) if entry is not order else None
    if shown is None or entry.kind not in _ORDERED:
        return shown
    own, other = start_of(signed, zone), start_of(shown, zone)
    if own is None or other is None or (other, entry.kind, entry.id) <= (own, order.kind, order.id):
        return shown
    return None


def _renewed(
    active: list[Resource], products: Mapping[str, Resource], zone: tzinfo
) -> tuple[list[Resource], list[Resource]]:
    """The active orders, less those of which the same product was ordered on a later day; and these, ended.

    Exports rarely say when a prescription that was renewed ended; without this, each renewal would add to
    the dose for ever. The evaluation itself holds that an order of the same product replaces the older one.
    """
    keyed = [(one, _product(one, products), _day(one, zone)) for one in active]
    newest: dict[object, str] = {}
    for _, product, day in keyed:
        if product is not None:
            newest[product] = max(newest.get(product, ""), day)
    standing: list[Resource] = []
    ended: list[Resource] = []
    for one, product, day in keyed:
        last = newest.get(product, "") if product is not None else ""
        if not day or day >= last:
            standing.append(one)
        else:
            ended.append({**one, "status": "stopped", "dateEnded": last})
    return standing, ended


def _day(order: Resource, zone: tzinfo) -> str:
    start = start_of(order, zone)
    return start.astimezone(zone).date().isoformat() if start else ""


def _product(order: Resource, products: Mapping[str, Resource]) -> object:
    coded, texts, _, has_drug = named_drug(order, products)
    if not has_drug or not (coded or texts):
        return None
    if coded:
        return frozenset((one.system, one.code) for one in coded)
    return frozenset(name.lower() for name in texts)


def _encounter(past: History, signed: Resource, moment: datetime) -> Iterator[Resource]:
    reference = reference_of(signed.get("encounter")) or reference_of(signed.get("context"))
    entry = past.encounters.get(type_and_id(reference)[1])
    shown = entry.at(moment, past.zone) if entry else None
    if shown is not None:
        yield shown
