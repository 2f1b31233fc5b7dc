"""What an ICD-10-CM code says about a pregnancy: its stage, and the trimester or weeks where it names them.

Chapter O is not one range, and its digits mean different things in different families: the deciding
character stands at the place that the table gives for the family. The seventh character (fetus number)
decides nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from terminology.coding import ICD10CM, Coding
from terminology.csv_tables import TABLES, TableError, rows

Stage = Literal[
    "pregnant", "test-positive", "negative", "possible", "labour", "delivered", "puerperium", "lactation",
    "loss", "ignore",
]  # fmt: skip

TABLE = TABLES / "icd10cm_ob_stage.csv"

_COLUMNS = (
    "family", "digit_at", "digits", "stage", "trimester_at", "trimester", "days_from", "days_to",
    "verification", "source",
)  # fmt: skip
_VERIFICATIONS = frozenset({"seen", "recall", "design"})
_SHORTEST = 3
_LONGEST = 7


@dataclass(frozen=True, slots=True)
class ObstetricCode:
    """`trimester` is 1 to 3 or None; `days` the gestational age the code names, (lowest, highest or None)."""

    stage: Stage
    trimester: int | None = None
    days: tuple[int, int | None] | None = None


@dataclass(frozen=True, slots=True)
class _Row:
    """One row: for a family, or for those of its codes with one of `digits` at `digit_at` (from 1)."""

    digit_at: int | None
    digits: str
    stage: Stage
    trimester_at: int | None
    trimester: int | None
    days: tuple[int, int | None] | None

    def holds(self, code: str) -> bool:
        """Whether the row speaks of this code."""
        if self.digit_at is None:
            return True
        found = code[self.digit_at - 1 : self.digit_at]
        return bool(found) and found in self.digits

    def read(self, code: str) -> ObstetricCode:
        """What the row says of a code it holds for."""
        trimester = self.trimester
        if self.trimester_at is not None:
            digit = code[self.trimester_at - 1 : self.trimester_at]
            trimester = int(digit) if digit and digit in "123" else None
        return ObstetricCode(self.stage, trimester, self.days)


_Families = Mapping[str, Sequence[_Row]]


def obstetric_code(coding: Coding) -> ObstetricCode | None:
    """What the code says; None for one of another system or chapter. The longest family decides."""
    if coding.system != ICD10CM:
        return None
    code = coding.code.strip().upper().replace(".", "")[:_LONGEST]
    for length in range(len(code), _SHORTEST - 1, -1):
        listed = _FAMILIES.get(code[:length], ())
        found = next((one for one in listed if one.holds(code)), None)
        if found is not None:
            return found.read(code)
    return None


def load_families(path: Path) -> _Families:
    """The rows of each family, those with a deciding character first. Raises TableError with the line."""
    found: dict[str, list[_Row]] = {}
    for where, row in rows(path, _COLUMNS):
        family, stage = row["family"], _stage(row["stage"], where)
        if not _SHORTEST <= len(family) <= _LONGEST or not family.isalnum() or family != family.upper():
            raise TableError(f"{where}: family must be 3 to 7 capitals and digits, not {family!r}")
        if row["verification"] not in _VERIFICATIONS:
            raise TableError(f"{where}: verification must be one of {', '.join(sorted(_VERIFICATIONS))}")
        digit_at, low = _number(row, "digit_at", where), _number(row, "days_from", where)
        if (digit_at is None) != (row["digits"] == ""):
            raise TableError(f"{where}: digit_at and digits go together")
        found.setdefault(family, []).append(
            _Row(
                digit_at=digit_at,
                digits=row["digits"],
                stage=stage,
                trimester_at=_number(row, "trimester_at", where),
                trimester=_number(row, "trimester", where),
                days=None if low is None else (low, _number(row, "days_to", where)),
            )
        )
    for family, listed in found.items():
        taken = "".join(one.digits for one in listed)
        if len(set(taken)) < len(taken) or sum(one.digit_at is None for one in listed) > 1:
            raise TableError(f"{path.name}: two rows of family {family} hold for the same code")
        listed.sort(key=lambda one: one.digit_at is None)
    return found


def _stage(written: str, where: str) -> Stage:
    for stage in get_args(Stage):
        if written == stage:
            known: Stage = stage
            return known
    raise TableError(f"{where}: stage must be one of {', '.join(get_args(Stage))}, not {written!r}")


def _number(row: Mapping[str, str], column: str, where: str) -> int | None:
    written = row[column]
    if not written:
        return None
    if not (written.isascii() and written.isdigit()):
        raise TableError(f"{where}: {column} must be a whole number, not {written!r}")
    return int(written)


_FAMILIES: Final = load_families(TABLE)
