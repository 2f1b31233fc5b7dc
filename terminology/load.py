"""The terminology, loaded once at start: medications, value sets and drug classes."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from terminology.coding import Coding
from terminology.csv_tables import TABLES
from terminology.medication_codes import MedicationTables, load_medication_tables
from terminology.medication_lookup import look_up, product
from terminology.medications import Medication, MedicationLookup, Release
from terminology.name_ingredients import SALTS
from terminology.name_lookalikes import by_length, lookalikes
from terminology.product_names import LONGEST_TEXT
from terminology.value_sets import ValueSets, load_value_sets

_REMEMBERED = 4096
_REMEMBERED_PARTS = 20


@dataclass(frozen=True, slots=True, eq=False)
class Terminology:
    """What codes and texts mean. Pure lookups; safe to share between threads."""

    version: str
    medication_tables: MedicationTables
    sets: ValueSets
    names: Mapping[int, tuple[str, ...]]
    on_market: Mapping[tuple[str, Release], tuple[Medication, ...]]

    def medication(self, codings: Sequence[Coding], texts: Sequence[str]) -> MedicationLookup:
        """The medication that these codes and texts name, the code leading. Never raises.

        Two medications where code and text name different drugs, or different strengths of one (the
        larger first); none, with a `why` and the names that resemble it, where nothing is recognised.
        """
        if len(codings) + len(texts) > _REMEMBERED_PARTS or any(len(one) > LONGEST_TEXT for one in texts):
            return _looked_up(self, tuple(codings), tuple(texts))
        return _remembered(self, tuple(codings), tuple(texts))

    def value_sets(self, coding: Coding) -> frozenset[str]:
        """Ids of the value sets that hold this code of this system."""
        return self.sets.of(coding)

    def has_name(self, name: str) -> bool:
        """Whether there is a value set, drug class or ingredient of that name."""
        return name in self.sets.sets or name in self.medication_tables.ingredients

    def classes(self, ingredient_name: str) -> frozenset[str]:
        """Drug classes of an ingredient by its RxNorm name; empty for one without a class."""
        return self.sets.by_ingredient.get(ingredient_name, frozenset())

    def marketed(self, ingredient_name: str, release: Release) -> tuple[Medication, ...]:
        """Single-ingredient products on the market, by rising strength."""
        return self.on_market.get((ingredient_name, release), ())


def load(folder: Path = TABLES) -> Terminology:
    """The terminology of a folder of tables. Raises TableError naming file, line and field."""
    tables = load_medication_tables(folder)
    brands = (name.brand for entries in tables.index.names.values() for _, name in entries if name.brand)
    return Terminology(
        version=_digest(folder),
        medication_tables=tables,
        sets=load_value_sets(folder / "value_sets", tables.ingredients),
        names=by_length([*tables.ingredients, *brands]),
        on_market=_on_market(tables),
    )


def _looked_up(terms: Terminology, codings: tuple[Coding, ...], texts: tuple[str, ...]) -> MedicationLookup:
    found = look_up(codings, texts, terms.medication_tables)
    if found.medications or not found.text:
        return found
    ordinary = SALTS | terms.medication_tables.index.forms.keys()
    return replace(found, near=lookalikes(found.text, terms.names, ordinary))


_remembered = lru_cache(maxsize=_REMEMBERED)(_looked_up)


def _on_market(tables: MedicationTables) -> dict[tuple[str, Release], tuple[Medication, ...]]:
    grouped: dict[tuple[str, Release], list[Medication]] = {}
    for rxcui, row in tables.products.items():
        read = product(rxcui, tables) if row.marketed else None
        if read is not None and len(read.ingredients) == 1 and read.form != "Pack":
            grouped.setdefault((read.ingredients[0].name, read.release), []).append(read)
    return {key: tuple(sorted(found, key=_by_strength)) for key, found in grouped.items()}


def _by_strength(medication: Medication) -> tuple[str, float, str]:
    strength = medication.ingredients[0].strength
    return (strength.per if strength else "", float(strength.mg) if strength else 0, medication.name)


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted([*folder.glob("*.csv"), *folder.glob("value_sets/*.yaml")]):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
