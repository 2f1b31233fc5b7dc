"""What a sig gives in mg a day: its clauses through the strength of the product and the patient's weight."""

from dataclasses import replace
from decimal import Decimal

from cards.facts.daily_dose import DailyDose, as_decimal, lowest, merged_flags, plain
from cards.facts.dose_amount import Amount, Cap, NoAmount, Product, to_amount
from cards.facts.dose_rate import NoRate, Rate
from cards.facts.dose_regimen import regimen
from cards.facts.dose_sequence import Reading, in_sequence, together
from cards.facts.sig import Sig
from cards.facts.sig_cursor import Clause
from cards.facts.sig_phrases import SigQuantity
from cards.facts.sig_rate import EACH, clause_rate, daily_total

_MOST_BARE = 10  # "300 TID" means mg, "2 TID" tablets
_TOLERANCE = Decimal("0.01")  # "33.3 mg" beside a third of 100 mg is no contradiction


def sig_dose(sig: Sig, product: Product, amount: Amount | None = None, rate: Rate | None = None) -> DailyDose:
    """The dose of a sig; `amount` and `rate` stand in where a one-clause text leaves them out."""
    if sig.problem or sig.advice:
        return DailyDose(why=sig.problem or "the text states no dose and no timing")
    if sig.hold:
        zero = Decimal(0)
        return DailyDose(
            min_mg_per_day=zero, max_mg_per_day=zero, max_single_mg=zero, peak_day_mg=zero, least_peak_mg=zero,
            start_mg_per_day=zero, confidence="medium", flags=("hold",), why="the text says to hold the drug",
        )  # fmt: skip
    alone = len(sig.steps) == 1 and len(sig.steps[0]) == 1
    steps = [
        together(
            [
                _clause(clause, sig, product, amount if alone else None, rate if alone else None)
                for clause in step
            ],
            stated=_clear(step),
        )
        for step in sig.steps
    ]
    dose = in_sequence(steps) if steps else DailyDose(why="the text states no dose")
    if sig.open or (sig.caps and not sig.steps):
        return _open_ended(dose, sig, product)
    return replace(dose, confidence=lowest(dose.confidence, "medium"), why=f"text: {dose.why}")


def day_parts(sig: Sig) -> frozenset[str]:
    """The day parts that a text of one step names, where each of its clauses names one."""
    clauses = sig.steps[0] if len(sig.steps) == 1 else ()
    named = all(clause.parts for clause in clauses)
    return frozenset(part for clause in clauses for part in clause.parts) if named else frozenset()


def _clear(step: tuple[Clause, ...]) -> bool:
    """Whether clauses side by side are plainly given together: at most one has no day part, days or "as needed"."""
    return sum(not (clause.parts or clause.days or clause.prn) for clause in step) <= 1


def _clause(clause: Clause, sig: Sig, product: Product, amount: Amount | None, rate: Rate | None) -> Reading:
    timing = clause_rate(clause)
    if isinstance(timing, NoRate) and rate is not None and not clause.event:
        timing = replace(rate, prn=rate.prn or clause.prn)
    found, flags, least = _amount(clause, product, timing)
    if isinstance(found, NoAmount) and not found.present and amount is not None:
        found = amount
    caps, most = _caps(sig, found, product)
    dose = regimen(found, timing, prn=clause.prn, caps=caps, most_single=most)
    if flags and dose.peak_day_mg is not None:
        scaled = None if dose.least_peak_mg is None else dose.least_peak_mg * least
        dose = replace(dose, confidence="low", least_peak_mg=scaled, flags=merged_flags(dose.flags, flags))
    rated = timing if isinstance(timing, Rate) else None
    return Reading(
        dose=dose,
        parts=rated.parts if rated else frozenset(),
        days=rated.days if rated else frozenset(),
        times=(),
    )


def _amount(
    clause: Clause, product: Product, rate: Rate | NoRate
) -> tuple[Amount | NoAmount, tuple[str, ...], Decimal]:
    """The amount of a clause, flags where its statements disagree, and the share of the smaller statement."""
    one = Decimal(1)
    masses = [q for q in clause.quantities if q.unit is not None and q.unit.kind.startswith("mass")]
    counts = [q for q in clause.quantities if q not in masses]
    if not clause.quantities:
        return NoAmount("no-dose", "the text gives no dose", False), (), one
    first = counts[0] if counts else masses[0]
    found = _convert(first, clause, product)
    rest = [q for q in clause.quantities if q is not first]
    if isinstance(found, NoAmount):
        return _by_stated_mass(first, masses, found) if counts and masses else (found, (), one)
    for other in rest:
        stated = _convert(other, clause, product)
        if isinstance(stated, NoAmount) or _agrees(found, stated, other, rate, product):
            continue
        if other in counts or stated.per != found.per:
            return NoAmount("unit-unknown", "the text states two doses that do not fit together"), (), one
        whole = stated.high * first.high if other.of_unit else stated.high
        larger, smaller = max(whole, found.high), min(whole, found.high)
        low = max(found.low, stated.low * first.low if other.of_unit else stated.low)
        mixed = replace(found, low=min(low, larger), high=larger)
        return mixed, ("text-strength-conflict",), smaller / larger if larger else one
    return found, (), one


