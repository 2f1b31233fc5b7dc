"""Makes suggestions of what statements offer besides a dose: cancel, order a test, propose another drug."""

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal

from cards.card import Action
from cards.facts.lab_table import LABS
from cards.facts.medications import Order
from cards.facts.resources import Resource, text
from cards.knowledge.offers import Offer
from cards.rules.about_results import ANY_TIME, lab_planned
from cards.rules.answer import Situation
from cards.rules.context import Context, alongside, new_start
from cards.suggestions import draft_test
from cards.wording import drug
from terminology.coding import RXNORM


def concerned(offer: Offer, order: Order, partners: Iterable[str], ctx: Context) -> Order | None:
    """The draft that an offer is about: the order, or the other draft of its pair; None where it fits neither."""
    if not offer.only_for:
        return order
    drafts = (order, *(draft for draft in ctx.drafts if draft.id in partners))
    return next((one for one in drafts if one.classes.intersection(offer.only_for)), None)


def label(offer: Offer, order: Order) -> str:
    """What the button says."""
    return offer.label.format(drug=_plain(order))


def actions(offer: Offer, order: Order, ctx: Context) -> tuple[Action, ...]:
    """The actions of an offer for the draft it is about; none where it makes no sense here."""
    if order.kind != "draft" or not text(order.resource.get("id")):
        return ()
    if offer.unless_on and _taken(offer.unless_on, order, ctx):
        return ()
    if offer.only_new and new_start(order, ctx) is not True:
        return ()
    if offer.only_on and not _taken(offer.only_on, order, ctx):
        return ()
    if offer.kind == "delete":
        return (_delete(order),)
    if offer.kind == "test":
        return _test(offer, order, ctx)
    create = Action("create", f"Adds a draft order of {offer.drug}, without a dose.", _drug(offer, ctx))
    return (create, _delete(order)) if offer.replaces else (create,)


def _taken(classes: Iterable[str], order: Order, ctx: Context) -> bool:
    """Whether the order, or what else is in force or being ordered, belongs to one of the classes."""
    return any(not one.classes.isdisjoint(classes) for one in (order, *alongside(order, ctx)))


def _delete(order: Order) -> Action:
    return Action("delete", f"Removes the draft order of {_plain(order)}.", resource_id=order.id)


def _test(offer: Offer, order: Order, ctx: Context) -> tuple[Action, ...]:
    if offer.test:
        return _named_test(offer, ctx)
    lab = LABS[offer.lab]
    within = Decimal(offer.planned_within) if offer.planned_within else ANY_TIME
    if lab_planned(Situation(ctx, order), offer.lab, within).holds:
        return ()
    resource = draft_test(ctx.record.patient_id, lab.title, lab.order_code, lab.order_display)
    when = ""
    if offer.days:
        day = (ctx.now.astimezone(ctx.policy.zone) + timedelta(days=offer.days)).date().isoformat()
        resource["occurrenceDateTime"] = day
        when = f" for {day}"
    return (Action("create", f"Adds a draft order for {lab.title}{when}.", resource),)


def _named_test(offer: Offer, ctx: Context) -> tuple[Action, ...]:
    """A test that is no row of labs.yaml: the order names it, with its code where one is known."""
    if any(offer.result in event.value_sets for event in ctx.planned):
        return ()
    resource = draft_test(ctx.record.patient_id, offer.test, offer.code, offer.display)
    return (Action("create", f"Adds a draft order for {offer.test}.", resource),)


def draft_of(rxcui: str, name: str) -> Resource:
    """A draft order of a drug, without a dose and without its patient."""
    return {
        "resourceType": "MedicationRequest",
        "status": "draft",
        "intent": "order",
        "medicationCodeableConcept": {
            "coding": [{"system": RXNORM, "code": rxcui, "display": name}],
            "text": name,
        },
    }


def _drug(offer: Offer, ctx: Context) -> Resource:
    return {
        **draft_of(offer.rxcui, offer.drug),
        "subject": {"reference": f"Patient/{ctx.record.patient_id}"},
    }


def _plain(order: Order) -> str:
    return drug(order.ingredient.name) if order.ingredient else "this item"
