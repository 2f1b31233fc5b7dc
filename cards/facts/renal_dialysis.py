"""Whether the patient is on dialysis, and of which kind."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Literal

from cards.facts.problems import Problem
from cards.facts.renal_limits import RenalLimits
from cards.facts.resources import Interval, Resource, flag, interval, objects, period, text
from cards.facts.value_sets import ValueSets, value_sets_of

_PERITONEAL = "peritoneal-dialysis"
_ON_DIALYSIS = frozenset({"haemodialysis", "dialysis", _PERITONEAL})
_TREATMENT = _ON_DIALYSIS | {"dialysis-procedure"}
_NOT_DONE = frozenset({"entered-in-error", "not-done", "preparation", "aborted", "stopped"})
_NO_ORDER = frozenset({"plan", "proposal", "option"})


@dataclass(frozen=True, slots=True)
class Dialysis:
    """The dialysis in force. Only haemodialysis has label doses; every other kind is "dialysis-other"."""

    kind: Literal["haemodialysis", "dialysis-other"]
    source: str


@dataclass(frozen=True, slots=True)
class _Evidence:
    value_sets: frozenset[str]
    source: str
    when: Interval | None
    treatment: bool


def read_dialysis(
    problems: tuple[Problem, ...],
    held: frozenset[str],
    services: Iterable[Resource],
    encounter: Resource | None,
    terms: ValueSets,
    now: datetime,
    zone: tzinfo,
    limits: RenalLimits,
) -> Dialysis | None:
    """Dialysis by any one sign: active problem, recent procedure, active order or plan, the encounter.

    `held` are the value sets of the active problems; `services` are Procedure, ServiceRequest and CarePlan
    resources. A kidney transplant cancels the signs, except those dated after it, and, where it is undated, a
    recent procedure: grafts fail.
    """
    signs: list[_Evidence] = []
    if not held.isdisjoint(_ON_DIALYSIS):
        signs += [
            _Evidence(one.value_sets, one.source, one.dated, treatment=False)
            for one in problems
            if one.active and one.value_sets & _ON_DIALYSIS
        ]
    signs += _treatments(services, terms, now, zone, limits)
    if encounter is not None:
        sets = value_sets_of(encounter.get("type"), terms) | value_sets_of(
            encounter.get("serviceType"), terms
        )
        if sets & _TREATMENT:
            start = period(encounter.get("period"), zone)[0]
            signs.append(_Evidence(sets, f"Encounter/{text(encounter.get('id'))}", start, treatment=True))
    if not signs:
        return None
    transplants = [one for one in problems if one.active and "kidney-transplant" in one.value_sets]
    if transplants:
        signs = [sign for sign in signs if _outlasts(sign, transplants)]
    if not signs:
        return None
    # Z99.2 and N18.6 are coded in both kinds, so what names the peritoneum decides.
    peritoneal = next((sign for sign in signs if _PERITONEAL in sign.value_sets), None)
    if peritoneal is not None:
        return Dialysis("dialysis-other", peritoneal.source)
    return Dialysis("haemodialysis", signs[0].source)


def _outlasts(sign: _Evidence, transplants: list[Problem]) -> bool:
    dated = [one.dated.latest for one in transplants if one.dated is not None]
    if sign.when is None:
        return False
    if not dated:
        return sign.treatment
    return sign.when.earliest > max(dated)


def _treatments(
    services: Iterable[Resource], terms: ValueSets, now: datetime, zone: tzinfo, limits: RenalLimits
) -> Iterator[_Evidence]:
    for service in services:
        kind = service.get("resourceType")
        sets = value_sets_of(service.get("code"), terms)
        if kind == "CarePlan":
            sets |= value_sets_of(service.get("category"), terms)
            for activity in objects(service.get("activity")):
                for detail in objects(activity.get("detail")):
                    sets |= value_sets_of(detail.get("code"), terms)
        if sets.isdisjoint(_TREATMENT):
            continue
        if kind == "Procedure":
            current, when = _recent(service, now, zone, limits)
        elif kind in ("ServiceRequest", "ProcedureRequest", "CarePlan"):
            current, when = _in_force(service), _begun(service, zone)
        else:
            continue
        if current:
            yield _Evidence(sets, f"{kind}/{text(service.get('id'))}", when, treatment=True)


def _recent(
    procedure: Resource, now: datetime, zone: tzinfo, limits: RenalLimits
) -> tuple[bool, Interval | None]:
    """Whether a Procedure was done within the last days that count, or is being done."""
    status = text(procedure.get("status")).lower()
    if status in _NOT_DONE or flag(procedure.get("notPerformed")):
        return False, None
    when = None
    for name in ("performed", "occurrence"):
        start, end = period(procedure.get(f"{name}Period"), zone)
        when = when or interval(procedure.get(f"{name}DateTime"), zone) or end or start
    if when is None or status == "in-progress":
        return status == "in-progress", when
    recent = now - timedelta(days=limits.dialysis_procedure_days) <= when.latest
    return recent and when.earliest <= now + timedelta(hours=limits.future_tolerance_hours), when


def _in_force(order: Resource) -> bool:
    if order.get("resourceType") != "CarePlan" and text(order.get("intent")).lower() in _NO_ORDER:
        return False
    return text(order.get("status")).lower() in ("active", "in-progress") and not flag(
        order.get("doNotPerform")
    )


def _begun(order: Resource, zone: tzinfo) -> Interval | None:
    return (
        interval(order.get("authoredOn"), zone)
        or interval(order.get("orderedOn"), zone)
        or period(order.get("period"), zone)[0]
    )
