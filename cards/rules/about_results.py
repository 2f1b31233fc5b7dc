"""Predicates about kidney function and laboratory results."""

import re
from datetime import tzinfo
from decimal import Decimal

from cards.facts.lab_table import LABS
from cards.facts.lab_values import LabValue
from cards.facts.record import Record
from cards.rules.answer import Answer, Check, Situation, unknown, whether
from cards.rules.context import daily_exposure, renal_band, renal_rule
from cards.wording import whole

# More days than any order lies ahead.
ANY_TIME = Decimal(36_500)
_ALLELE = re.compile(r"HLA-([A-Z])-(\d\d)(\d\d)")


def crcl_below(situation: Situation, limit: Decimal) -> Answer:
    """CrCl (mL/min, cautious reading) is below the limit, or creatinine is rising."""
    renal = situation.ctx.renal
    if renal.basis == "aki":
        return whether(renal.rising or renal.oliguria, "Creatinine is rising", "changing")
    if renal.basis == "haemodialysis":
        return whether(True, "On haemodialysis", "on dialysis")
    if renal.crcl_low is None:
        return unknown(f"kidney function not known: {renal.why}")
    crcl = renal.crcl_low
    return whether(crcl < limit, lambda: f"CrCl {whole(crcl)} mL/min", lambda: whole(crcl))


def egfr_below(situation: Situation, limit: Decimal) -> Answer:
    """eGFR (mL/min/1.73 m2), as reported or calculated, is below the limit."""
    renal = situation.ctx.renal
    if renal.basis == "haemodialysis":
        return whether(True, "On haemodialysis", "on dialysis")
    if renal.egfr is None:
        return unknown(f"eGFR not known: {renal.why}")
    egfr = renal.egfr
    return whether(egfr < limit, lambda: f"eGFR {whole(egfr)} mL/min/1.73 m²", lambda: whole(egfr))


def on_haemodialysis(situation: Situation) -> Answer:
    """The patient is on haemodialysis."""
    return whether(situation.ctx.renal.basis == "haemodialysis", "On haemodialysis")


def over_next_renal_band(situation: Situation) -> Answer:
    """CrCl is just above a cut-off, and the dose over what the band below it allows."""
    order, ctx = situation.order, situation.ctx
    rule, band = renal_rule(order, ctx), renal_band(order, ctx)
    crcl, exposure = ctx.renal.crcl_low, daily_exposure(order, ctx)
    if rule is None or band is None or band.low == 0:
        return whether(False)
    if crcl is None or exposure is None:
        return unknown("kidney function or dose not known")
    if crcl > band.low * (1 + rule.near_percent / 100):
        return whether(False)
    below = next(b for b in rule.bands if b.high == band.low and b is not band)
    return whether(below.avoid or (below.max_mg_per_day is not None and exposure > below.max_mg_per_day))


def _lab(situation: Situation, name: str, days: Decimal) -> LabValue | Answer:
    """A result that is not too old."""
    found = situation.ctx.labs.latest(name)
    if isinstance(found, str):
        return unknown(found)
    if found.age_days > days:
        return unknown(f"the last {LABS[name].title} is {found.age_days} days old")
    return found


def _words(zone: tzinfo, name: str, found: LabValue) -> str:
    day = found.observed.astimezone(zone).date().isoformat()
    return f"{LABS[name].title} {found.original} of {day}, {found.age_days} days old"


def lab_below(situation: Situation, name: str, limit: Decimal, days: Decimal) -> Answer:
    """The last result, at most so many days old, is below the limit."""
    read = _lab(situation, name, days)
    if isinstance(read, Answer):
        return read
    value, comparator, zone = read.value, read.comparator, situation.ctx.policy.zone
    if comparator in (">", ">=") and value < limit:
        return unknown(lambda: f"{_words(zone, name, read)} is not exact")
    below = value < limit or (comparator == "<" and value <= limit)
    return whether(below, lambda: _words(zone, name, read), lambda: _short(value))


