"""What a renal-dose statement says when kidney function is not known."""

from cards.card import Indicator
from cards.facts.medications import Order
from cards.finding import Finding, Outcome, Words, cannot
from cards.knowledge.rule_types import RenalDose
from cards.knowledge.statements import Statement
from cards.rules.basis import drug_name, order_line, renal_lines
from cards.rules.context import Context, daily_exposure
from cards.rules.predicates import matching
from cards.wording import amount, say

# A result that is there but cannot be used is an error in the record, and said whatever the dose.
_UNUSABLE = {"implausible", "no-unit", "comparator", "future"}


def missing(statement: Statement, rule: RenalDose, order: Order, ctx: Context) -> Outcome:
    """One info where the statement's `when_missing` holds, or where a result on file is unusable."""
    why = f"kidney function not known: {ctx.renal.why}"
    if _safe_one_band_lower(rule, order, ctx):
        return cannot(f"{why}; the dose is inside the label one band below the eGFR")
    asked = matching(rule.when_missing, ctx, order)
    if asked is None and ctx.renal.issue not in _UNUSABLE:
        return cannot(why)
    because = f"Asked for because: {asked}." if asked else ""
    return cannot(
        why,
        Finding(
            statement=statement,
            order=order.id,
            severity=Indicator.info,
            words=lambda: Words(
                summary=_summary(statement, order, ctx),
                reason=(
                    "The dose ceiling of this drug depends on kidney function, which could not be worked out: "
                    f"{ctx.renal.why}."
                ),
                advice=_advice(rule, ctx, because),
                basis=(order_line(order, ctx), *renal_lines(ctx)),
            ),
            topic="data",
            order_creatinine=ctx.renal.issue not in ("no-weight", "no-age"),
        ),
    )


def _safe_one_band_lower(rule: RenalDose, order: Order, ctx: Context) -> bool:
    """Whether only the weight is missing, and the dose keeps the ceiling of the band below the one of the eGFR.

    An eGFR per 1.73 m2 is not the clearance of this body, so a whole band is left as a margin.
    """
    egfr, exposure = ctx.renal.egfr, daily_exposure(order, ctx)
    if ctx.renal.issue != "no-weight" or egfr is None or exposure is None:
        return False
    band = rule.band_at(egfr)
    below = next((one for one in rule.bands if one.high == band.low and one is not band), None)
    if below is None or below.avoid or below.max_mg_per_day is None or below.scale_to is not None:
        return False
    return exposure <= below.max_mg_per_day


def _advice(rule: RenalDose, ctx: Context, because: str) -> tuple[str, ...]:
    renal = ctx.renal
    if renal.issue in _UNUSABLE:
        next_step = "Correct or repeat the result."
    elif renal.issue == "no-weight":
        next_step = "Consider recording a weight, from which the clearance is worked out."
    elif renal.issue == "no-age":
        next_step = "Consider completing the birth date, from which the clearance is worked out."
    elif ctx.record.state("kidney") == "given":
        next_step = "Consider a serum creatinine before or soon after the first doses."
    else:
        next_step = (
            "Look for a creatinine in the record, which did not reach this service; "
            "else consider one before or soon after the first doses."
        )
    floor = f"{amount(rule.floor_mg_per_day)} mg/day is inside the label at any kidney function."
    avoid = any(band.avoid for band in rule.bands)
    return tuple(part for part in (because, next_step, "" if avoid else floor) if part)


def _summary(statement: Statement, order: Order, ctx: Context) -> str:
    renal, exposure = ctx.renal, daily_exposure(order, ctx)
    drug, lacking = drug_name(statement, order), _lacking(ctx)
    if exposure is None:
        return say("renal-missing-unreadable", lacking=lacking, drug=drug)
    key = "renal-not-checked" if renal.issue in _UNUSABLE else "renal-missing"
    if renal.issue in ("no-weight", "no-age"):
        key = "renal-missing-weight"
    return say(key, lacking=lacking, drug=drug, dose=amount(exposure))


def _lacking(ctx: Context) -> str:
    """What stands in the way: nothing on file, nothing supplied, not to be read, or not usable."""
    renal = ctx.renal
    if renal.issue == "implausible" and renal.creatinine_original:
        return say("lacking-implausible", original=renal.creatinine_original)
    if renal.issue in _UNUSABLE:
        return say("lacking-unusable", short=renal.issue.replace("-", " "))
    if renal.issue == "expired" and renal.creatinine_age_days is not None:
        return say("lacking-expired", days=renal.creatinine_age_days)
    if renal.issue == "no-age":
        return say("lacking-no-age")
    key, what = ("body", "weight") if renal.issue == "no-weight" else ("kidney", "creatinine")
    none = ctx.record.none_there(key, what)
    said = none if renal.why == none else say("lacking-on-file", what=what)
    return said[:1].upper() + said[1:]
