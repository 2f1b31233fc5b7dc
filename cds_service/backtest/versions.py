"""The entries of one patient's record: every resource with its versions, and when each came to be known."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from cards.facts.medications import LIST_TYPES
from cards.facts.procedures import SERVICE_TYPES
from cards.facts.resources import Resource, obj, reference_of, text, type_and_id
from cds_service.backtest.as_of import entered_in_error, shown_at
from cds_service.backtest.moments import (
    condition_known,
    done_known,
    medication_known,
    result_known,
    service_known,
    spell_known,
    updated,
)

_BEGINNING = datetime.min.replace(tzinfo=UTC)
_ALWAYS = frozenset({"Patient", "Medication"})  # no date says when they were first on file

_KNOWN: dict[str, Callable[[Resource, tzinfo], datetime | None]] = {
    **dict.fromkeys(LIST_TYPES, medication_known),
    **dict.fromkeys(SERVICE_TYPES, service_known),
    "Condition": condition_known,
    "Observation": result_known,
    "Procedure": done_known,
    "MedicationAdministration": done_known,
    "Encounter": spell_known,
    "EpisodeOfCare": spell_known,
    "Flag": spell_known,
    "DeviceUseStatement": spell_known,
    "DeviceUsage": spell_known,
}


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a resource: when it was stored, if the server says, and from when it counts."""

    resource: Resource
    stored: datetime | None
    known: datetime | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One resource of a patient, oldest version first."""

    kind: str
    id: str
    versions: tuple[Version, ...]

    @property
    def undated(self) -> bool:
        """Whether nothing says when it came to be on file, so that it can never be shown."""
        return all(one.known is None for one in self.versions)

    def version_at(self, moment: datetime) -> tuple[Version, bool]:
        """The version that stood at the moment, and whether its status is shown by the history.

        The newest one stored by then; the oldest where none was, since stores are often loaded later.
        """
        stored = [one for one in self.versions if one.stored is None or one.stored <= moment]
        dated = sum(one.stored is not None for one in stored)
        return (stored or self.versions)[-1 if stored else 0], dated > 1

    def at(self, moment: datetime, zone: tzinfo) -> Resource | None:
        """The resource as it stood at the moment; None where it was not on file, or has no date."""
        version, status_stands = self.version_at(moment)
        if version.known is None or version.known > moment or entered_in_error(version.resource):
            return None
        return shown_at(version.resource, moment, zone, status_stands)


def read_entries(resources: Iterable[Resource], zone: tzinfo) -> tuple[tuple[Entry, ...], dict[str, int]]:
    """The entries among a patient's resources (in file order), and how many were left out, by reason.

    A resource whose newest version is entered in error never was; one that stands twice counts once.
    """
    found: dict[tuple[str, str], list[Resource]] = {}
    for place, resource in enumerate(resources):
        kind, name = text(resource.get("resourceType")), text(resource.get("id"))
        found.setdefault((kind, name or f"#{place}"), []).append(resource)
    encounters = {name: listed for (kind, name), listed in found.items() if kind == "Encounter"}
    left_out: dict[str, int] = {}
    entries: list[Entry] = []
    for (kind, name), listed in found.items():
        versions = _versions(kind, listed, encounters, zone)
        _count(left_out, "repeated", len(listed) - len(versions))
        _count(left_out, "older-version", len(versions) - 1)
        if entered_in_error(versions[-1].resource):
            _count(left_out, "entered-in-error", 1)
            continue
        entry = Entry(kind, name, versions)
        _count(left_out, f"undated-{kind}", int(entry.undated))
        entries.append(entry)
    return tuple(entries), left_out


def _count(counts: dict[str, int], name: str, more: int) -> None:
    if more:
        counts[name] = counts.get(name, 0) + more


def _versions(
    kind: str, listed: list[Resource], encounters: Mapping[str, list[Resource]], zone: tzinfo
) -> tuple[Version, ...]:
    distinct: list[Resource] = []
    for resource in listed:
        if resource not in distinct:
            distinct.append(resource)
    made = [
        Version(one, stored, _known(kind, one, stored, encounters, zone))
        for one in distinct
        for stored in (updated(one, zone),)
    ]
    if len(made) == 1:
        return tuple(made)
    # File order decides last: `sorted` keeps it.
    return tuple(sorted(made, key=lambda one: (one.stored or _BEGINNING, _number(one.resource))))


def _number(resource: Resource) -> int:
    written = text(obj(resource.get("meta")).get("versionId"))
    return int(written) if written.isascii() and written.isdigit() and len(written) < 18 else -1


def _known(
    kind: str,
    resource: Resource,
    stored: datetime | None,
    encounters: Mapping[str, list[Resource]],
    zone: tzinfo,
) -> datetime | None:
    if kind in _ALWAYS:
        return _BEGINNING
    reader = _KNOWN.get(kind)
    known = reader(resource, zone) if reader else None
    if known is None:
        known = _encounter_over(resource, encounters, zone)
    return known if known is not None else stored


def _encounter_over(resource: Resource, encounters: Mapping[str, Any], zone: tzinfo) -> datetime | None:
    """The end of the encounter that an undated resource belongs to: diagnoses are coded at discharge."""
    reference = reference_of(resource.get("encounter")) or reference_of(resource.get("context"))
    kind, name = type_and_id(reference)
    if kind != "Encounter" or name not in encounters:
        return None
    encounter = encounters[name][-1]
    span = obj(encounter.get("period")) or obj(encounter.get("actualPeriod"))
    for bound in ("end", "start"):
        closed = spell_known({"period": {"start": span.get(bound)}}, zone)
        if closed is not None:
            return closed
    return None