def lab_above(situation: Situation, name: str, limit: Decimal, days: Decimal) -> Answer:
    """The last result, at most so many days old, is above the limit."""
    read = _lab(situation, name, days)
    if isinstance(read, Answer):
        return read
    value, comparator, zone = read.value, read.comparator, situation.ctx.policy.zone
    if comparator in ("<", "<=") and value > limit:
        return unknown(lambda: f"{_words(zone, name, read)} is not exact")
    above = value > limit or (comparator == ">" and value >= limit)
    return whether(above, lambda: _words(zone, name, read), lambda: _short(value))


def lab_recent(situation: Situation, name: str, days: Decimal) -> Answer:
    """There is a result at most so many days old."""
    found = situation.ctx.labs.latest(name)
    if isinstance(found, str):
        return whether(False, found)
    zone = situation.ctx.policy.zone
    return whether(found.age_days <= days, lambda: _words(zone, name, found))


def blood_pressure_at_least(
    situation: Situation, systolic: Decimal, diastolic: Decimal, days: Decimal
) -> Answer:
    """The last blood pressure, at most so many days old, reaches one of the two limits (mmHg)."""
    upper, lower = situation.ctx.labs.latest("systolic"), situation.ctx.labs.latest("diastolic")
    if isinstance(upper, str) or upper.age_days > days:
        record, key = situation.ctx.record, LABS["systolic"].key
        return unknown(
            "no recent blood pressure on file"
            if record.state(key) == "given"
            else record.none_there(key, "blood pressure")
        )
    high = upper.value >= systolic
    written = whole(upper.value)
    if not isinstance(lower, str) and lower.observed == upper.observed:
        high, written = high or lower.value >= diastolic, f"{written}/{whole(lower.value)}"
    day = upper.observed.astimezone(situation.ctx.policy.zone).date().isoformat()
    return whether(high, f"Blood pressure {written} mmHg of {day}", written)


def lab_planned(situation: Situation, name: str, days: Decimal) -> Answer:
    """An order for this test is active or among the drafts, due within so many days or without a date."""
    lab = LABS[name]
    for event in situation.ctx.planned:
        if lab.value_set in event.value_sets:
            if event.when is None:
                return whether(True, f"{lab.title} is ordered")
            if (
                event.when.earliest - situation.ctx.now
            ).days <= days and event.when.latest >= situation.ctx.now:
                return whether(True, f"{lab.title} is ordered for {event.when.earliest.date().isoformat()}")
    return whether(False, f"no {lab.title} ordered")


def result_positive(situation: Situation, value_set: str) -> Answer:
    """A test of the set was positive."""
    positive, record = situation.ctx.labs.positive(value_set), situation.ctx.record
    if positive is None:
        return unknown(lambda: _no_result(record, value_set))
    return whether(
        positive, lambda: f"Result of {_called(value_set)}: {'positive' if positive else 'negative'}"
    )


def result_on_file(situation: Situation, value_set: str) -> Answer:
    """A test of the set has a readable result."""
    found, record = situation.ctx.labs.positive(value_set) is not None, situation.ctx.record
    return whether(found, "" if found else lambda: _no_result(record, value_set))


def _called(value_set: str) -> str:
    """ "HLA-B*15:02" of "hla-b-1502"."""
    return _ALLELE.sub(r"HLA-\1*\2:\3", value_set.upper())


def _no_result(record: Record, value_set: str) -> str:
    """These are genetic results: no other test is asked for by a set of its own."""
    return record.none_there("genetics", f"{_called(value_set)} result")


def _short(value: Decimal) -> str:
    return f"{value.quantize(Decimal('0.1')).normalize():f}"


# What depends on the order too; the rest on the patient alone.
OF_ORDER = frozenset({"over-next-renal-band", "lab-planned"})

CHECKS: dict[str, Check] = {
    "crcl-below": crcl_below,
    "egfr-below": egfr_below,
    "on-haemodialysis": on_haemodialysis,
    "over-next-renal-band": over_next_renal_band,
    "lab-below": lab_below,
    "lab-above": lab_above,
    "lab-recent": lab_recent,
    "blood-pressure-at-least": blood_pressure_at_least,
    "lab-planned": lab_planned,
    "result-positive": result_positive,
    "result-on-file": result_on_file,
}