def _convert(quantity: SigQuantity, clause: Clause, product: Product) -> Amount | NoAmount:
    bare = quantity.unit is None
    if bare and quantity.high > _MOST_BARE:
        return NoAmount("no-unit", "the text has a dose without a unit that may be mg")
    found = to_amount(quantity.low, quantity.high, quantity.unit or EACH, "each" if bare else "unit", product)
    if isinstance(found, NoAmount) and found.flag == "no-strength" and bare:
        return replace(found, why="the text counts units and the strength of one is not known")
    if not isinstance(found, Amount) or found.per != "dose":
        return found
    return replace(found, per="day") if clause.divided or daily_total(quantity) else found


def _agrees(found: Amount, stated: Amount, other: SigQuantity, rate: Rate | NoRate, product: Product) -> bool:
    """Whether a second statement repeats the first: per unit, per dose or for the whole day."""
    strength = product.strength
    readings = [(found.low, found.high)]
    if strength is not None and strength.per == "unit":
        readings.append((strength.mg, strength.mg))
    if isinstance(rate, Rate) and other.bracketed:
        readings.append((found.low * rate.low.numerator / rate.low.denominator, found.high * rate.peak))
    return any(_close(stated.low, low) and _close(stated.high, high) for low, high in readings)


def _close(one: Decimal, other: Decimal) -> bool:
    return abs(one - other) <= _TOLERANCE * max(one, other)


def _by_stated_mass(
    count: SigQuantity, masses: list[SigQuantity], missing: NoAmount
) -> tuple[Amount | NoAmount, tuple[str, ...], Decimal]:
    """A count without a known strength beside mg: the mg of one unit, or of the whole dose."""
    one = Decimal(1)
    mass = masses[0]
    total = to_amount(mass.low, mass.high, mass.unit, "unit", Product())
    usable = missing.flag == "no-strength" and (count.unit is None or count.unit.kind == "use")
    if len(masses) > 1 or isinstance(total, NoAmount) or not usable or total.per != "dose":
        return missing, (), one
    each = replace(total, low=total.low * count.low, high=total.high * count.high, unit=count.unit)
    if mass.of_unit or count.low == count.high == 1:
        return each, (), one
    if not mass.bracketed and mass.low != mass.high:
        return missing, (), one
    return each, ("text-strength-ambiguous",), total.high / each.high if each.high > total.high else one


def _caps(sig: Sig, found: Amount | NoAmount, product: Product) -> tuple[tuple[Cap, ...], Decimal | None]:
    """The maxima of a text in mg: per period, and per dose. A bare number counts units of the dose."""
    caps, single = [], None
    for quantity, hours in sig.caps:
        mg = _cap_mg(quantity, found, product)
        if mg is None:
            continue
        if hours == 0:
            single = mg if single is None else min(single, mg)
        else:
            caps.append(Cap(mg, as_decimal(hours)))
    return tuple(caps), single


def _cap_mg(quantity: SigQuantity, found: Amount | NoAmount, product: Product) -> Decimal | None:
    if quantity.unit is None and isinstance(found, Amount):
        by_unit = found.by_strength and found.count and not quantity.of_unit
        return quantity.high * (found.high / found.count if by_unit and found.count else found.high)
    limit = to_amount(quantity.high, quantity.high, quantity.unit or EACH, "unit", product)
    return limit.high if isinstance(limit, Amount) and limit.per == "dose" else None


def _open_ended(dose: DailyDose, sig: Sig, product: Product) -> DailyDose:
    """An open alternative: only a stated maximum bounds the day; a known single dose is kept."""
    single = dose.max_single_mg
    caps = _caps(sig, NoAmount("no-dose", ""), product)[0]
    daily = [cap.mg * 24 / cap.hours for cap in caps]
    if daily:
        most = max(min(daily), dose.peak_day_mg or Decimal(0))
        return DailyDose(
            max_mg_per_day=most,
            max_single_mg=single,
            peak_day_mg=most,
            least_peak_mg=dose.peak_day_mg if dose.peak_day_mg is not None else most,
            start_mg_per_day=dose.start_mg_per_day,
            as_needed=dose.as_needed,
            confidence="low",
            flags=("max-only",),
            why=f"text: only a maximum of {plain(most)} mg a day is stated",
        )
    return DailyDose(
        max_single_mg=single,
        as_needed=dose.as_needed,
        confidence="low" if single is not None else "none",
        flags=("open-ended",),
        why="the text leaves the dose open (as directed, titrate or as needed on top)",
        patches_at_once=dose.patches_at_once,
    )
