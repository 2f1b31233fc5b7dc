"""The terminology, loaded once at start: medications, value sets and drug classes."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from terminology.coding import Coding
from terminology.csv_tables import TABLES
from terminology.medication_codes import ROUTES, MedicationTables, load_medication_tables
from terminology.medication_lookup import look_up, named, product
from terminology.medications import Medication, MedicationLookup, Release, Route
from terminology.name_ingredients import SALTS
from terminology.name_lookalikes import Lookalikes, lookalike_index, lookalikes
from terminology.product_names import LONGEST_TEXT
from terminology.routes import Routes, load_routes, read_route
from terminology.site_rxnorm import SiteRxNorm
from terminology.value_sets import ValueSets, load_value_sets


class Server(Protocol):
    """A terminology server: `terminology.fhir_server`."""

    def display(self, coding: Coding) -> str | None:
        """The name of a code."""

    def value_sets(self, coding: Coding, wanted: Mapping[str, frozenset[str]]) -> frozenset[str]:
        """The ids of those sets, by their URL, that hold the code."""

    def refresh(self, urls: Iterable[str]) -> dict[str, bool]:
        """Fetches those sets whole, for a thread that may wait; whether each was fetched."""


_REMEMBERED = 4096
_REMEMBERED_PARTS = 20


@dataclass(frozen=True, slots=True, eq=False)
class Terminology:
    """What codes and texts mean. Pure lookups; safe to share between threads."""

    version: str
    medication_tables: MedicationTables
    sets: ValueSets
    names: Lookalikes
    on_market: Mapping[tuple[str, Release], tuple[Medication, ...]]
    route_codes: Routes
    site: SiteRxNorm | None = None
    server: Server | None = None

    @property
    def lasting(self) -> bool:
        """Whether an answer stays what it is, and may be remembered; a server may know later what it did not."""
        return self.server is None

    def medication(self, codings: Sequence[Coding], texts: Sequence[str]) -> MedicationLookup:
        """The medication that these codes and texts name, the code leading. Never raises.

        Two medications where code and text name different drugs, or different strengths of one (the
        larger first); none, with a `why` and the names that resemble it, where nothing is recognised.
        """
        if len(codings) + len(texts) > _REMEMBERED_PARTS or any(len(one) > LONGEST_TEXT for one in texts):
            found = _looked_up(self, tuple(codings), tuple(texts))
        else:
            found = _remembered(self, tuple(codings), tuple(texts))
        if self.server is None or any(one.recognised_by != "text" for one in found.medications):
            return found
        # Not remembered here: the server may know later what it does not answer now.
        names = _Names(self.server, self.medication_tables)
        asked = look_up(codings, texts, self.medication_tables, self.site, names)
        return asked if any(one.recognised_by != "text" for one in asked.medications) else found

    def value_sets(self, coding: Coding) -> frozenset[str]:
        """Ids of the value sets that hold this code of this system; the server's, where no table has it."""
        held = self.sets.of(coding)
        if held or self.server is None or not self.sets.by_url:
            return held
        return self.server.value_sets(coding, self.sets.by_url)

    def named_sets(self, text: str, *, on_record: bool = False) -> frozenset[str]:
        """Ids of the value sets that a text names: orders, devices and measurements without a known code.

        An order names what is to be done; `on_record`, what was done or is in place counts.
        """
        if len(text) > LONGEST_TEXT:
            return self.sets.named(text, on_record=on_record)
        return _named_here(self, text, on_record)

    def route(self, codings: Sequence[Coding], texts: Sequence[str]) -> Route | None:
        """The route that an order states beside its medication (`Dosage.route`)."""
        return read_route(codings, texts, self.route_codes, self.medication_tables.index)

    def has_name(self, name: str) -> bool:
        """Whether there is a value set, drug class or ingredient of that name."""
        return name in self.sets.sets or name in self.medication_tables.ingredients

    def classes(self, ingredient_name: str) -> frozenset[str]:
        """Drug classes of an ingredient by its RxNorm name; empty for one without a class."""
        return self.sets.by_ingredient.get(ingredient_name, frozenset())

    def marketed(self, ingredient_name: str, release: Release) -> tuple[Medication, ...]:
        """Single-ingredient products on the market, by rising strength."""
        return self.on_market.get((ingredient_name, release), ())


def load(
    folder: Path = TABLES,
    site_table: Path | None = None,
    site_sets: Path | None = None,
    server: Server | None = None,
) -> Terminology:
    """The terminology of a folder of tables. Raises TableError naming file, line and field.

    `site_table` is a file of import-rxnorm, `site_sets` a folder of value sets that add to those shipped.
    """
    tables = load_medication_tables(folder)
    site = SiteRxNorm(site_table, tables) if site_table else None
    brands = (name.brand for entries in tables.index.names.values() for _, name in entries if name.brand)
    return Terminology(
        version=_digest(folder, site, site_sets),
        medication_tables=tables,
        sets=load_value_sets(folder / "value_sets", tables.ingredients, site_sets),
        names=lookalike_index([*tables.ingredients, *brands], SALTS | tables.index.forms.keys()),
        on_market=_on_market(tables, site),
        route_codes=load_routes(folder, ROUTES),
        site=site,
        server=server,
    )


def _looked_up(terms: Terminology, codings: tuple[Coding, ...], texts: tuple[str, ...]) -> MedicationLookup:
    found = look_up(codings, texts, terms.medication_tables, terms.site)
    if found.medications or not found.text:
        return found
    near = lookalikes(found.text, terms.names)
    return replace(found, near=near) if near else found


_remembered = lru_cache(maxsize=_REMEMBERED)(_looked_up)


@lru_cache(maxsize=_REMEMBERED)
def _named_here(terms: Terminology, text: str, on_record: bool) -> frozenset[str]:
    return terms.sets.named(text, on_record=on_record)


@dataclass(frozen=True, slots=True)
class _Names:
    """What a server calls a code, read as a product name."""

    server: Server
    tables: MedicationTables

    def medication(self, coding: Coding) -> Medication | None:
        display = self.server.display(coding)
        read = named(display, self.tables) if display else None
        return replace(read, recognised_by="server") if read else None


def _on_market(
    tables: MedicationTables, site: SiteRxNorm | None
) -> dict[tuple[str, Release], tuple[Medication, ...]]:
    """Suggested are products that a source of 2025 had, without those that the site's release retired."""
    grouped: dict[tuple[str, Release], list[Medication]] = {}
    for rxcui, row in tables.products.items():
        current = row.marketed and (site is None or site.is_current(rxcui))
        read = product(rxcui, tables) if current else None
        if read is not None and len(read.ingredients) == 1 and read.form != "Pack":
            grouped.setdefault((read.ingredients[0].name, read.release), []).append(read)
    return {key: tuple(sorted(found, key=_by_strength)) for key, found in grouped.items()}


def _by_strength(medication: Medication) -> tuple[str, float, str]:
    strength = medication.ingredients[0].strength
    return (strength.per if strength else "", float(strength.mg) if strength else 0, medication.name)


def _digest(folder: Path, site: SiteRxNorm | None, site_sets: Path | None) -> str:
    digest = hashlib.sha256()
    paths = sorted([*folder.glob("*.csv"), *folder.glob("value_sets/*.yaml")])
    for path in (*paths, *sorted(site_sets.glob("*.yaml") if site_sets else ())):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16] + (f"+rxnorm-{site.release}" if site else "")
