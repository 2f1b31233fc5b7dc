"""What timing codes and frequency abbreviations mean: administrations per day.

Codes come from HL7's GTSAbbreviation and event-timing code systems, four SNOMED CT frequency codes and
the abbreviations that EHRs send as text or local codes (`Q12H` is not a GTSAbbreviation code).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from functools import cache

from terminology.coding import Coding
from terminology.csv_tables import TABLES, TableError, rows

_COLUMNS = ("kind", "system", "code", "per_day", "once", "slots", "meaning", "verification", "source")
_BREAKS = re.compile(r"[\s.:;,_/()-]+")
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class TimingCode:
    """`per_day` administrations a day on average (every other day is 0.5).

    `prn`: only when needed; `once`: a single administration, so `per_day` is that day's count; `slots`:
    the part of the day the code names (morning, afternoon, evening, bedtime) or "".
    """

    per_day: Decimal
    prn: bool = False
    once: bool = False
    slots: str = ""


@dataclass(frozen=True, slots=True)
class _Tables:
    codes: Mapping[tuple[str, str], TimingCode]
    texts: Mapping[str, TimingCode]
    events: Mapping[str, int]


def timing_code(coding: Coding) -> TimingCode | None:
    """What a coded timing means: by system and code, else by a code or display that is an abbreviation.

    None for a code that is unknown or states no frequency ("0900", "TITRATE TO").
    """
    known = _tables().codes.get((coding.system, coding.code.upper()))
    return known or timing_text(coding.code) or timing_text(coding.display)


def timing_text(text: str) -> TimingCode | None:
    """What a frequency written as an abbreviation or a short phrase means ("Q6H:PRN", "three times daily").

    The whole text must be the frequency, apart from "PRN" or "as needed"; sentences are for the sig
    reader. None for anything else, and for PRN alone.
    """
    if not text or len(text) > _LONGEST:
        return None
    folded = "".join(_BREAKS.split(text.upper()))
    plain = folded.replace("ASNEEDED", "").replace("WHENNEEDED", "").replace("PRN", "")
    found = _tables().texts.get(plain)
    if found is None or plain == folded:
        return found
    return replace(found, prn=True)


def event_timing(code: str) -> int | None:
    """Administrations a day for one `Timing.repeat.when` code; meals count as three. None when unknown."""
    return _tables().events.get(code.strip().upper())


@cache
def _tables() -> _Tables:
    codes: dict[tuple[str, str], TimingCode] = {}
    texts: dict[str, TimingCode] = {}
    events: dict[str, int] = {}
    for where, row in rows(TABLES / "timing.csv", _COLUMNS):
        per_day = _per_day(row["per_day"], where)
        timing = TimingCode(per_day, once=row["once"] == "yes", slots=row["slots"])
        code = row["code"].upper()
        if row["kind"] == "code":
            codes[row["system"], code] = timing
        elif row["kind"] == "text":
            texts[code] = timing
        elif row["kind"] == "event":
            events[code] = int(per_day)
        else:
            raise TableError(f"{where}: kind must be code, text or event, not {row['kind']!r}")
    return _Tables(codes, texts, events)


def _per_day(written: str, where: str) -> Decimal:
    count, _, days = written.partition("/")
    try:
        per_day = Decimal(count) / Decimal(days or 1)
    except (InvalidOperation, ZeroDivisionError) as error:
        raise TableError(f"{where}: per_day must be a number or a fraction, not {written!r}") from error
    if per_day <= 0:
        raise TableError(f"{where}: per_day must be above 0")
    return per_day
