# ruff: noqa: T201  printing is what this module is for
"""What a terminology lookup costs: `python -m tests.performance.bench_terminology`.

Prints microseconds and how many lookups of the kind cost as much as one parse of a small JSON order, a
figure that does not depend on the machine. The targets (under 5 us remembered, under 50 us new) hold on an
idle core of 2020 or later.
"""

import json
import time
from collections.abc import Callable, Sequence

from terminology.coding import ICD10CM, LOINC, RXNORM, SNOMED, Coding
from terminology.load import Terminology, load

Row = tuple[str, float, float | None]
_ROUNDS = 5
_CODES = 2_000
_OTHER_DRUGS = (
    "amoxicillin capsule", "cholecalciferol", "Amoxil", "albuterol sulfate inhalation solution",
    "penicillin v potassium oral tablet", "loratadine", "montelukast sodium chewable tablet", "Xalatan eye drops",
    "bimatoprost ophthalmic solution", "hydroxyzine pamoate", "influenza virus vaccine",
)  # fmt: skip
_ORDER = json.dumps(
    {
        "resourceType": "MedicationRequest",
        "medicationCodeableConcept": {"coding": [{"system": RXNORM, "code": "310431"}], "text": "x" * 40},
        "dosageInstruction": [{"timing": {"repeat": {"frequency": 3, "period": 1, "periodUnit": "d"}}}] * 4,
    }
)


def lookup_costs() -> list[Row]:
    """Rows of (what, microseconds, target in microseconds or None); the fastest of five rounds each."""
    products = list(load().medication_tables.products)[:: max(1, 20_000 // _CODES)][:_CODES]
    fresh = [_each(load(), products, _by_code) for _ in range(_ROUNDS)]
    texts = [_each(load(), products, _by_text) for _ in range(_ROUNDS)]
    terms = load()
    few = products[:500]
    _each(terms, few, _by_code)
    remembered = [_each(terms, few, _by_code) for _ in range(_ROUNDS)]
    unknown = [_each(load(), products, _unknown) for _ in range(_ROUNDS)]
    sets = [_each(terms, products, _value_set) for _ in range(_ROUNDS)]
    return [
        ("product code, remembered", min(remembered), 5),
        ("product code, new", min(fresh), 50),
        ("text that names a product, new", min(texts), 50),
        ("text that names no known drug, new", min(unknown), 50),
        ("value sets of a code", min(sets), 5),
    ]


def main() -> None:
    """Prints the table."""
    parse = min(_parse() for _ in range(_ROUNDS))
    print(f"{'lookup':<40}{'us':>8}{'target':>8}{'per JSON order':>16}")
    for what, cost, target in lookup_costs():
        print(f"{what:<40}{cost:>8.1f}{target or '':>8}{cost / parse:>16.2f}")


def _each(
    terms: Terminology, codes: Sequence[str], lookup: Callable[[Terminology, str, int], object]
) -> float:
    began = time.thread_time()
    for place, code in enumerate(codes):
        lookup(terms, code, place)
    return (time.thread_time() - began) / len(codes) * 1e6


def _by_code(terms: Terminology, code: str, place: int) -> object:
    del place
    return terms.medication((Coding(RXNORM, code),), ())


def _by_text(terms: Terminology, code: str, place: int) -> object:
    del place
    return terms.medication((), (terms.medication_tables.products[code].name,))


def _unknown(terms: Terminology, code: str, place: int) -> object:
    del code
    return terms.medication((), (f"{_OTHER_DRUGS[place % len(_OTHER_DRUGS)]} {place} mg",))


def _value_set(terms: Terminology, code: str, place: int) -> object:
    some = (
        Coding(ICD10CM, "N18.32"),
        Coding(LOINC, "2160-0"),
        Coding(SNOMED, "46177005"),
        Coding(SNOMED, code),
    )
    return terms.value_sets(some[place % len(some)])


def _parse() -> float:
    began = time.thread_time()
    for _ in range(2_000):
        json.loads(_ORDER)
    return (time.thread_time() - began) / 2_000 * 1e6


if __name__ == "__main__":
    main()
