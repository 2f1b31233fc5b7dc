"""Every order of one patient, evaluated as it was signed. Both engines call this, and nothing else clinical."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from cards.evaluate import Evaluation, evaluate
from cards.facts.medications import ORDER_TYPES, read_drafts
from cards.facts.procedures import SERVICE_TYPES
from cards.facts.record import Record
from cards.facts.resources import Resource, flag, objects, reference_of, text
from cards.facts.stay import read_stay
from cards.facts.value_sets import value_sets_of
from cards.knowledge.loader import Knowledge
from cards.policy import Policy
from cds_service.backtest.as_of import draft_of, entered_in_error
from cds_service.backtest.identity import keyed
from cds_service.backtest.moments import signed
from cds_service.backtest.record_at import History, brief_record, history, record_at
from cds_service.backtest.rows import Row, card_rows, evaluated_row, order_row
from cds_service.backtest.versions import Entry, read_entries
from terminology.load import Terminology

_NO_ORDER_INTENTS = frozenset({"plan", "proposal", "option"})
_EVALUATED_TYPES = ORDER_TYPES | SERVICE_TYPES


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What evaluating needs besides the patients: knowledge, site policy, hash key, the period (local days)."""

    knowledge: Knowledge
    terminology: Terminology
    policy: Policy
    key: bytes
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class PatientRows:
    """The rows of one patient; `counts` says what was left out of the record, by reason."""

    orders: list[Row]
    cards: list[Row]
    counts: dict[str, int]


def evaluate_patient(patient_id: str, resources: Iterable[Resource], bench: Bench) -> PatientRows:
    """Rows for every order of the patient within the period. `resources` in file order; never raises."""
    zone = bench.policy.zone
    listed = list(resources)
    entries, left_out = read_entries(listed, zone)
    past = history(patient_id, entries, bench.terminology, zone)
    counts = Counter(left_out)
    out = PatientRows([], [], counts)
    for row in _never_orders(patient_id, listed, entries, bench):
        out.orders.append(row)
    for entry in entries:
        if entry.kind not in _EVALUATED_TYPES or not _concerns(entry, bench):
            continue
        order = entry.versions[0].resource
        moment, why = signed(order, zone)
        if moment is not None and not _within(moment, bench):
            counts["outside-period"] += 1
            continue
        row = order_row(
            _hashes(patient_id, entry.kind, entry.id, order, bench),
            entry.kind,
            moment.astimezone(zone) if moment else None,
            why or _reason(order, past),
        )
        if moment is None or row["reason"]:
            out.orders.append(row)
            continue
        evaluated = _evaluated(past, entry, order, moment, row, bench)
        out.orders.append(evaluated[0])
        out.cards.extend(evaluated[1])
    return out


def evaluation_of(past: History, entry: Entry, moment: datetime, scope: str, bench: Bench) -> Evaluation:
    """The order-sign evaluation of one order at its signing.

    Most orders of an export are of drugs that no statement concerns. What is said to them does not depend on
    the rest of the record, so it is not rebuilt for them.
    """
    order = entry.versions[0].resource
    if not _surely_concerned(order, past, bench):
        first = _evaluation(order, brief_record(past, moment), moment, scope, bench)
        if not first.judged:
            return first
    return _evaluation(order, record_at(past, entry, order, moment), moment, scope, bench)


def _surely_concerned(order: Resource, past: History, bench: Bench) -> bool:
    """Whether a statement concerns the order's drug, whatever it weighs a dose by."""
    products = {f"Medication/{text(one.get('id'))}": one for one in past.medications}
    read, _ = read_drafts((order,), products, past.patient_id, bench.terminology, None, bench.policy.zone)
    return any(bench.knowledge.about(one.drug_key, one.classes) for one in read)


def _evaluation(order: Resource, record: Record, moment: datetime, scope: str, bench: Bench) -> Evaluation:
    return evaluate(
        "order-sign",
        record,
        (draft_of(order, moment, bench.policy.zone),),
        None,
        now=moment,
        policy=bench.policy,
        knowledge=bench.knowledge,
        terminology=bench.terminology,
        card_scope=scope,
    )


