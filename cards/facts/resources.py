"""Tolerant access to FHIR JSON as plain dicts.

Real clients send objects where lists belong, lists where objects belong, strings where numbers
belong and nulls anywhere. These readers return what can be read without guessing and nothing else;
none of them raises on any JSON value.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from terminology.coding import Coding, canonical_system

Resource = dict[str, Any]

MAX_MAGNITUDE = Decimal("1e9")
MIN_MAGNITUDE = Decimal("1e-6")
MAX_TEXT = 1_000
_LONGEST_KEY = 1_000

_DATE = re.compile(
    r"(\d{4})(?:-(\d{2})(?:-(\d{2})"
    r"(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:?\d{2})?)?)?)?",
    re.ASCII,
)
# Times with seconds and at most microseconds, which datetime.fromisoformat reads just as this module does.
_USUAL = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-][01]\d:[0-5]\d)?", re.ASCII)


def as_list(value: object) -> list[Any]:
    """A list as it is, a lone value as a list of one, null as no value."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def objects(value: object) -> list[Resource]:
    """The JSON objects in `value`, which may be one object, a list, or anything else."""
    if isinstance(value, list):
        return [item for item in value if isinstance(item, dict)]
    return [value] if isinstance(value, dict) else []


def obj(value: object) -> Resource:
    """The first JSON object in `value`, else an empty one."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list):
        for item in value:
            if isinstance(item, dict):
                return item
    return {}


def text(value: object) -> str:
    """A non-blank string, trimmed; "" for anything else."""
    return value.strip() if isinstance(value, str) else ""


def flag(value: object) -> bool:
    """True only for JSON true."""
    return value is True


def number(value: object) -> Decimal | None:
    """A finite number of plausible magnitude, from a JSON number or a numeric string; 0 is allowed.

    Quantities outside 1e-6 to 1e9 are data issues before any arithmetic, so they read as None.
    """
    if isinstance(value, str):
        if len(value) > 40 or "_" in value:
            return None
        value = value.strip()
    elif isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return None
    if isinstance(value, int) and abs(value) > 10**12:
        return None
    try:
        read = Decimal(str(value))
    except InvalidOperation:
        return None
    if read.is_finite() and (MIN_MAGNITUDE <= abs(read) <= MAX_MAGNITUDE or not read):
        return read
    return None


def structure(value: object, longest: int = _LONGEST_KEY) -> bytes | None:
    """A key that equal JSON values share, to remember what vocabulary means: never of data about a patient.

    None for what is better read each time: large values, and what JSON cannot say.
    """
    try:
        key = orjson.dumps(value)
    except (TypeError, ValueError):  # ValueError: a str that is no Unicode
        return None
    return key if len(key) <= longest else None


@dataclass(frozen=True, slots=True)
class Concept:
    """The codings of a CodeableConcept, and its human-readable names."""

    codings: tuple[Coding, ...] = ()
    texts: tuple[str, ...] = ()


_NO_CONCEPT = Concept()


def read_concept(concept: object) -> Concept:
    """A CodeableConcept (object, or list of them), a bare Coding, or a text.

    A few thousand concepts make up the records of a hospital, and each record repeats its own.
    """
    if concept is None:
        return _NO_CONCEPT
    key = structure(concept)
    return _new_concept(concept) if key is None else remembered_concept(key)


@lru_cache(maxsize=8192)
def remembered_concept(key: bytes) -> Concept:
    """The concept that has this structure."""
    return _new_concept(orjson.loads(key))


def _new_concept(concept: object) -> Concept:
    return Concept(_codings(concept), _concept_texts(concept))


def codings(concept: object) -> tuple[Coding, ...]:
    """All codings of a CodeableConcept (object, or list of them), or of a bare Coding."""
    return read_concept(concept).codings


def concept_texts(concept: object) -> tuple[str, ...]:
    """The human-readable names of a CodeableConcept: its text first, then the displays of its codings."""
    return read_concept(concept).texts


def _codings(concept: object) -> tuple[Coding, ...]:
    found = []
    for item in objects(concept):
        listed = objects(item.get("coding"))
        for coding in listed or ([item] if "code" in item else []):
            code = coding.get("code")
            if isinstance(code, int) and not isinstance(code, bool):
                code = str(code)
            if text(code):
                system = canonical_system(text(coding.get("system")))
                found.append(Coding(system, text(code), text(coding.get("display"))))
    return tuple(found)


def _concept_texts(concept: object) -> tuple[str, ...]:
    names: list[str] = []
    for item in objects(concept):
        names.append(text(item.get("text")))
        names.extend(text(coding.get("display")) for coding in objects(item.get("coding")))
        names.append(text(item.get("display")))
    if isinstance(concept, str):
        names.append(concept.strip())
    return tuple(dict.fromkeys(name for name in names if name))


def reference_of(value: object) -> str:
    """The reference string of a Reference, or a bare string; "" when there is none."""
    if isinstance(value, str):
        return value.strip()
    return text(obj(value).get("reference"))


def type_and_id(reference: str) -> tuple[str, str]:
    """("Patient", "1") from "Patient/1", an absolute URL or a versioned one; ("", "") when neither."""
    path = reference.split("?", 1)[0].split("/_history", 1)[0].rstrip("/")
    parts = path.split("/")
    if len(parts) >= 2 and parts[-2][:1].isupper() and parts[-1]:
        return parts[-2], parts[-1]
    return "", ""


class Interval(NamedTuple):
    """The instants a FHIR date or dateTime may stand for; `latest` is inclusive. Both aware."""

    earliest: datetime
    latest: datetime
    precision: str  # year, month, day, time


def interval(value: object, zone: tzinfo) -> Interval | None:
    """A FHIR date, dateTime or instant as the interval it denotes; None when it is no real date.

    Whole days and times with seconds make up most of a record; the library reads them in a fraction of the time.
    """
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        if len(value) == 10 and value[4] == value[7] == "-":
            day = date.fromisoformat(value)
            first, last = datetime.combine(day, time.min, zone), datetime.combine(day, time.max, zone)
            return Interval(_in_utc(first), _in_utc(last), "day")
        if _USUAL.fullmatch(value):
            instant = datetime.fromisoformat(value)
            if instant.tzinfo is not UTC:
                instant = (instant if instant.tzinfo else instant.replace(tzinfo=zone)).astimezone(UTC)
            return Interval(instant, instant, "time")
    except (ValueError, OverflowError):
        pass
    return _interval(value, zone)


def _in_utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo is UTC else moment.astimezone(UTC)


def _interval(value: str, zone: tzinfo) -> Interval | None:
    match = _DATE.fullmatch(value.strip())
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    try:
        if hour is not None:
            clock = time(int(hour), int(minute), min(int(second or 0), 59), _microseconds(fraction))
            local = datetime.combine(date(int(year), int(month), int(day)), clock)
            instant = local.replace(tzinfo=_offset(offset) or zone).astimezone(UTC)
            return Interval(instant, instant, "time")
        first = date(int(year), int(month or 1), int(day or 1))
        last = _last_day(first, month is not None, day is not None)
        start = datetime.combine(first, time.min, zone).astimezone(UTC)
        end = datetime.combine(last, time.max, zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    precision = "day" if day else "month" if month else "year"
    return Interval(start, end, precision)


def _microseconds(fraction: str | None) -> int:
    return int((fraction or "0").ljust(6, "0")[:6])


def _offset(offset: str | None) -> tzinfo | None:
    if offset is None:
        return None
    if offset == "Z":
        return UTC
    return datetime.strptime(offset.replace(":", ""), "%z").tzinfo


def _last_day(first: date, has_month: bool, has_day: bool) -> date:
    if has_day:
        return first
    if has_month:
        following = first.replace(day=28) + timedelta(days=4)
        return following.replace(day=1) - timedelta(days=1)
    return first.replace(month=12, day=31)


def period(value: object, zone: tzinfo) -> tuple[Interval | None, Interval | None]:
    """Start and end of a Period; None for an end that is absent or unreadable."""
    if value is None:
        return None, None
    entry = obj(value)
    return interval(entry.get("start"), zone), interval(entry.get("end"), zone)


def bundle_resources(bundle: object) -> Iterator[Resource]:
    """Resources of a Bundle: wrapped or bare entries, an entry that is one object, or a list of resources."""
    if isinstance(bundle, list):
        for item in bundle:
            yield from bundle_resources(item)
        return
    if not isinstance(bundle, dict):
        return
    if bundle.get("resourceType") not in (None, "Bundle"):
        yield bundle
        return
    for entry in objects(bundle.get("entry")):
        resource = entry.get("resource")
        if isinstance(resource, dict):
            yield resource
        elif isinstance(entry.get("resourceType"), str):
            yield entry
