"""Laboratory results and body measurements in one unit per kind, newest first, and what could not be used."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from typing import Literal, cast

from cards.facts.lab_table import LABS
from cards.facts.observation import quantity_of, time_of
from cards.facts.record import Record
from cards.facts.renal_limits import RENAL_LIMITS, RenalLimits
from cards.facts.resources import Resource, codings, objects, remembered_concept, text
from cards.facts.value_sets import ValueSets, lasting_key
from terminology.coding import Coding
from terminology.units import Unit, creatinine_mg_dl, to_cm, to_kg

Why = Literal["no-value", "implausible", "no-unit", "future", "undated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One result in the canonical unit of its kind.

    `observed` is its latest plausible instant, never after now; `earliest` its earliest. `comparator` is ""
    for an exact value. `original` is value and unit as reported, for people. `by_issue_date` says that only
    the date of issue is known.
    """

    value: Decimal
    unit: str
    observed: datetime
    earliest: datetime
    source: str
    comparator: str
    original: str
    code: Coding
    status: str
    day_known: bool = True
    by_issue_date: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A result that cannot be used: a stable code, the reason in words, and when it was, if known."""

    source: str
    code: Why
    why: str
    observed: datetime | None = None
    original: str = ""
    final: bool = True


Found = tuple[tuple[Result, ...], tuple[Rejected, ...]]


def _indexed(value: Decimal, unit: Unit) -> Decimal | None:
    # The code says that the estimate is indexed; laboratories print its unit with and without 1.73 m2.
    return value * unit.factor if unit.kind in ("indexed_clearance", "clearance") else None


def _clearance(value: Decimal, unit: Unit) -> Decimal | None:
    return value * unit.factor if unit.kind == "clearance" else None


def _of_kind(kinds: tuple[str, ...], factor: Decimal) -> Callable[[Decimal, Unit], Decimal | None]:
    """The conversion of units of those kinds to a unit that is `factor` times their base."""
    return lambda value, unit: value * unit.factor / factor if unit.kind in kinds else None


def _electrolyte(value: Decimal, unit: Unit) -> Decimal | None:
    # Sodium and potassium carry one charge, so a milliequivalent is a millimole.
    if unit.kind == "equivalents":
        return value * unit.factor
    return value * unit.factor / 1000 if unit.kind == "substance_concentration" else None


# Canonical unit -> the conversion to it.
_CONVERSIONS: dict[str, Callable[[Decimal, Unit], Decimal | None]] = {
    "{INR}": _of_kind(("ratio", "use"), Decimal(1)),
    "10*9/L": _of_kind(("count_concentration",), Decimal(1)),
    "g/dL": _of_kind(("mass_concentration",), Decimal(1000)),
    "mmol/L": _electrolyte,
    "U/L": _of_kind(("enzyme_concentration",), Decimal(1)),
    "ms": _of_kind(("duration",), Decimal("0.001")),
    "mm[Hg]": _of_kind(("pressure",), Decimal(1)),
}
# A number of these is usually sent without a unit.
_UNITLESS = {"{INR}": Unit("{INR}", "ratio")}

# Value set -> its canonical unit and the conversion to it.
_KINDS: dict[str, tuple[str, Callable[[Decimal, Unit], Decimal | None]]] = {
    **{lab.value_set: (lab.unit, _CONVERSIONS[lab.unit]) for lab in LABS.values()},
    "creatinine": ("mg/dL", creatinine_mg_dl),
    "egfr": ("mL/min/{1.73_m2}", _indexed),
    "creatinine-clearance": ("mL/min", _clearance),
    "body-weight": ("kg", to_kg),
    "body-height": ("cm", to_cm),
}

# UCUM codes that people write otherwise.
_PRINTED = {
    "{INR}": "",
    "10*9/L": "×10⁹/L",
    "mm[Hg]": "mmHg",
    "mL/min/{1.73_m2}": "mL/min/1.73 m²",
    "[lb_av]": "lb",
    "[oz_av]": "oz",
    "[in_i]": "in",
    "[ft_i]": "ft",
}

_FINAL = frozenset({"", "final", "amended", "corrected", "appended"})
_PROVISIONAL = frozenset({"preliminary", "unknown"})


@dataclass(frozen=True, slots=True)
class Indexed:
    """Observations by the value sets of their codes; each with the part that has the code, and the code."""

    by_set: Mapping[str, list[tuple[Resource, Resource, Coding]]]


def index(observations: Iterable[Resource], terms: ValueSets) -> Indexed:
    """Sorts observations and their components in one pass, so that a question reads only what answers it."""
    found: dict[str, list[tuple[Resource, Resource, Coding]]] = {}
    for observation in observations:
        if observation.get("resourceType") != "Observation":
            continue
        for name, coding in _named(observation.get("code"), terms):
            found.setdefault(name, []).append((observation, observation, coding))
        if "component" in observation:
            for part in objects(observation["component"]):
                for name, coding in _named(part.get("code"), terms):
                    found.setdefault(name, []).append((observation, part, coding))
    return Indexed(found)


def indexed(record: Record, terms: ValueSets) -> Indexed:
    """The observations of a record, sorted on first use."""
    found = record.derived.get("observations")
    if found is None:
        found = record.derived["observations"] = index(record.of_type("Observation"), terms)
    return cast("Indexed", found)


def _named(code: object, terms: ValueSets) -> tuple[tuple[str, Coding], ...]:
    """The value sets of a code, each with the first of its codings that is in it."""
    key = lasting_key(code, terms)
    return _first_codings(codings(code), terms) if key is None else _remembered(key, terms)


@lru_cache(maxsize=8192)
def _remembered(key: bytes, terms: ValueSets) -> tuple[tuple[str, Coding], ...]:
    return _first_codings(remembered_concept(key).codings, terms)


def _first_codings(listed: Iterable[Coding], terms: ValueSets) -> tuple[tuple[str, Coding], ...]:
    found: dict[str, Coding] = {}
    for coding in listed:
        for name in terms.value_sets(coding):
            found.setdefault(name, coding)
    return tuple(found.items())


def results(
    observations: Iterable[Resource] | Indexed,
    value_set: str,
    terms: ValueSets,
    now: datetime,
    zone: tzinfo,
    limits: RenalLimits = RENAL_LIMITS,
) -> Found:
    """The results of one value set, as `results_by_set` gives them."""
    return results_by_set(observations, (value_set,), terms, now, zone, limits)[value_set]


def results_by_set(
    observations: Iterable[Resource] | Indexed,
    value_sets: Iterable[str],
    terms: ValueSets,
    now: datetime,
    zone: tzinfo,
    limits: RenalLimits = RENAL_LIMITS,
) -> dict[str, Found]:
    """For each value set its usable results and the rejected ones, newest first.

    A preliminary result counts only where there is no final one of its kind. Those entered in error,
    cancelled, or not yet made are left out. A time up to `future_tolerance_hours` ahead is now.
    """
    indexed = observations if isinstance(observations, Indexed) else index(observations, terms)
    found: dict[str, Found] = {}
    for name in value_sets:
        read = []
        for observation, part, coding in indexed.by_set.get(name, ()):
            status = text(observation.get("status")).lower()
            if status in _FINAL or status in _PROVISIONAL:
                read.append(_read(observation, part, coding, name, status, now, zone, limits))
        found[name] = _arranged(read)
    return found


def newest(found: Iterable[Result], cautious: Callable[[Iterable[Decimal]], Decimal]) -> Result | None:
    """The newest of results that are newest first; where two share the time, the one `cautious` picks.

    A result known to the day only shares its time with every other of that day.
    """
    listed = list(found)
    if not listed:
        return None
    first = listed[0]
    since = first.earliest if first.day_known else first.observed
    same = [one for one in listed if one is first or (one.day_known and one.observed >= since)]
    value = cautious(one.value for one in same)
    return next(one for one in same if one.value == value)


def _read(
    observation: Resource,
    part: Resource,
    coding: Coding,
    name: str,
    status: str,
    now: datetime,
    zone: tzinfo,
    limits: RenalLimits,
) -> Result | Rejected:
    source = f"Observation/{text(observation.get('id'))}"
    final = status in _FINAL
    when, by_issue_date = time_of(observation, zone)
    observed = None if when is None else min(when.latest, now)

    def rejected(code: Why, why: str, original: str = "") -> Rejected:
        return Rejected(source=source, code=code, why=why, observed=observed, original=original, final=final)

    value, unit, comparator, trouble = quantity_of(part)
    canonical, convert = _KINDS[name]
    if value is None:
        if trouble:
            return rejected("implausible", "its value is beyond any real one")
        return rejected("no-value", "it has no readable value")
    unit = unit or _UNITLESS.get(canonical)
    if unit is None:
        return rejected("no-unit", f"its value {_plain(value)} has no known unit", _plain(value))
    converted = convert(value, unit)
    original = f"{comparator}{_plain(value)} {_PRINTED.get(unit.name, unit.name)}".rstrip()
    if converted is None:
        return rejected("no-unit", f"{original} is not in a unit of this quantity", original)
    if when is None or observed is None:
        return rejected("undated", "it has no readable date", original)
    if when.earliest > now + timedelta(hours=limits.future_tolerance_hours):
        return rejected("future", "it is dated in the future", original)
    return Result(
        value=converted,
        unit=canonical,
        observed=observed,
        earliest=min(when.earliest, now),
        source=source,
        comparator=comparator,
        original=original,
        code=coding,
        status=status,
        day_known=when.precision in ("day", "time"),
        by_issue_date=by_issue_date,
    )


def _arranged(read: list[Result | Rejected]) -> Found:
    if not read:
        return (), ()
    good = [one for one in read if isinstance(one, Result)]
    bad = [one for one in read if isinstance(one, Rejected)]
    if any(one.status in _FINAL for one in good) or any(one.final and one.code != "no-value" for one in bad):
        good = [one for one in good if one.status in _FINAL]
        bad = [one for one in bad if one.final]
    good.sort(key=lambda one: (_middle(one), one.observed, one.value, one.source), reverse=True)
    never = datetime.min.replace(tzinfo=UTC)
    bad.sort(key=lambda one: (one.observed or never, one.source), reverse=True)
    return tuple(good), tuple(bad)


def _middle(result: Result) -> datetime:
    return result.earliest + (result.observed - result.earliest) / 2


def _plain(value: Decimal) -> str:
    """A reported number for people: at most two decimals, without needless zeros."""
    shown = value.quantize(Decimal("0.01"), ROUND_HALF_EVEN) if abs(value) >= Decimal("0.01") else value
    return f"{shown.normalize():f}"


def is_in(result: Result, value_set: str, terms: ValueSets) -> bool:
    """Whether the result's own code is also in another value set ("body-weight-stated")."""
    return value_set in terms.value_sets(result.code)