def order_hash(patient_id: str, kind: str, name: str, key: bytes) -> str:
    """The hash that names an order in every table."""
    return keyed(key, "order", patient_id, kind, name)


def _evaluated(
    past: History, entry: Entry, order: Resource, moment: datetime, row: Row, bench: Bench
) -> tuple[Row, list[Row]]:
    try:
        evaluation = evaluation_of(past, entry, moment, f"backtest|{row['patient']}|{row['order']}", bench)
        done = evaluated_row(row, evaluation, _setting(past, order, moment), bench.terminology)
        return done, card_rows(done, evaluation, bench.terminology)
    except Exception as error:  # one order that breaks the evaluation must not end the run
        return {**row, "outcome": "failed", "reason": type(error).__name__}, []


def _never_orders(
    patient_id: str, listed: Iterable[Resource], entries: Iterable[Entry], bench: Bench
) -> Iterator[Row]:
    """Rows of orders that were entered in error: counted, never evaluated."""
    known = {(entry.kind, entry.id) for entry in entries}
    seen: set[str] = set()
    for order in listed:
        kind, name = text(order.get("resourceType")), text(order.get("id"))
        if kind not in ORDER_TYPES or not entered_in_error(order) or (kind, name) in known or name in seen:
            continue
        seen.add(name)
        moment, _ = signed(order, bench.policy.zone)
        if moment is None or _within(moment, bench):
            local = moment.astimezone(bench.policy.zone) if moment else None
            yield order_row(_hashes(patient_id, kind, name, order, bench), kind, local, "entered-in-error")


def _concerns(entry: Entry, bench: Bench) -> bool:
    """Whether the service reads such an order: all of medicines, and of services those it knows."""
    if entry.kind in ORDER_TYPES:
        return True
    order = entry.versions[0].resource
    concepts = [order.get(name) for name in ("code", "codeCodeableConcept", "type")]
    concepts += [*objects(order.get("orderDetail")), *objects(order.get("item"))]
    sets: frozenset[str] = frozenset().union(*(value_sets_of(one, bench.terminology) for one in concepts))
    return bool(bench.knowledge.about(("", ""), sets))


def _reason(order: Resource, past: History) -> str:
    """Why an order with a date is not evaluated; "" where it is."""
    if not past.patient_id:
        return "no-patient-reference"
    if past.patient is None:
        return "patient-not-in-sources"
    if flag(order.get("doNotPerform")):
        return "do-not-perform"
    if text(order.get("intent")) in _NO_ORDER_INTENTS:
        return "no-order-intent"
    return ""


def _within(moment: datetime, bench: Bench) -> bool:
    day = moment.astimezone(bench.policy.zone).date()
    return (bench.since is None or day >= bench.since) and (bench.until is None or day <= bench.until)


def _hashes(patient_id: str, kind: str, name: str, order: Resource, bench: Bench) -> Row:
    requester = reference_of(order.get("requester")) or reference_of(order.get("prescriber"))
    if not requester:  # STU3 names the prescriber one level down
        requester = next((reference_of(one.get("agent")) for one in objects(order.get("requester"))), "")
    return {
        "order": order_hash(patient_id, kind, name, bench.key),
        "patient": keyed(bench.key, "patient", patient_id) if patient_id else "",
        "prescriber": keyed(bench.key, "prescriber", requester) if requester else None,
    }


def _setting(past: History, order: Resource, moment: datetime) -> str:
    reference = reference_of(order.get("encounter")) or reference_of(order.get("context"))
    entry = past.encounters.get(reference.rpartition("/")[2])
    shown = entry.at(moment, past.zone) if entry else None
    if shown is None:
        return "unknown"
    return "inpatient" if read_stay(shown, past.terms, moment, past.zone).inpatient else "other"
