"""The daily dose of one order from its dosage instructions, structured or written, of any FHIR version.

A dose that cannot be computed is null with a reason; nothing here raises on any JSON value.
"""

from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from typing import Any

import orjson

from cards.facts.daily_dose import DailyDose, plain
from cards.facts.dose_amount import NOT_WEIGHED, NeedsWeightError, Product, read_quantity
from cards.facts.dose_instruction import read_instruction
from cards.facts.dose_sequence import combine
from cards.facts.resources import as_list, obj, structure, text
from terminology.medications import Strength
from terminology.units import to_hours

__all__ = ["DailyDose", "read_dose"]

MAX_INSTRUCTIONS = 50
_TOO_MANY = f"more than {MAX_INSTRUCTIONS} dosage instructions"
_NOT_REPLACEABLE = frozenset({"one-off", "event-based", "hold", "max-only", "titration", "taper-down"})


def read_dose(
    instructions: object,
    *,
    strength: Strength | None,
    weight_kg: Decimal | None,
    dispense: object,
    strength_from_name: bool = False,
    drug_words: frozenset[str] = frozenset(),
) -> DailyDose:
    """The daily dose that `instructions` (dosageInstruction or dosage) give.

    `strength_from_name`: the strength was read from the product's name, so a dose that needs it is read
    with medium confidence at most. `drug_words` are names of the drug, in lower case, that a text may repeat.
    `dispense` only serves an estimate for a dose that is not computable.
    """
    dose = None
    key = structure(undated(instructions))
    if key is not None:
        dose = _remembered(key, strength, strength_from_name, drug_words)
    if dose is None:
        dose = _read(instructions, Product(strength, weight_kg, strength_from_name), drug_words)
    if dose.peak_day_mg is not None or dose.why == _TOO_MANY:
        return dose
    return _estimated(dose, strength, dispense)


def undated(instructions: Any) -> Any:
    """The instructions without the dates of a course, where these tell nothing about the dose.

    They tell nothing about that of a lone instruction, only about the order of several.
    """
    if isinstance(instructions, list) and len(instructions) == 1 and isinstance(instructions[0], dict):
        dosage = instructions[0]
        timing = dosage.get("timing")
        repeat = timing.get("repeat") if isinstance(timing, dict) else None
        if isinstance(timing, dict) and isinstance(repeat, dict) and "boundsPeriod" in repeat:
            rest = {name: value for name, value in repeat.items() if name != "boundsPeriod"}
            return [{**dosage, "timing": {**timing, "repeat": rest}}]
    return instructions


@lru_cache(maxsize=4096)
def _remembered(
    key: bytes, strength: Strength | None, strength_from_name: bool, drug_words: frozenset[str]
) -> DailyDose | None:
    """The dose of instructions; None where it depends on the patient's weight.

    Some hundred instructions make up most of the orders of a hospital.
    """
    try:
        return _read(orjson.loads(key), Product(strength, NOT_WEIGHED, strength_from_name), drug_words)
    except NeedsWeightError:
        return None


def _read(instructions: object, product: Product, drug_words: frozenset[str]) -> DailyDose:
    """The daily dose without the estimate from what is dispensed."""
    listed = [entry for entry in as_list(instructions) if isinstance(entry, dict) or text(entry)]
    if len(listed) > MAX_INSTRUCTIONS:
        return DailyDose(why=_TOO_MANY)
    dosages = [entry if isinstance(entry, dict) else {"text": entry} for entry in listed]
    alone = len(dosages) == 1
    found = [read_instruction(dosage, product, drug_words, alone=alone) for dosage in dosages]
    readings = [reading for reading in found if reading is not None]
    if not readings:
        why = "the instructions state no dose and no timing" if dosages else "no dosage instruction"
        return DailyDose(why=why)
    dose = combine(readings)
    if dose.peak_day_mg == 0 and "hold" not in dose.flags:
        dose = DailyDose(flags=("zero-dose",), why="the dose is 0, which is no dose and no explicit hold")
    if dose.peak_day_mg is None:
        return dose
    single = (
        dose.max_single_mg is not None
        and len(readings) == len(dosages) == 1
        and not _NOT_REPLACEABLE & set(dose.flags)
    )
    return replace(dose, single_instruction=single)


def _estimated(dose: DailyDose, strength: Strength | None, dispense: object) -> DailyDose:
    """A hint from the dispensed quantity over the days of supply, for a person who checks the order."""
    request = obj(dispense)
    quantity = read_quantity(request.get("quantity"))
    supply = read_quantity(request.get("expectedSupplyDuration"))
    hours = to_hours(supply.value, supply.unit) if supply is not None and supply.unit is not None else None
    if quantity is None or strength is None or not hours or strength.per not in ("unit", "mL"):
        return dose
    kinds = {"unit": "use", "mL": "volume"}
    if quantity.unit is not None and quantity.unit.kind != kinds[strength.per]:
        return dose
    daily = quantity.value * strength.mg * 24 / hours
    hint = f"the dispensed quantity would make about {plain(daily)} mg a day (estimate)"
    return replace(dose, dispense_estimate_mg=daily, why=f"{dose.why}; {hint}")
