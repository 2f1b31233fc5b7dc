"""Two groups of drugs or procedures together, or a stack of three, whichever of them is being ordered."""

from datetime import timedelta
from typing import NamedTuple

from cards.card import Indicator
from cards.facts.medications import Order
from cards.finding import DoseAdvice, Finding, Outcome, Words, cannot, fired, not_fired, suppressed
from cards.knowledge.rule_types import Pair
from cards.knowledge.statements import Statement
from cards.rules.basis import graded_by, lab_lines, order_line, order_name, plain_name, renal_lines
from cards.rules.context import Context, in_force, new_start
from cards.rules.predicates import holds, judge, risk_factors
from cards.rules.severity import Grading, graded
from cards.rules.summary_text import filled, pair_name
from cards.wording import whole


class _Match(NamedTuple):
    """The other orders of a pair or stack: one partner, and the further drugs of a stack."""

    partner: Order
    beside: tuple[Order, ...] = ()


def check(statement: Statement, rule: Pair, order: Order, ctx: Context) -> Outcome:
    """Whether a partner is in force with the order, less the exceptions the statement names."""
    matches = _stacks(rule, order, ctx) if rule.third else _pairs(rule, order, ctx)
    if not matches:
        return apart(rule)
    if rule.when.predicates:
        verdicts = [(match, judge(rule.when, ctx, order, *match)) for match in matches]
        matches = [match for match, verdict in verdicts if verdict.holds]
        if not matches:
            verdict = next((one for _, one in verdicts if one.holds is None), verdicts[0][1])
            return cannot(verdict.why) if verdict.holds is None else not_fired(verdict.why)
    speaking = [match for match in matches if not holds(rule.unless, ctx, order, *match)]
    if not speaking:
        exception = judge(rule.unless, ctx, order, *matches[0])
        return suppressed(lambda: f"exception: {exception.why()}")
    gradings = [(match, graded(statement, ctx, order, *match)) for match in speaking]
    lead, grading = max(gradings, key=lambda one: one[1].severity)  # the first of equals
    listed = [one for match in (lead, *speaking) for one in (match.partner, *match.beside)]
    others = list({id(one): one for one in listed}.values())
    return fired(
        Finding(
            statement=statement,
            order=order.id,
            severity=grading.severity,
            words=lambda: _words(statement, rule, order, lead, others, grading, ctx),
            dose=_lowest_start(rule, order, ctx),
            drugs=tuple([plain_name(one).lower() for one in (order, *others)]),
            partners=tuple([one.id for one in others]),
        )
    )


def _words(
    statement: Statement,
    rule: Pair,
    order: Order,
    lead: _Match,
    others: list[Order],
    grading: Grading,
    ctx: Context,
) -> Words:
    named = _named_risks(rule, order, lead, ctx)
    kidney = graded_by(statement, ctx).kidney
    stopped = lead.partner.kind == "ended" and rule.summary_if_stopped
    other_way = rule.advice_if_partner_ordered and _is_partner(rule, order)
    return Words(
        summary=filled(
            rule.summary_if_stopped if stopped else rule.summary,
            statement,
            order,
            ctx,
            pair=pair_name(order, others),
            partner=order_name(lead.partner),
            value=_stopped_ago(lead.partner, ctx),
            risks=f" ({', '.join(named[:4])})" if named else "",
        ),
        reason=rule.reason,
        advice=(*grading.because(), *(rule.advice_if_partner_ordered if other_way else rule.advice)),
        basis=(
            order_line(order, ctx),
            *(_partner_line(one, ctx) for one in others),
            *grading.basis(),
            *(f"Risk factor: {one}" for one in named),
            *grading.protecting(),
            *lab_lines(statement, ctx),
            # A limit of kidney function is part of the grading; info without it needs no lines on it.
            *(renal_lines(ctx) if kidney and grading.severity > Indicator.info else ()),
        ),
    )


def apart(rule: Pair) -> Outcome:
    """The outcome where a group lacks."""
    groups = (rule.partner, rule.subject, *((rule.third,) if rule.third else ()))
    return not_fired(lambda: f"no {' and '.join('/'.join(group) for group in groups)} together")


def completed_by(rule: Pair, classes: frozenset[str]) -> frozenset[str]:
    """The classes one of which another order must have, to make the pair or stack with an order of `classes`."""
    groups = (rule.subject, rule.partner, rule.third)
    return frozenset(
        name
        for place, own in enumerate(groups)
        if not classes.isdisjoint(own)
        for at, group in enumerate(groups)
        if at != place
        for name in group
    )


