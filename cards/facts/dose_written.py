"""The structured part of a Dosage of any FHIR version: amount, rate, and the limits around them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

from cards.facts.daily_dose import DailyDose, lowest, merged_flags
from cards.facts.dose_amount import (
    Amount,
    Cap,
    NoAmount,
    Product,
    read_caps,
    read_range,
    read_ratio,
    read_single,
)
from cards.facts.dose_rate import NoRate, Rate
from cards.facts.dose_regimen import regimen
from cards.facts.dose_timing import read_timing
from cards.facts.resources import Resource, codings, concept_texts, number, obj, objects, period
from cards.facts.sig import read_sig
from cards.facts.sig_rate import clause_rate

Entry = Amount | NoAmount

# R4 keeps these in doseAndRate, STU3 and DSTU2 in the Dosage itself; DSTU1 says `dose`.
_DOSES: tuple[tuple[str, Callable[[object, Product], Entry]], ...] = (
    ("doseQuantity", read_single), ("doseSimpleQuantity", read_single), ("doseRange", read_range),
    ("dose", read_single), ("quantityQuantity", read_single), ("quantityRange", read_range),
    ("quantity", read_single),
)  # fmt: skip
_RATES: tuple[tuple[str, Callable[[object, Product], Entry]], ...] = (
    ("rateQuantity", read_single), ("rateSimpleQuantity", read_single), ("rateRange", read_range),
    ("rateRatio", read_ratio), ("rate", read_ratio),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Written:
    """What the structured part of a Dosage states.

    `others` are readable alternatives that differ from the amount; `most_single` caps one dose in mg.
    """

    amount: Entry
    rate: Rate | NoRate
    others: tuple[Amount, ...] = ()
    prn: bool = False
    caps: tuple[Cap, ...] = ()
    most_single: Decimal | None = None
    sequence: Decimal | None = None
    start: datetime | None = None
    end: datetime | None = None

    @property
    def has_amount(self) -> bool:
        """Whether any dose was written, readable or not."""
        return isinstance(self.amount, Amount) or self.amount.present

    @property
    def has_rate(self) -> bool:
        """Whether any frequency was written, readable or not."""
        return isinstance(self.rate, Rate) or self.rate.present


def read_written(dosage: Resource, product: Product) -> Written:
    """The structured amount, timing and limits of one Dosage."""
    amount, others = _amount(dosage, product)
    timing = dosage.get("timing") if dosage.get("timing") is not None else dosage.get("scheduledTiming")
    most = read_single(dosage.get("maxDosePerAdministration"), product)
    bounds = period(obj(obj(timing).get("repeat")).get("boundsPeriod"), UTC)
    return Written(
        amount=amount,
        rate=_rate(timing),
        others=others,
        prn=_as_needed(dosage),
        caps=read_caps(dosage.get("maxDosePerPeriod"), product),
        most_single=most.high if isinstance(most, Amount) and most.per == "dose" and most.high > 0 else None,
        sequence=number(dosage.get("sequence")),
        start=bounds[0].earliest if bounds[0] else None,
        end=bounds[1].earliest if bounds[1] else None,
    )


def structured_dose(written: Written, product: Product) -> DailyDose:
    """The dose that the structured part alone gives."""
    amount = written.amount
    dose = regimen(amount, written.rate, prn=written.prn, caps=written.caps, most_single=written.most_single)
    if dose.peak_day_mg is not None and isinstance(amount, Amount) and amount.by_strength and product.named:
        why = f"{dose.why}; the strength was read from the product's name"
        dose = replace(dose, confidence=lowest(dose.confidence, "medium"), why=why)
    return _with_alternatives(dose, amount, written.others) if written.others else dose


def _rate(timing: object) -> Rate | NoRate:
    """The rate of a Timing; a code that is only text may be a phrase of the sig reader."""
    rate = read_timing(timing)
    if isinstance(rate, Rate) or not rate.present:
        return rate
    for name in concept_texts(obj(timing).get("code")):
        sig = read_sig(name)
        if (
            len(sig.steps) == 1
            and len(sig.steps[0]) == 1
            and not (sig.open or sig.caps or sig.steps[0][0].quantities)
        ):
            phrase = clause_rate(sig.steps[0][0])
            if isinstance(phrase, Rate) or phrase.event:
                return replace(phrase, wear_h=rate.wear_h)
    return rate


def _amount(dosage: Resource, product: Product) -> tuple[Entry, tuple[Amount, ...]]:
    """The amount that counts, and readable alternatives that differ from it.

    Several `doseAndRate` are the same dose said several ways, never a sum: the one typed "ordered" wins,
    else what they agree on, else the larger.
    """
    entries = [
        (_kind(entry), read)
        for entry in objects(dosage.get("doseAndRate"))
        if (read := _entry(entry, product))
    ]
    if not entries:
        flat = _entry(dosage, product)
        return (
            (flat, ()) if flat is not None else (NoAmount("no-dose", "no dose quantity is given", False), ())
        )
    ordered = [read for kind, read in entries if kind == "ordered"]
    readable = [read for read in ordered if isinstance(read, Amount)]
    if not readable:
        stated = [read for kind, read in entries if kind != "calculated" and isinstance(read, Amount)]
        readable = stated or [read for _kind_, read in entries if isinstance(read, Amount)]
    if not readable:
        return (ordered or [read for _kind_, read in entries])[0], ()
    largest = max(readable, key=lambda one: (one.high, one.low))
    others = tuple(
        one for one in readable if (one.low, one.high, one.per) != (largest.low, largest.high, largest.per)
    )
    return largest, others


def _kind(entry: Resource) -> str:
    concept = entry.get("type")
    for code in codings(concept):
        return code.code.lower()
    return next((name.lower() for name in concept_texts(concept)), "")


def _entry(entry: Resource, product: Product) -> Entry | None:
    """The dose of an entry, else its rate; a rate beside a dose is only how fast it is given."""
    for table, by_rate in ((_DOSES, False), (_RATES, True)):
        for name, read in table:
            if entry.get(name) is None or (name == "quantity" and "quantityQuantity" in entry):
                continue
            found = read(entry[name], product)
            if by_rate and isinstance(found, Amount) and found.per == "dose":
                return NoAmount("no-dose", "the rate is not an amount per time")
            return found
    return None


def _with_alternatives(dose: DailyDose, amount: Entry, others: tuple[Amount, ...]) -> DailyDose:
    least = dose.least_peak_mg
    if least is not None and isinstance(amount, Amount) and amount.high > 0:
        least = least * min(one.high for one in others) / amount.high
    return replace(
        dose,
        least_peak_mg=least,
        confidence=lowest(dose.confidence, "low"),
        flags=merged_flags(dose.flags, ("dose-alternatives-differ",)),
        why=f"{dose.why}; the largest of several stated doses",
    )


def _as_needed(dosage: Resource) -> bool:
    for name in ("asNeededBoolean", "asNeeded"):
        value = dosage.get(name)
        if value is True or (isinstance(value, str) and value.strip().lower() == "true"):
            return True
    reasons = (dosage.get("asNeededCodeableConcept"), dosage.get("asNeededFor"), dosage.get("asNeeded"))
    return any(bool(codings(one) or concept_texts(one)) for one in reasons if not isinstance(one, str))
