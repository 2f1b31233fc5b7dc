"""One resource as it stood at a moment T: ends that came later are blanked, and statuses that tell of them.

The present status of a resource may come from after T, so it is not shown; dates up to T say what was over. Where
two versions up to T are on file, their history shows the status at T, and it is kept (`status_stands`).
"""

from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import Any

from cards.facts.medications import ORDER_TYPES
from cards.facts.procedures import SERVICE_TYPES
from cards.facts.resources import Resource, codings, concept_texts, interval, obj, objects, text
from cds_service.backtest.moments import ended_by

_ABATED = ("abatementBoolean", "abatementString", "abatementAge", "abatementRange")
_PERIODS_OF_ORDER = ("effectivePeriod",)
_SPELLS = frozenset({"Encounter", "EpisodeOfCare", "Flag", "DeviceUseStatement", "DeviceUsage"})
# What each kind of spell is called while it lasts and afterwards.
_RUNNING = {"Encounter": "in-progress"}
_OVER = {"Encounter": "finished", "EpisodeOfCare": "finished", "Flag": "inactive"}

Shown = Callable[[Resource, datetime, tzinfo, bool], Resource]


def entered_in_error(resource: Resource) -> bool:
    """Whether it should never have been on file; the one present status that counts."""
    if text(resource.get("status")) == "entered-in-error":
        return True
    status = resource.get("verificationStatus")
    words = {one.code for one in codings(status)} | set(concept_texts(status))
    return "entered-in-error" in words


def shown_at(resource: Resource, moment: datetime, zone: tzinfo, status_stands: bool) -> Resource:
    """The resource as it stood at `moment`; the resource itself is never changed."""
    kind = text(resource.get("resourceType"))
    return _SHOWN.get(kind, _as_it_is)(resource, moment, zone, status_stands)


def draft_of(order: Resource, moment: datetime, zone: tzinfo) -> Resource:
    """An order on file as the draft it was when it was signed."""
    blanked = _without_later_ends(order, moment, zone)
    return {**blanked, "status": "draft"}


def _as_it_is(resource: Resource, _moment: datetime, _zone: tzinfo, _stands: bool) -> Resource:
    return resource


def _medication(entry: Resource, moment: datetime, zone: tzinfo, stands: bool) -> Resource:
    out = _without_later_ends(entry, moment, zone)
    status = text(entry.get("status"))
    if stands or status == "not-taken":  # says what the patient never took, and is no stage of an order
        return out
    supply = obj(obj(out.get("dispenseRequest")).get("validityPeriod")).get("end")
    # A supply that has run out ends an order of which nothing else says when it ended.
    over = ended_by(supply, moment, zone) is True
    return {**out, "status": "completed" if over else "active"}


def _without_later_ends(entry: Resource, moment: datetime, zone: tzinfo) -> Resource:
    out = dict(entry)
    if ended_by(out.get("dateEnded"), moment, zone) is False:
        del out["dateEnded"]
    for name in _PERIODS_OF_ORDER:
        _trim(out, name, moment, zone)
    supply = obj(out.get("dispenseRequest"))
    if _later(supply.get("validityPeriod"), moment, zone):
        supply = dict(supply)
        _trim(supply, "validityPeriod", moment, zone)
        out["dispenseRequest"] = supply
    for name in ("dosageInstruction", "dosage"):
        if any(_bounds_later(one, moment, zone) for one in objects(out.get(name))):
            out[name] = [_unbounded(one, moment, zone) for one in objects(out[name])]
    return out


def _bounds_later(dosage: Resource, moment: datetime, zone: tzinfo) -> bool:
    return _later(obj(obj(dosage.get("timing")).get("repeat")).get("boundsPeriod"), moment, zone)


def _unbounded(dosage: Resource, moment: datetime, zone: tzinfo) -> Resource:
    if not _bounds_later(dosage, moment, zone):
        return dosage
    timing = dict(obj(dosage.get("timing")))
    repeat = dict(obj(timing.get("repeat")))
    _trim(repeat, "boundsPeriod", moment, zone)
    return {**dosage, "timing": {**timing, "repeat": repeat}}


def _condition(condition: Resource, moment: datetime, zone: tzinfo, stands: bool) -> Resource:
    out = dict(condition)
    if ended_by(out.get("abatementDateTime"), moment, zone) is False:
        del out["abatementDateTime"]
    _trim(out, "abatementPeriod", moment, zone)
    if not stands:
        # An undated end, and a status, may be from after the moment.
        for name in ("clinicalStatus", *_ABATED):
            out.pop(name, None)
    return out


def _procedure(procedure: Resource, moment: datetime, zone: tzinfo, _stands: bool) -> Resource:
    out = dict(procedure)
    for name in ("performedPeriod", "occurrencePeriod", "effectivePeriod"):
        _trim(out, name, moment, zone)
    return out


def _service(order: Resource, moment: datetime, zone: tzinfo, stands: bool) -> Resource:
    if stands:
        return order
    done = text(order.get("status")) == "completed" and any(
        ended_by(order.get(name), moment, zone) is True
        for name in ("occurrenceDateTime", "scheduledDateTime")
    )
    return {**order, "status": "completed" if done else "active"}


def _spell(spell: Resource, moment: datetime, zone: tzinfo, stands: bool) -> Resource:
    kind = text(spell.get("resourceType"))
    out = dict(spell)
    over = False
    for name in ("period", "actualPeriod", "timingPeriod", "whenUsed"):
        _trim(out, name, moment, zone)
        over = over or ended_by(obj(out.get(name)).get("end"), moment, zone) is True
    if not stands:
        out["status"] = _OVER.get(kind, "completed") if over else _RUNNING.get(kind, "active")
    return out


def _patient(patient: Resource, moment: datetime, zone: tzinfo, _stands: bool) -> Resource:
    out = dict(patient)
    # Orders were still being written, so an undated death came later.
    out.pop("deceasedBoolean", None)
    if ended_by(out.get("deceasedDateTime"), moment, zone) is False:
        del out["deceasedDateTime"]
    return out


def _later(span: Any, moment: datetime, zone: tzinfo) -> bool:
    return ended_by(obj(span).get("end"), moment, zone) is False


def _trim(resource: Resource, name: str, moment: datetime, zone: tzinfo) -> None:
    """Removes the end of a period where it lies after the moment."""
    if _later(resource.get(name), moment, zone):
        resource[name] = {key: value for key, value in obj(resource[name]).items() if key != "end"}


def start_of(resource: Resource, zone: tzinfo) -> datetime | None:
    """When an order was written, for telling a renewal from what it renews."""
    when = interval(resource.get("authoredOn"), zone) or interval(resource.get("dateWritten"), zone)
    return when.earliest if when else None


_SHOWN: dict[str, Shown] = {
    "Patient": _patient,
    "Condition": _condition,
    "Procedure": _procedure,
    "MedicationAdministration": _procedure,
    "MedicationStatement": _medication,
    **dict.fromkeys(ORDER_TYPES, _medication),
    **dict.fromkeys(SERVICE_TYPES, _service),
    **dict.fromkeys(_SPELLS, _spell),
}
