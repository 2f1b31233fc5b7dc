"""A statement's rule as rows and tables for a page, whatever its kind.

Field names become labels and units follow from them (`max_mg_per_day`), so that a new kind of rule needs no
page of its own. Nothing is left out: what a page does not show nobody can review.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from decimal import Decimal
from typing import Any

from cards.card import Indicator
from cards.knowledge.conditions import Condition, Escalation
from cards.knowledge.rule_types import Regimen
from cds_service.publish.predicate_words import NO_TITLES, Titles, condition_words

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
    "avoid_severity": "severity where the label says to avoid the drug",
    "low_muscle_regimens": "doses where little muscle makes creatinine doubtful",
    "floor_mg_per_day": "a dose that every band allows (mg/day)",
    "bands": "ceilings by kidney function",
    "haemodialysis": "on haemodialysis",
    "subject": "drugs of the one side",
    "partner": "drugs of the other side",
    "third": "drugs of the third side",
    "subject_washout_days": "a drug of the one side counts after it was stopped for (days)",
    "partner_washout_days": "a drug of the other side counts after it was stopped for (days)",
    "risk_set": "risk factors that the card names: set",
    "risks": "risk factors that the card names",
    "says": "as",
    "of": "members",
    "not_routes": "not by",
    "strength_mg_from": "strength from (mg)",
    "strength_mg_at_most": "strength at most (mg)",
    "daily_mg_from": "daily dose from (mg)",
    "daily_mg_above": "daily dose above (mg)",
    "daily_mg_at_most": "daily dose at most (mg)",
    "single_mg_at_most": "single dose at most (mg)",
    "daily_units_at_most": "daily dose at most (units)",
    "known": "only where all of this is known",
    "summary": "summary of the card",
    "summary_if_stopped": "summary where the other drug was stopped",
    "advice_if_partner_ordered": "advice where the drug of the other side is ordered",
    "missing": "summary where data are missing",
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


def rule_in_words(rule: Any, titles: Titles = NO_TITLES) -> tuple[tuple[Row, ...], tuple[Table, ...]]:
    """All properties of a rule, and its tables."""
    rows: list[Row] = []
    tables: list[Table] = []
    for name, value in _stated(rule):
        if isinstance(value, tuple) and value and _is_record(value[0]):
            tables.append(_table(label(name), value, titles))
        elif _is_record(value):
            tables.append(_table(label(name), (value,), titles))
        else:
            rows.append(Row(label(name), words(value, titles)))
    return tuple(rows), tuple(tables)


def escalations_in_words(escalations: Iterable[Escalation], titles: Titles = NO_TITLES) -> tuple[Row, ...]:
    """When the severity changes, and why."""
    return tuple(Row(one.to.name, f"{words(one.when, titles)}: {one.because}") for one in escalations)


def label(name: str) -> str:
    """A field's name as a label, with its unit."""
    if name in _LABELS:
        return _LABELS[name]
    for ending, unit in _UNITS:
        if name.endswith(ending):
            return f"{name.removesuffix(ending).replace('_', ' ')} ({unit})"
    return name.replace("_", " ")


def words(value: Any, titles: Titles = NO_TITLES) -> str:
    """One value as text."""
    if isinstance(value, Condition):
        return condition_words(value, titles)
    if isinstance(value, Indicator):
        return value.name
    if isinstance(value, Regimen):
        every = "a day" if value.every_days == 1 else f"on one day in {value.every_days}"
        return f"{words(value.mg)} mg × {value.per_day} {every} {value.when}".rstrip()
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, Mapping):
        return "; ".join(f"{str(key).replace('_', ' ')}: {words(one, titles)}" for key, one in value.items())
    if isinstance(value, tuple | list | frozenset):
        listed = sorted(value) if isinstance(value, frozenset) else value
        parts = [words(one, titles) for one in listed]
        return (" " if all(part.endswith(".") for part in parts) else "; ").join(parts)
    return titles.get(value, str(value)) if isinstance(value, str) else str(value)


def _is_record(value: Any) -> bool:
    return is_dataclass(value) and not isinstance(value, Condition | Regimen)


def _stated(record: Any) -> Iterable[tuple[str, Any]]:
    """The fields that say something: None, no days, empty and false do not, and inclusion is part of its edge."""
    for one in fields(record):
        value = getattr(record, one.name)
        empty = value is None or (isinstance(value, int | str | tuple | frozenset | Mapping) and not value)
        if (
            not empty
            and not (isinstance(value, Condition) and not value.predicates)
            and one.name not in _INCLUSIVE
        ):
            yield one.name, value


def _table(title: str, records: tuple[Any, ...], titles: Titles) -> Table:
    given = [dict(_stated(record)) for record in records]
    names = [one.name for one in fields(records[0]) if any(one.name in row for row in given)]
    if "low" in names and "label" in names:
        names.remove("label")  # the edges say the same
    cells = tuple(
        tuple(_cell(record, row, name, titles) for name in names)
        for record, row in zip(records, given, strict=True)
    )
    return Table(title, tuple(label(name) for name in names), cells)


def _cell(record: Any, row: Mapping[str, Any], name: str, titles: Titles) -> str:
    if name not in row:
        return ""
    text = words(row[name], titles)
    if name == "low" and hasattr(record, "low_inclusive"):
        return f"{'≥' if record.low_inclusive else '>'} {text}"
    if name == "high" and hasattr(record, "high_inclusive"):
        return f"{'≤' if record.high_inclusive else '<'} {text}"
    return text
