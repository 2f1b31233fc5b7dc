"""The clinical flow: a record and some orders in, cards out. Pure: no clock, no I/O, no network."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from cards.card import Card, Indicator
from cards.compose import compose
from cards.data_cards import deceased_card, failure_card, order_cards
from cards.facts.medications import Order, read_drafts, read_medication_list
from cards.facts.patient import Patient, read_patient
from cards.facts.problems import Problem, read_problems
from cards.facts.record import Issue, KeyResult, Record
from cards.facts.renal import RenalFunction
from cards.facts.renal_record import renal_function
from cards.facts.resources import Resource, text
from cards.finding import Finding, Outcome
from cards.knowledge.loader import Knowledge
from cards.knowledge.statements import Statement
from cards.policy import Policy
from cards.rules.context import Context, standing
from cards.rules.dispatch import check
from cards.suggestions import DoseChange
from terminology.load import Terminology


@dataclass(frozen=True, slots=True)
class Judged:
    """One statement's outcome for one order."""

    statement: Statement
    order: Order
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What one request led to: the cards, and everything `explain` shows."""

    cards: tuple[Card, ...]
    issues: tuple[Issue, ...] = ()
    judged: tuple[Judged, ...] = ()
    orders: tuple[Order, ...] = ()
    medications: tuple[Order, ...] = ()
    patient: Patient | None = None
    problems: tuple[Problem, ...] = ()
    renal: RenalFunction | None = None


def evaluate(
    hook: str,
    record: Record,
    drafts: tuple[Resource, ...],
    selections: frozenset[str] | None,
    *,
    now: datetime,
    policy: Policy,
    knowledge: Knowledge,
    terminology: Terminology,
    card_scope: str = "",
) -> Evaluation:
    """Cards for one hook call.

    `drafts` are all resources of draftOrders; `selections` names the orders to advise on ("Type/id"),
    None for all. `now` is aware. `card_scope` names client, patient, hook and hookInstance. The same
    input and local day give the same cards. Does not raise on any content of the resources.
    """
    patient = read_patient(_first(record.of("patient"), "Patient"), now, policy.zone)
    if patient.deceased:
        return Evaluation(cards=(deceased_card(card_scope),), issues=record.issues, patient=patient)
    problems = read_problems(record.of("conditions"), terminology, now, policy.zone)
    known = _by_reference((*drafts, *record.of("medications", "statements", "endedMedications")))
    listed = tuple(record.of("medications", "statements", "endedMedications"))
    renal = renal_function(patient, problems, record, terminology, now, policy.zone)
    taken = read_medication_list(listed, known, terminology, renal.weight_kg, now, policy.zone)
    orders, issues = read_drafts(drafts, known, record.patient_id, terminology, renal.weight_kg, policy.zone)
    advised = _advised(orders, selections)
    ordered = (*(order for order in orders if order not in advised), *advised)
    ctx = Context(
        hook=hook,
        now=now,
        policy=policy,
        knowledge=knowledge,
        record=record,
        patient=patient,
        problems=problems,
        renal=renal,
        drafts=ordered,
        medications=taken,
        standing=standing(taken, ordered),
    )
    subjects = taken if hook == "patient-view" else advised
    judged, crashed = _judge(subjects, ctx)
    issues = (*record.issues, *_failed_keys(record), *issues, *crashed)
    findings = [one.outcome.finding for one in judged if one.outcome.finding is not None]
    extra = order_cards(advised, card_scope) if hook == "order-sign" else ()
    failure = failure_card(issues, any(order.medication for order in subjects), card_scope)
    cards = compose(
        findings,
        {order.id: order for order in subjects},
        ctx,
        terminology,
        card_scope,
        lambda order, change: _after(order, change, ctx, terminology),
        (*extra, *((failure,) if failure else ())),
    )
    return Evaluation(
        cards=cards,
        issues=issues,
        judged=judged,
        orders=orders,
        medications=taken,
        patient=patient,
        problems=problems,
        renal=renal,
    )


def statements_for(order: Order, knowledge: Knowledge, jurisdiction: str) -> Iterable[Statement]:
    """The statements an order can trigger: those of its product, then those of its classes."""
    seen: dict[str, Statement] = {}
    for statement in knowledge.of_drug.get(order.drug_key, ()):
        seen[statement.id] = statement
    for drug_class in order.classes:
        for statement in knowledge.of_class.get(drug_class, ()):
            seen[statement.id] = statement
    return (seen[name] for name in sorted(seen) if jurisdiction in seen[name].jurisdictions)


def _judge(subjects: Iterable[Order], ctx: Context) -> tuple[tuple[Judged, ...], tuple[Issue, ...]]:
    judged: list[Judged] = []
    crashed: list[Issue] = []
    for order in subjects:
        for statement in statements_for(order, ctx.knowledge, ctx.policy.jurisdiction):
            try:
                judged.append(Judged(statement, order, check(statement, order, ctx)))
            except Exception as error:  # noqa: BLE001  one failing rule must not take the others away
                what = f"rule {statement.id} failed ({type(error).__name__})"
                crashed.append(Issue("rule-failed", what, order.id))
                judged.append(Judged(statement, order, Outcome("cannot-evaluate", None, what)))
    return tuple(judged), tuple(crashed)


def _after(order: Order, change: DoseChange, ctx: Context, terms: Terminology) -> set[tuple[str, str]]:
    """What would speak at warning or above once the change is applied."""
    changed, _ = read_drafts(
        (change.resource,), {}, ctx.record.patient_id, terms, ctx.renal.weight_kg, ctx.policy.zone
    )
    drafts = tuple(changed[0] if draft is order else draft for draft in ctx.drafts)
    applied = replace(ctx, drafts=drafts, standing=standing(ctx.medications, drafts))
    judged, _ = _judge((draft for draft in drafts if draft.kind == "draft"), applied)
    return {
        (one.statement.id, one.order.id)
        for one in judged
        if one.outcome.finding is not None and one.outcome.finding.severity >= Indicator.warning
    }


def _advised(orders: tuple[Order, ...], selections: frozenset[str] | None) -> tuple[Order, ...]:
    if selections is None:
        return orders
    bare = {selection.rpartition("/")[2] for selection in selections}
    return tuple(order for order in orders if order.id in selections or order.id.rpartition("/")[2] in bare)


def _first(resources: Iterable[Resource], kind: str) -> Resource | None:
    return next((one for one in resources if one.get("resourceType") == kind), None)


def _by_reference(resources: Iterable[Resource]) -> dict[str, Resource]:
    return {
        f"Medication/{text(one.get('id'))}": one
        for one in resources
        if one.get("resourceType") == "Medication"
    }


def _failed_keys(record: Record) -> tuple[Issue, ...]:
    return tuple(
        Issue("fetch-failed", f"{_plain(result)} could not be read ({result.why or 'no reason given'})")
        for result in record.keys.values()
        if result.state == "failed"
    )


def _plain(result: KeyResult) -> str:
    return {
        "medications": "the list of active medications",
        "endedMedications": "the list of ended medications",
        "statements": "reported medications",
        "conditions": "the problem list",
        "kidney": "creatinine and eGFR results",
        "body": "weight and height",
        "encounter": "the encounter",
    }.get(result.key, f"prefetch key {result.key}")
