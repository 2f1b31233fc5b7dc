"""Two groups of drugs or procedures together, or a stack of three, whichever of them is being ordered."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from cards.card import Indicator
from cards.facts.medications import Order
from cards.finding import DoseAdvice, Finding, Outcome, cannot, fired, not_fired, suppressed
from cards.knowledge.rule_types import Pair
from cards.knowledge.statements import Statement
from cards.rules.basis import lab_lines, order_line, order_name, renal_lines
from cards.rules.context import Context, in_force, new_start
from cards.rules.predicates import holds, judge, risk_factors
from cards.rules.severity import graded, protecting
from cards.rules.summary_text import filled, pair_name
from cards.wording import whole


@dataclass(frozen=True, slots=True)
class _Match:
    """The order together with one partner, and the further drugs of a stack."""

    partner: Order
    beside: tuple[Order, ...] = ()

    @property
    def others(self) -> tuple[Order, ...]:
        return (self.partner, *self.beside)


def check(statement: Statement, rule: Pair, order: Order, ctx: Context) -> Outcome:
    """Whether a partner is in force with the order, less the exceptions the statement names."""
    matches = list(_stacks(rule, order, ctx) if rule.third else _pairs(rule, order, ctx))
    if not matches:
        return apart(rule)
    if rule.when.predicates:
        verdicts = [(match, judge(rule.when, ctx, order, *_pair(match))) for match in matches]
        matches = [match for match, verdict in verdicts if verdict.holds]
        if not matches:
            verdict = next((one for _, one in verdicts if one.holds is None), verdicts[0][1])
            return cannot(verdict.why) if verdict.holds is None else not_fired(verdict.why)
    speaking = [match for match in matches if not holds(rule.unless, ctx, order, *_pair(match))]
    if not speaking:
        exception = judge(rule.unless, ctx, order, *_pair(matches[0]))
        return suppressed(lambda: f"exception: {exception.why()}")
    gradings = [(match, *graded(statement, ctx, order, *_pair(match))) for match in speaking]
    lead, severity, because, basis = max(gradings, key=lambda grading: grading[1])  # the first of equals
    others = [one for match in (lead, *(m for m in speaking if m is not lead)) for one in match.others]
    others = list({id(one): one for one in others}.values())
    named = _named_risks(rule, order, lead, ctx)
    stopped = lead.partner.kind == "ended" and rule.summary_if_stopped
    other_way = rule.advice_if_partner_ordered and _is_partner(rule, order)
    return fired(
        Finding(
            statement=statement,
            order=order.id,
            severity=severity,
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
            advice=(*because, *(rule.advice_if_partner_ordered if other_way else rule.advice)),
            basis=(
                order_line(order, ctx),
                *(_partner_line(one, ctx) for one in others),
                *basis,
                *(f"Risk factor: {one}" for one in named),
                *protecting(statement, ctx, order, *_pair(lead)),
                *lab_lines(statement, ctx),
                *(renal_lines(ctx) if _needs_kidney(statement, severity) else ()),
            ),
            dose=_lowest_start(rule, order, ctx),
            drugs=tuple(order_name(one).lower() for one in (order, *others)),
            partners=tuple(one.id for one in others),
        )
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


def _pair(match: _Match) -> tuple[Order, tuple[Order, ...]]:
    return match.partner, match.beside


def _named_risks(rule: Pair, order: Order, lead: _Match, ctx: Context) -> list[str]:
    risks = [_said(risk.says, ctx) for risk in rule.risks if holds(risk.when, ctx, order, *_pair(lead))]
    factors = risk_factors(rule.risk_set, ctx, order, *_pair(lead)) if rule.risk_set else ()
    return [*risks, *(one for one in factors if one not in risks)]


def _said(text: str, ctx: Context) -> str:
    """The words of a risk; of the patient only what they ask for is read."""
    if "{age}" in text:
        text = text.replace("{age}", str(ctx.patient.age[1]) if ctx.patient.age else "")
    if "{crcl}" in text:
        text = text.replace("{crcl}", whole(ctx.renal.crcl_low) if ctx.renal.crcl_low is not None else "low")
    return text


def _needs_kidney(statement: Statement, severity: Indicator) -> bool:
    """Whether a limit of kidney function is part of the grading; info without it needs no lines on it."""
    steps = (*statement.escalations, *statement.caps)
    asked = any(one.name in ("crcl-below", "egfr-below") for step in steps for one in step.when.predicates)
    return asked and severity > Indicator.info


def _is_partner(rule: Pair, order: Order) -> bool:
    return bool(order.classes.intersection(rule.partner)) and not order.classes.intersection(rule.subject)


def _pairs(rule: Pair, order: Order, ctx: Context) -> Iterator[_Match]:
    """The other orders of a pair, each once."""
    found: list[Order] = []
    if order.classes.intersection(rule.subject):
        found += _of(rule.partner, rule.partner_washout_days, rule, order, ctx)
    if order.classes.intersection(rule.partner):
        more = _of(rule.subject, rule.subject_washout_days, rule, order, ctx)
        found += [one for one in more if all(one is not other for other in found)]
    yield from map(_Match, found)


def _stacks(rule: Pair, order: Order, ctx: Context) -> Iterator[_Match]:
    """The stack that the order completes, with all members of the other two groups; none where one lacks."""
    groups = (
        (rule.subject, rule.subject_washout_days),
        (rule.partner, rule.partner_washout_days),
        (rule.third, 0),
    )
    for place, (names, _) in enumerate(groups):
        if not order.classes.intersection(names):
            continue
        one, other = (
            _of(group, washout, rule, order, ctx) for at, (group, washout) in enumerate(groups) if at != place
        )
        leads = [(a, b) for a in one for b in other if _drug(a) != _drug(b)]
        if leads:
            first, second = leads[0]
            rest = {_drug(drug): drug for drug in (*one, *other)}
            further = [drug for name, drug in rest.items() if name not in (_drug(first), _drug(second))]
            yield _Match(first, (second, *further))
            return


def _drug(order: Order) -> str:
    return order.ingredient.name if order.ingredient else order.id


def _of(names: Iterable[str], washout_days: int, rule: Pair, order: Order, ctx: Context) -> list[Order]:
    """Therapy in force of one of the classes, and what was stopped within the washout; each drug once."""
    wanted = tuple(names)
    listed = [one for one in in_force(order, ctx) if not one.classes.isdisjoint(wanted) and one is not order]
    if washout_days:
        listed += [
            one
            for one in ctx.ended
            if not one.classes.isdisjoint(wanted)
            and one.ends is not None
            and one.ends.latest >= ctx.now - timedelta(days=_washout(one, washout_days, rule))
        ]
    by_drug: dict[str, Order] = {}
    for one in listed:
        by_drug.setdefault(_drug(one), one)
    return [one for name, one in by_drug.items() if name != _drug(order)]


def _washout(ended: Order, washout_days: int, rule: Pair) -> int:
    return max(
        [washout_days, *(days for name, days in rule.longer_washout_days.items() if name in ended.classes)]
    )


def _partner_line(partner: Order, ctx: Context) -> str:
    line = order_line(partner, ctx, "With")
    if partner.kind == "ended" and partner.ends is not None:
        line += f", stopped {_stopped_ago(partner, ctx)}"
    elif partner.authored is not None and partner.kind == "active":
        line += f", since {partner.authored.earliest.astimezone(ctx.policy.zone).date().isoformat()}"
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
