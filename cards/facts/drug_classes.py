"""Groups that depend on route, form or dose, from cards/knowledge/classes.yaml; loaded once at import."""

from dataclasses import dataclass, fields
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from cards.facts.daily_dose import DailyDose
from cards.knowledge.strict_yaml import KnowledgeFileError, line_of, read
from terminology.medications import Medication

PATH: Final = Path(__file__).parents[1] / "knowledge" / "classes.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One row of the file; doses in mg or international units.

    `known`: what is not known about the order keeps it out. A product of one of the `brands` is in the group,
    whatever else its name says.
    """

    name: str
    of: frozenset[str]
    routes: frozenset[str] = frozenset()
    not_routes: frozenset[str] = frozenset()
    forms: tuple[str, ...] = ()
    brands: frozenset[str] = frozenset()
    release: str = ""
    strength_mg_from: Decimal | None = None
    strength_mg_at_most: Decimal | None = None
    daily_mg_from: Decimal | None = None
    daily_mg_above: Decimal | None = None
    daily_mg_at_most: Decimal | None = None
    single_mg_at_most: Decimal | None = None
    daily_units_at_most: Decimal | None = None
    known: bool = False


def groups_of(
    names: frozenset[str],
    medication: Medication,
    strength_mg: Decimal | None,
    dose: DailyDose,
    groups: tuple[Group, ...] | None = None,
) -> frozenset[str]:
    """The groups an order belongs to, from its classes and ingredients (`names`), product and doses."""
    if names.isdisjoint(_ALL_MEMBERS) and groups is None:
        return frozenset()
    return frozenset(
        group.name
        for group in (GROUPS if groups is None else groups)
        if group.of & names and _fits(group, medication, strength_mg, dose)
    )


def _fits(group: Group, medication: Medication, strength_mg: Decimal | None, dose: DailyDose) -> bool:
    if medication.brand is not None and medication.brand.lower() in group.brands:
        return True
    form = (medication.form or "").lower()
    said = [
        _in(medication.route, group.routes),
        _out_of(medication.route, group.not_routes),
        (any(word in form for word in group.forms) if form else None) if group.forms else True,
        medication.release == group.release if group.release else True,
        _from(strength_mg, group.strength_mg_from),
        _at_most(strength_mg, group.strength_mg_at_most),
        _from(dose.peak_day_mg, group.daily_mg_from),
        _above(dose.peak_day_mg, group.daily_mg_above),
        _at_most(dose.peak_day_mg, group.daily_mg_at_most),
        _at_most(dose.max_single_mg, group.single_mg_at_most),
        _at_most(_daily_units(dose), group.daily_units_at_most),
    ]
    if False in said:
        return False
    return not group.known or None not in said


def _daily_units(dose: DailyDose) -> Decimal | None:
    """International units a day, for drugs that are dosed in them."""
    if dose.max_single_units is None or dose.doses_per_day is None:
        return None
    return dose.max_single_units * dose.doses_per_day


def _in(route: str | None, wanted: frozenset[str]) -> bool | None:
    if not wanted:
        return True
    return None if route is None else route in wanted


def _out_of(route: str | None, unwanted: frozenset[str]) -> bool | None:
    if not unwanted:
        return True
    return None if route is None else route not in unwanted


def _from(value: Decimal | None, edge: Decimal | None) -> bool | None:
    return True if edge is None else None if value is None else value >= edge


def _above(value: Decimal | None, edge: Decimal | None) -> bool | None:
    return True if edge is None else None if value is None else value > edge


def _at_most(value: Decimal | None, edge: Decimal | None) -> bool | None:
    return True if edge is None else None if value is None else value <= edge


_LISTS = {"of", "routes", "not_routes", "forms", "brands"}
_NUMBERS = {
    "strength_mg_from", "strength_mg_at_most", "daily_mg_from", "daily_mg_above", "daily_mg_at_most",
    "single_mg_at_most", "daily_units_at_most",
}  # fmt: skip
_KNOWN = {field.name for field in fields(Group)} - {"name"} | {"class", "source"}


def read_classes(path: Path = PATH) -> tuple[tuple[Group, ...], tuple[str, ...]]:
    """The groups of a file, and the classes by which a combination product is led, first first.

    Raises KnowledgeFileError naming file, line and field.
    """
    document = read(path)
    sources = document.get("sources", {}) if isinstance(document, dict) else {}
    groups = tuple(
        _group(path, index, row, sources)
        for index, row in enumerate(document.get("classes", ()) if sources else ())
    )
    leading = document.get("leading") if isinstance(document, dict) else None
    if not isinstance(leading, list) or not all(isinstance(name, str) for name in leading):
        raise KnowledgeFileError(
            f"{path.name}: line {line_of(path, ('leading',))}: leading: needs a list of classes"
        )
    return groups, tuple(leading)


def _group(path: Path, index: int, row: Any, sources: Any) -> Group:
    def wrong(field: str, what: str) -> KnowledgeFileError:
        line = line_of(path, ("classes", index, field))
        return KnowledgeFileError(f"{path.name}: line {line}: classes.{index}.{field}: {what}")

    if (
        not isinstance(row, dict)
        or not isinstance(row.get("class"), str)
        or not isinstance(row.get("of"), list)
    ):
        raise wrong("class", "needs `class` and a list `of`")
    for field, value in row.items():
        if field not in _KNOWN:
            raise wrong(field, "unknown member")
        if field in _LISTS and not (isinstance(value, list) and all(isinstance(one, str) for one in value)):
            raise wrong(field, "needs a list of names")
        if field in _NUMBERS and (isinstance(value, bool) or not isinstance(value, int | Decimal)):
            raise wrong(field, "needs a number")
    if row.get("source") not in sources:
        raise wrong("source", "needs one of the file's sources")
    values: dict[str, Any] = {
        field: Decimal(value)
        if field in _NUMBERS
        else (tuple(value) if field == "forms" else frozenset(value))
        if field in _LISTS
        else value
        for field, value in row.items()
        if field not in ("class", "source")
    }
    return Group(name=row["class"], **values)


GROUPS, LEADING = read_classes()
_ALL_MEMBERS: Final = frozenset().union(*(group.of for group in GROUPS))
