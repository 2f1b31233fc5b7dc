"""The first daily dose of a new start."""

from decimal import Decimal

from cards.card import Indicator
from cards.facts.medications import Order
from cards.finding import DoseAdvice, Finding, Outcome, Words, cannot, fired, not_fired, suppressed
from cards.knowledge.rule_types import StartDose
from cards.knowledge.statements import Statement
from cards.rules.basis import drug_name, order_line, renal_lines
from cards.rules.context import Context, new_start, no_medication_list, renal_band, renal_rule
from cards.rules.predicates import holds, judge
from cards.rules.severity import adjusted, by_dose_reading
from cards.rules.summary_text import filled
from cards.wording import amount, say, whole


def check(statement: Statement, rule: StartDose, order: Order, ctx: Context) -> Outcome:
    """Whether a drug new to the patient starts above the usual first dose."""
    verdict = judge(rule.when, ctx, order)
    if rule.when.predicates and not verdict.holds:
        return cannot(verdict.why) if verdict.holds is None else not_fired(verdict.why)
    new = new_start(order, ctx)
    if new is None:
        return cannot(f"{no_medication_list(ctx)}, so a new start cannot be told from a refill")
    if not new:
        return not_fired("the patient already has this ingredient")
    if ctx.patient.adult is False:
        return not_fired("adult starting doses do not apply to a child")
    first = _first(rule, order)
    if first is None:
        return cannot(f"daily dose not readable: {order.dose.why}")
    limit = _limit(rule, order, ctx)
    if first <= limit:
        return not_fired(lambda: f"{amount(first)} mg/day is a usual start (at most {amount(limit)})")
    if holds(rule.unless, ctx, order):
        return suppressed("a stated exception holds")
    severity, because = adjusted(statement.severity, statement, ctx, order)
    renal = renal_rule(order, ctx) is not None
    return fired(
        Finding(
            statement=statement,
            order=order.id,
            severity=by_dose_reading(severity, order, ctx, limit),
            words=lambda: Words(
                summary=filled(rule.summary, statement, order, ctx, dose=amount(first))
                if rule.summary
                else _summary(statement, order, ctx, severity, first, limit),
                reason=rule.reason,
                advice=(*because, rule.advice),
                basis=(
                    order_line(order, ctx),
                    *verdict.basis,
                    *(renal_lines(ctx) if renal else ()),
                ),
            ),
            dose=DoseAdvice(
                max_mg_per_day=None if rule.average else limit,
                regimens=rule.regimens if not renal or ctx.renal.crcl_low is not None else (),
            ),
        )
    )


def _first(rule: StartDose, order: Order) -> Decimal | None:
    """mg a day at the start: of a dose day, or on average where the statement asks for that."""
    dose = order.dose
    if not rule.average or dose.start_mg_per_day is None:
        return dose.start_mg_per_day
    rate = dose.min_mg_per_day if "titration" in dose.flags else dose.max_mg_per_day
    return dose.start_mg_per_day if rate is None else min(dose.start_mg_per_day, rate)


def _limit(rule: StartDose, order: Order, ctx: Context) -> Decimal:
    band = renal_band(order, ctx) if rule.use_renal_band_start else None
    if band is None or band.start_mg_per_day is None:
        return rule.max_mg_per_day
    return min(rule.max_mg_per_day, band.start_mg_per_day)


def _summary(
    statement: Statement, order: Order, ctx: Context, severity: Indicator, first: Decimal, limit: Decimal
) -> str:
    drug = drug_name(statement, order)
    band = renal_band(order, ctx)
    crcl = ctx.renal.crcl if band is not None else None
    if (
        severity > statement.severity
        and band is not None
        and band.max_mg_per_day is not None
        and crcl is not None
    ):
        return say(
            "start-near-cut-off",
            drug=drug,
            limit=amount(limit),
            crcl=whole(crcl),
            creatinine=f"creatinine {ctx.renal.creatinine_original}",
            ceiling=amount(band.max_mg_per_day),
        )
    return say("start", drug=drug, dose=amount(first), limit=amount(limit))