def _named_risks(rule: Pair, order: Order, lead: _Match, ctx: Context) -> list[str]:
    risks = [_said(risk.says, ctx) for risk in rule.risks if holds(risk.when, ctx, order, *lead)]
    factors = risk_factors(rule.risk_set, ctx, order, *lead) if rule.risk_set else ()
    return [*risks, *(one for one in factors if one not in risks)]


def _said(text: str, ctx: Context) -> str:
    """The words of a risk; of the patient only what they ask for is read."""
    if "{age}" in text:
        text = text.replace("{age}", str(ctx.patient.age[1]) if ctx.patient.age else "")
    if "{crcl}" in text:
        text = text.replace("{crcl}", whole(ctx.renal.crcl_low) if ctx.renal.crcl_low is not None else "low")
    return text


def _is_partner(rule: Pair, order: Order) -> bool:
    return bool(order.classes.intersection(rule.partner)) and not order.classes.intersection(rule.subject)


def _pairs(rule: Pair, order: Order, ctx: Context) -> list[_Match]:
    """The other orders of a pair, each once."""
    found: list[Order] = []
    if not order.classes.isdisjoint(rule.subject):
        found += _of(rule.partner, rule.partner_washout_days, rule, order, ctx)
    if not order.classes.isdisjoint(rule.partner):
        more = _of(rule.subject, rule.subject_washout_days, rule, order, ctx)
        found += [one for one in more if all(one is not other for other in found)]
    return [_Match(one) for one in found]


def _stacks(rule: Pair, order: Order, ctx: Context) -> list[_Match]:
    """The stack that the order completes, with all members of the other two groups; none where one lacks."""
    groups = (
        (rule.subject, rule.subject_washout_days),
        (rule.partner, rule.partner_washout_days),
        (rule.third, 0),
    )
    for place, (names, _) in enumerate(groups):
        if order.classes.isdisjoint(names):
            continue
        one, other = (
            _of(group, washout, rule, order, ctx) for at, (group, washout) in enumerate(groups) if at != place
        )
        leads = [(a, b) for a in one for b in other if _drug(a) != _drug(b)]
        if leads:
            first, second = leads[0]
            rest = {_drug(drug): drug for drug in (*one, *other)}
            further = [drug for name, drug in rest.items() if name not in (_drug(first), _drug(second))]
            return [_Match(first, (second, *further))]
    return []


def _drug(order: Order) -> str:
    return order.ingredient.name if order.ingredient else order.id


def _of(names: tuple[str, ...], washout_days: int, rule: Pair, order: Order, ctx: Context) -> list[Order]:
    """Therapy in force of one of the classes, and what was stopped within the washout; each drug once."""
    listed = [one for one in in_force(order, ctx) if not one.classes.isdisjoint(names) and one is not order]
    if washout_days:
        listed += [
            one
            for one in ctx.ended.of(names)
            if one.ends is not None
            and one.ends.latest >= ctx.now - timedelta(days=_washout(one, washout_days, rule))
        ]
    own = _drug(order)
    by_drug: dict[str, Order] = {}
    for one in listed:
        drug = _drug(one)
        if drug != own:
            by_drug.setdefault(drug, one)
    return list(by_drug.values())


def _washout(ended: Order, washout_days: int, rule: Pair) -> int:
    return max(
        [washout_days, *(days for name, days in rule.longer_washout_days.items() if name in ended.classes)]
    )


def _partner_line(partner: Order, ctx: Context) -> str:
    line = order_line(partner, ctx, "With")
    if partner.kind == "ended" and partner.ends is not None:
        line += f", stopped {_stopped_ago(partner, ctx)}"
    elif partner.kind == "active" and (since := partner.authored) is not None:
        line += f", since {since.earliest.astimezone(ctx.policy.zone).date().isoformat()}"
    return line


def _stopped_ago(partner: Order, ctx: Context) -> str:
    """In local days; "" for one that has not ended."""
    if partner.ends is None:
        return ""
    zone = ctx.policy.zone
    days = (ctx.now.astimezone(zone).date() - partner.ends.latest.astimezone(zone).date()).days
    return "today" if days < 1 else "yesterday" if days == 1 else f"{days} days ago"


def _lowest_start(rule: Pair, order: Order, ctx: Context) -> DoseAdvice | None:
    """The lowest dose, offered where the order starts the drug."""
    regimen = rule.regimens.get(order.ingredient.name) if order.ingredient else None
    immediate = order.medication is not None and order.medication.release == "immediate"
    if regimen is None or not immediate or not new_start(order, ctx):
        return None
    return DoseAdvice(regimens=(regimen,))
