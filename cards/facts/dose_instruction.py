"""One Dosage: its structured dose, its text, and what to do where the two differ.

Structured beats text. A text that gives another total keeps the larger of the two with low confidence; a
text that cannot be read says nothing against a structured dose. A text alone, or one that supplies what the
structured part leaves out, is read with medium confidence.
"""

from dataclasses import replace
from decimal import Decimal

from cards.facts.daily_dose import DailyDose, lowest, merged_flags, plain
from cards.facts.dose_amount import Amount, Product
from cards.facts.dose_rate import Rate
from cards.facts.dose_regimen import capped
from cards.facts.dose_sequence import Reading
from cards.facts.dose_written import Written, read_written, structured_dose
from cards.facts.resources import Resource, text
from cards.facts.sig import Sig, read_sig
from cards.facts.sig_dose import day_parts, sig_dose
from cards.facts.sig_words import mentions_dose

_TOLERANCE = Decimal("0.01")


def read_instruction(
    dosage: Resource, product: Product, drug_words: frozenset[str] = frozenset(), *, alone: bool = True
) -> Reading | None:
    """The reading of one Dosage; None where it states no dose and no timing, only advice or nothing.

    `alone`: the order has no other instruction, so a text of several steps describes this one.
    """
    written = read_written(dosage, product)
    said = text(dosage.get("text"))
    sig = read_sig(said, drug_words) if said else Sig(advice=True)
    if not written.has_amount and not written.has_rate:
        if sig.advice or (sig.problem and not alone and not mentions_dose(said)):
            return None if not written.caps else Reading(dose=_only_caps(written))
        return _placed(_with_limits(sig_dose(sig, product), written), written, day_parts(sig))
    dose = structured_dose(written, product)
    if not (sig.problem or sig.advice) and (alone or len(sig.steps) == 1):
        dose = _beside_text(dose, sig, written, product)
    return _placed(dose, written)


def _placed(dose: DailyDose, written: Written, named: frozenset[str] = frozenset()) -> Reading:
    rate = written.rate if isinstance(written.rate, Rate) else None
    return Reading(
        dose=dose,
        sequence=written.sequence,
        start=written.start,
        end=written.end,
        parts=rate.parts if rate else named,
        days=rate.days if rate else frozenset(),
        times=rate.times if rate else (),
    )


def _with_limits(dose: DailyDose, written: Written) -> DailyDose:
    """A text's dose under the structured "as needed" and maximum of its Dosage."""
    if written.prn:
        low = None if dose.min_mg_per_day is None else Decimal(0)
        dose = replace(dose, as_needed=True, min_mg_per_day=low)
    return capped(dose, written.caps)


def _only_caps(written: Written) -> DailyDose:
    most = min(cap.mg * 24 / cap.hours for cap in written.caps)
    return DailyDose(
        max_mg_per_day=most,
        peak_day_mg=most,
        least_peak_mg=most,
        start_mg_per_day=most,
        as_needed=written.prn,
        confidence="low",
        flags=("max-only",),
        why=f"only a maximum of {plain(most)} mg a day is stated",
    )


def _beside_text(dose: DailyDose, sig: Sig, written: Written, product: Product) -> DailyDose:
    amount = written.amount if isinstance(written.amount, Amount) else None
    rate = written.rate if isinstance(written.rate, Rate) else None
    if amount is not None and amount.per == "hour":
        return dose
    counted = any(
        quantity.unit is None for step in sig.steps for clause in step for quantity in clause.quantities
    )
    if dose.peak_day_mg is None and amount is None and counted:
        return dose  # a bare number beside a missing dose: of what is not said
    told = _with_limits(sig_dose(sig, product, amount, rate), written)
    if told.peak_day_mg is None:
        return dose
    if dose.peak_day_mg is not None:
        same = _close(dose.peak_day_mg, told.peak_day_mg) and _close(dose.max_mg_per_day, told.max_mg_per_day)
        return dose if same else _conflict(dose, told)
    other_dose = amount is not None and not _close(amount.high, told.max_single_mg)
    other_rate = rate is not None and told.doses_per_day != rate.peak
    flags = merged_flags(
        told.flags, ("read-from-text",), ("text-structured-conflict",) if other_dose or other_rate else ()
    )
    return replace(
        told, confidence=lowest(told.confidence, "low" if other_dose or other_rate else "medium"), flags=flags
    )


def _conflict(dose: DailyDose, told: DailyDose) -> DailyDose:
    """The larger of two readings, and the smaller one as its least."""

    def size(one: DailyDose) -> tuple[Decimal, Decimal]:
        return (one.peak_day_mg or Decimal(0), one.max_mg_per_day or Decimal(0))

    larger = max(dose, told, key=size)
    least = min(one.least_peak_mg for one in (dose, told) if one.least_peak_mg is not None)
    return replace(
        larger,
        least_peak_mg=least,
        confidence="low",
        flags=merged_flags(larger.flags, ("text-structured-conflict",)),
        why=f"structured: {dose.why}; the text says otherwise ({told.why}), the larger counts",
    )


def _close(one: Decimal | None, other: Decimal | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= _TOLERANCE * max(one, other)
