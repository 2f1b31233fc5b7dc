"""The clinical flow: a record and some orders in, cards out. Pure: no clock, no I/O, no network."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cards.acknowledged import Acknowledged
from cards.card import Card
from cards.changed_drafts import Drafts
from cards.compose import compose
from cards.data_cards import deceased_card, failure_card, order_cards
from cards.facts.ancestry import read_ancestry
from cards.facts.dispensed import GIVEN_TYPES
from cards.facts.lab_values import Labs
from cards.facts.medications import LIST_TYPES, Ended, Order, read_drafts, read_therapy
from cards.facts.patient import Patient, read_patient
from cards.facts.pregnancy import Pregnancy, read_pregnancy
from cards.facts.problems import Problem, read_problems
from cards.facts.procedures import read_events, read_service_orders
from cards.facts.record import Issue, Record
from cards.facts.renal import RenalFunction
from cards.facts.renal_record import renal_function
from cards.facts.resources import Resource, text
from cards.facts.stay import read_stay
from cards.finding import suppressed
from cards.judging import Judged, judge_orders, settled
from cards.knowledge.loader import Knowledge
from cards.policy import Policy
from cards.rules.context import Context, standing, stopping
from terminology.load import Terminology

_THERAPY = (*sorted(LIST_TYPES), *sorted(GIVEN_TYPES))


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
    pregnancy: Pregnancy | None = None


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
    acknowledged: tuple[Acknowledged, ...] = (),
) -> Evaluation:
    """Cards for one hook call.

    `drafts` are all resources of draftOrders; `selections` names the orders to advise on ("Type/id"),
    None for all. `now` is aware. `card_scope` names client, patient, hook and hookInstance. `acknowledged`
    are earlier answers to cards about this patient. The same input and local day give the same cards. Does
    not raise on any content of the resources.
    """
    person = _first(record.of("patient"), "Patient")
    patient = read_patient(person, now, policy.zone)
    if patient.deceased:
        return Evaluation(cards=(deceased_card(card_scope),), issues=record.issues, patient=patient)
    ancestry = read_ancestry(person, terminology)
    if ancestry is not None:
        patient = patient._replace(ancestry=ancestry)
    zone = policy.zone
    problems = read_problems(record.of_type("Condition"), terminology, now, zone)
    known = _by_reference((*drafts, *record.of_type("Medication")))
    stay = read_stay(_first(record.of_type("Encounter"), "Encounter"), terminology, now, zone)
    renal = renal_function(patient, problems, record, stay, terminology, now, zone)
    taken, over = read_therapy(record.of_type(*_THERAPY), known, terminology, renal.body_weight_kg, now, zone)
    medicines, issues = read_drafts(drafts, known, record.patient_id, terminology, renal.body_weight_kg, zone)
    services, left_out = read_service_orders(drafts, record.patient_id, terminology, zone)
    orders, issues = (*medicines, *services), (*issues, *left_out)
    advised, ordered = orders, orders
    if selections is not None:
        advised = _advised(orders, selections)
        chosen = {id(order) for order in advised}
        ordered = (*[order for order in orders if id(order) not in chosen], *advised)
    stopped = stopping(taken, ordered, now)
    still = standing(taken, ordered)
    # Contraception that is being signed protects like that on the list; what a draft stops no longer does.
    used = (*still, *[order for order in advised if order.kind == "draft"])
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
        standing=still,
        ended=Ended(over, stopped, now, zone),
        labs=Labs(record, terminology, now, zone),
        events=read_events(record, terminology, now, zone, problems),
        inpatient=stay.inpatient,
        pregnancy=read_pregnancy(patient, problems, record, used, terminology, now, zone),
    )
    subjects = taken if hook == "patient-view" else advised
    alone, crashed = judge_orders(subjects, ctx)
    judged, alone, wordless = settled(alone)
    issues = (*record.issues, *_failed_keys(record), *issues, *crashed, *wordless)
    findings = [one.outcome.finding for one in judged if one.outcome.finding is not None]
    extra = order_cards(advised, card_scope) if hook in ("order-sign", "order-dispatch") else ()
    failure = failure_card(issues, any(order.medication or order.classes for order in subjects), card_scope)
    composed = compose(
        findings,
        {order.id: order for order in subjects},
        ctx,
        terminology,
        card_scope,
        Drafts(ctx, subjects, alone, terminology, known).would_warn,
        (*extra, *((failure,) if failure else ())),
        acknowledged,
    )
    return Evaluation(
        cards=composed.cards,
        issues=issues,
        judged=tuple(_answered(one, composed.answered) for one in judged) if composed.answered else judged,
        orders=orders,
        medications=taken,
        patient=patient,
        problems=problems,
        renal=renal,
        pregnancy=ctx.pregnancy,
    )


def _answered(one: Judged, pairs: frozenset[tuple[str, str]]) -> Judged:
    if (one.statement.id, one.order.id) not in pairs or one.outcome.finding is None:
        return one
    return one._replace(outcome=suppressed("the prescriber has answered this before"))


def _advised(orders: tuple[Order, ...], selections: frozenset[str]) -> tuple[Order, ...]:
    bare = {selection.rpartition("/")[2] for selection in selections}
    return tuple(order for order in orders if order.id in selections or order.id.rpartition("/")[2] in bare)


def _first(resources: Iterable[Resource], kind: str) -> Resource | None:
    for one in resources:
        if one.get("resourceType") == kind:
            return one
    return None


def _by_reference(resources: Iterable[Resource]) -> dict[str, Resource]:
    return {
        f"Medication/{text(one.get('id'))}": one
        for one in resources
        if one.get("resourceType") == "Medication"
    }


def _failed_keys(record: Record) -> tuple[Issue, ...]:
    return tuple(
        Issue(
            "fetch-failed",
            f"{result.words or result.key} could not be read ({result.why or 'no reason given'})",
        )
        for result in record.keys.values()
        if result.state == "failed"
    )
