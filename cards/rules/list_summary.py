"""What a card about the whole medication list says first: the state of the patient and the drugs to review."""

from collections.abc import Mapping

from cards.card import Indicator
from cards.facts.medications import Order
from cards.finding import Finding
from cards.rules.basis import order_name
from cards.rules.context import Context
from cards.wording import gestation, say


def list_summary(group: list[Finding], orders: Mapping[str, Order], ctx: Context) -> str | None:
    """One line for several drugs of concern in pregnancy or lactation, the gravest first; None for one drug."""
    if group[0].statement.problem != "fetal":
        return None
    grave = [one for one in group if one.severity >= Indicator.warning]
    names = dict.fromkeys(order_name(orders[one.order]) for one in grave if one.order in orders)
    if len(names) < 2:
        return None
    drugs = ", ".join(name[:1].lower() + name[1:] for name in names)
    topics = {one.statement.topic for one in grave}
    pregnancy = ctx.pregnancy
    if len(topics) > 1:
        return say("list-both", drugs=drugs)
    if topics == {"lactation"}:
        return say("list-lactating", drugs=drugs)
    if pregnancy.status == "yes":
        weeks = gestation(pregnancy.ga_days_least, pregnancy.ga_days_most, pregnancy.trimester)
        return say("list-pregnant", weeks=weeks, drugs=drugs)
    return say("list-childbearing", drugs=drugs)
