"""Medications by code from a site's own RxNorm table (built by `terminology.rxnorm`), read-only.

Each thread of each process opens its own connection when it first asks, so a server may fork after loading.
"""

import os
import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Literal, get_args

from terminology.coding import ATC, NDC, RXNORM, Coding
from terminology.csv_tables import TableError
from terminology.medication_codes import MedicationTables, ndc_product
from terminology.medication_lookup import made_release
from terminology.medications import Ingredient, Medication, Strength
from terminology.name_index import Form
from terminology.product_names import ProductName, read_form, read_name
from terminology.rxnorm import FORMAT

_Per = Literal["unit", "mL", "g", "h"]
_PER: dict[str, _Per] = {name: name for name in get_args(_Per)}
_INGREDIENT_TYPES = frozenset({"IN", "PIN", "MIN", "BN"})
_PACKS = frozenset({"GPCK", "BPCK"})
_MOST_STEPS = 20  # along retired codes; more is a cycle
_NDC_LENGTH = 11

_DRUG = "SELECT rxcui, tty, name, active, form FROM drug WHERE rxcui = ?"
_PARTS = (
    "SELECT p.ingredient, d.name, p.mg, p.per FROM part p JOIN drug d ON d.rxcui = p.ingredient"
    " WHERE p.drug = ? ORDER BY d.name"
)


class SiteRxNorm:
    """The site's RxNorm table. Lookups never raise; a damaged file knows nothing."""

    def __init__(self, path: Path, tables: MedicationTables) -> None:
        """Raises TableError where the file is not a table that this version reads."""
        self._path = path
        self._tables = tables
        self._by_rxcui = {part.rxcui: part.name for part in tables.ingredients.values() if part.rxcui}
        self._by_rxcui |= {
            code: drug.ingredients[0]
            for (system, code), drug in tables.codes.items()
            if system == RXNORM and len(drug.ingredients) == 1
        }
        self._local = threading.local()
        try:
            meta = dict(_connection(path).execute("SELECT key, value FROM meta").fetchall())
        except sqlite3.Error as error:
            raise TableError(f"{path}: not a table made by import-rxnorm ({error})") from error
        if meta.get("format") != FORMAT:
            raise TableError(f"{path}: made by another version; run import-rxnorm again")
        self.release: str = meta.get("release", "unknown")

    def medication(self, coding: Coding) -> Medication | None:
        """The medication of an RxNorm, NDC or ATC code, following retired RxNorm codes."""
        code = coding.code.strip()
        try:
            if coding.system == RXNORM:
                return self._drug(code)
            if coding.system == NDC:
                return self._ndc(code)
            if coding.system == ATC:
                return self._atc(code.upper())
        except (sqlite3.Error, OverflowError):
            return None
        return None

    def is_current(self, rxcui: str) -> bool:
        """Whether the release holds this product as an active one."""
        try:
            row = self._query("SELECT active FROM drug WHERE rxcui = ?", (rxcui,))
        except (sqlite3.Error, OverflowError):
            return False
        return bool(row and row[0][0])

    def _query(self, statement: str, values: tuple[object, ...]) -> Sequence[tuple[object, ...]]:
        local = self._local
        if getattr(local, "process", None) != os.getpid():
            local.connection = _connection(self._path)
            local.process = os.getpid()
        rows: list[tuple[object, ...]] = local.connection.execute(statement, values).fetchall()
        return rows

    def _drug(self, code: str) -> Medication | None:
        if not (code.isascii() and code.isdigit()):
            return None
        rxcui: object = int(code)
        seen: set[object] = set()
        while rxcui not in seen and len(seen) < _MOST_STEPS:
            seen.add(rxcui)
            found = self._query(_DRUG, (rxcui,))
            if found and found[0][3]:
                return self._read(*found[0])
            further = self._query("SELECT new FROM replaced WHERE old = ?", (rxcui,))
            if not further:
                return self._read(*found[0]) if found else None
            rxcui = further[0][0]
        return None

    def _ndc(self, code: str) -> Medication | None:
        """By the whole code, else by labeler and product where all their packages are one product."""
        digits = code.replace("-", "") if len(code.replace("-", "")) == _NDC_LENGTH else ""
        found = self._query("SELECT drug FROM ndc WHERE code = ?", (digits,)) if digits else ()
        product = ndc_product(code)
        if not found and product:
            found = self._query(
                "SELECT DISTINCT drug FROM ndc WHERE code BETWEEN ? AND ?", (product, f"{product}99")
            )
        read = self._drug(str(found[0][0])) if len(found) == 1 else None
        return replace(read, recognised_by="ndc") if read and read.recognised_by == "product" else None

    def _atc(self, code: str) -> Medication | None:
        found = self._query("SELECT ingredient FROM atc WHERE code = ?", (code,))
        read = self._drug(str(found[0][0])) if len(found) == 1 else None
        return replace(read, recognised_by="atc") if read else None

    def _read(
        self, rxcui: object, tty: object, name: object, active: object, form: object
    ) -> Medication | None:
        parts = tuple(self._part(*row) for row in self._query(_PARTS, (rxcui,)))
        if tty == "IN":
            parts = (self._part(rxcui, name, None, None),)
        text, kind = str(name), str(tty)
        if kind in _INGREDIENT_TYPES:
            names = tuple(part.name for part in parts)
            return Medication(
                name=text,
                ingredients=tuple(replace(part, strength=None) for part in parts),
                release=made_release(names, None, self._tables),
                brand=text if kind == "BN" else None,
                recognised_by="ingredient",
            ) if parts else None  # fmt: skip
        return self._product(str(rxcui), text, kind, bool(active), parts, str(form) if form else None)

    def _product(
        self, rxcui: str, text: str, tty: str, active: bool, parts: tuple[Ingredient, ...], form: str | None
    ) -> Medication | None:
        """A product: its drugs by the relations of the release, what else it is by its name."""
        index = self._tables.index
        read = read_name(text, index)
        written = dict(read.ingredients)
        if not parts:
            known = self._tables.ingredients
            parts = tuple(known.get(name, Ingredient(name)) for name in written)
        if not parts:
            return None
        names = tuple(part.name for part in parts)
        if set(names) == set(written):
            parts = tuple(replace(part, strength=written[part.name] or part.strength) for part in parts)
        described: Form | ProductName = read if read.ingredients else read_form(text, index)
        if form and described.form is None:
            described = read_form(form, index)
        return Medication(
            name=" ".join(text.split()),
            ingredients=parts,
            form="Pack" if tty in _PACKS else described.form or form,
            route=described.route or read.route,
            release=made_release(names, read.release or described.release, self._tables),
            brand=read.brand or _brand(text),
            rxcui=rxcui,
            marketed=active and tty == "SCD",
            recognised_by="product",
        )

    def _part(self, rxcui: object, name: object, mg: object, per: object) -> Ingredient:
        """An ingredient under the name that the tables use for its code."""
        code = str(rxcui)
        known = self._by_rxcui.get(code) or str(name).lower()
        base = self._tables.ingredients.get(known) or Ingredient(known, code)
        if mg is None or str(per) not in _PER:
            return base
        return replace(base, strength=Strength(Decimal(str(mg)), _PER[str(per)]))


def _brand(text: str) -> str | None:
    start, end = text.rfind("["), text.rfind("]")
    return text[start + 1 : end].strip() or None if 0 <= start < end else None


def _connection(path: Path) -> sqlite3.Connection:
    # `immutable`: the file is only ever replaced as a whole, so no lock and no journal is looked for.
    return sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
    )
