"""Which rows of the tables state a code: for people who ask why, read again from the files."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from terminology.coding import NDC, RXNORM, Coding
from terminology.csv_tables import TABLES, rows
from terminology.medication_codes import COLUMNS, ndc_product


@dataclass(frozen=True, slots=True)
class Row:
    """Where a code stands, how well it is checked, and its source."""

    where: str
    verification: str
    source: str


def stated(coding: Coding, folder: Path = TABLES) -> Iterator[Row]:
    """The rows of the medication tables that state this code; none for codes of value sets and sites."""
    code = coding.code.strip()
    if coding.system == RXNORM:
        for name in ("ingredients.csv", "products.csv"):
            for where, row in rows(folder / name, COLUMNS[name]):
                if row["rxcui"] == code:
                    yield Row(where, row["verification"], row["source"])
    for where, row in rows(folder / "medication_codes.csv", COLUMNS["medication_codes.csv"]):
        if row["system"] == coding.system and _same(row["code"], code, coding.system):
            yield Row(where, row["verification"], row["source"])


def _same(one: str, other: str, system: str) -> bool:
    if system == NDC:
        return bool(ndc_product(one)) and ndc_product(one) == ndc_product(other)
    return one.upper() == other.upper()
