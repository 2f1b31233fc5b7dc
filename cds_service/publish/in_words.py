"""A statement's rule as rows and tables for a page, whatever its kind.

Field names become labels and units follow from them (`max_mg_per_day`), so that a new kind of rule needs no
page of its own. Nothing is left out: what a page does not show nobody can review.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from decimal import Decimal
from typing import Any

from cards.knowledge.conditions import Condition, Escalation
from cards.knowledge.rule_types import Regimen

_UNITS = (
    ("_mg_per_day", "mg/day"), ("_single_mg", "mg per dose"), ("_gap_h", "hours"), ("_wear_h", "hours"),
    ("_days", "days"), ("_percent", "percent"),
)  # fmt: skip
_LABELS = {
    "low": "from CrCl (mL/min)",
    "high": "to CrCl (mL/min)",
    "aki": "while creatinine is rising",
    "crcl": "kidney function",
    "when": "applies when",
    "unless": "silent when",
    "when_missing": "speaks about missing data when",
    "unreadable_below": "an unreadable dose speaks below (mL/min)",
    "critical_ratio": "critical from this multiple of the daily ceiling",
    "near_percent": "close to a band's edge (percent)",
    "scale_to": "limits shrink below (mL/min)",
    "below": "below age (years)",
    "start": "from age (years)",
}
_INCLUSIVE = {"low_inclusive": "low", "high_inclusive": "high"}


@dataclass(frozen=True, slots=True)
class Row:
    """One property of a rule in words."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """Several things of one type, such as the bands of a renal table; columns that are empty are left out."""

    label: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def rule_in_words(rule: Any) -> tuple[tuple[Row, ...], tuple[Table, ...]]:
    """All properties of a rule, and its tables."""
    rows: list[Row] = []
    tables: list[Table] = []
    for name, value in _stated(rule):
        if isinstance(value, tuple) and value and _is_record(value[0]):
            tables.append(_table(label(name), value))
        elif _is_record(value):
            tables.append(_table(label(name), (value,)))
        else:
            rows.append(Row(label(name), words(value)))
    return tuple(rows), tuple(tables)


def escalations_in_words(escalations: Iterable[Escalation]) -> tuple[Row, ...]:
    """When the severity changes, and why."""
    return tuple(Row(one.to.name, f"{words(one.when)}: {one.because}") for one in escalations)


def label(name: str) -> str:
    """A field's name as a label, with its unit."""
    if name in _LABELS:
        return _LABELS[name]
    for ending, unit in _UNITS:
        if name.endswith(ending):
            return f"{name.removesuffix(ending).replace('_', ' ')} ({unit})"
    return name.replace("_", " ")


def words(value: Any) -> str:
    """One value as text."""
    if isinstance(value, Condition):
        joined = " and " if value.mode == "all" else " or "
        return joined.join(_predicate(str(one)) for one in value.predicates) or "never"
    if isinstance(value, Regimen):
        return f"{words(value.mg)} mg × {value.per_day} a day {value.when}".rstrip()
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {words(one)}" for key, one in value.items())
    if isinstance(value, tuple | frozenset):
        listed = sorted(value) if isinstance(value, frozenset) else value
        return "; ".join(words(one) for one in listed)
    return str(value)


def _predicate(written: str) -> str:
    """A predicate with its name in words; the names it is given keep their spelling."""
    negation = "not " if written.startswith("not ") else ""
    name, _, rest = written.removeprefix("not ").partition(" ")
    return f"{negation}{name.replace('-', ' ')} {rest}".rstrip()


def _is_record(value: Any) -> bool:
    return is_dataclass(value) and not isinstance(value, Condition | Regimen)


def _stated(record: Any) -> Iterable[tuple[str, Any]]:
    """The fields that say something: None, empty and false ones do not, and inclusion is part of its edge."""
    for one in fields(record):
        value = getattr(record, one.name)
        empty = value is None or value is False or (isinstance(value, str | tuple | Mapping) and not value)
        if (
            not empty
            and not (isinstance(value, Condition) and not value.predicates)
            and one.name not in _INCLUSIVE
        ):
            yield one.name, value


def _table(title: str, records: tuple[Any, ...]) -> Table:
    given = [dict(_stated(record)) for record in records]
    names = [one.name for one in fields(records[0]) if any(one.name in row for row in given)]
    cells = tuple(
        tuple(_cell(record, row, name) for name in names) for record, row in zip(records, given, strict=True)
    )
    return Table(title, tuple(label(name) for name in names), cells)


def _cell(record: Any, row: Mapping[str, Any], name: str) -> str:
    if name not in row:
        return ""
    text = words(row[name])
    if name == "low" and hasattr(record, "low_inclusive"):
        return f"{'≥' if record.low_inclusive else '>'} {text}"
    if name == "high" and hasattr(record, "high_inclusive"):
        return f"{'≤' if record.high_inclusive else '<'} {text}"
    return text
