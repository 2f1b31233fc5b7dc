"""From observations, problems, services and the encounter to the kidney function that dosing goes by."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple

from cards.facts.body import Body, days_between, read_body
from cards.facts.labs import NEWEST, Indexed, Need, index, results
from cards.facts.patient import Patient
from cards.facts.problems import Problem, active_sets
from cards.facts.renal import RenalFunction
from cards.facts.renal_adult import NO_EGFR, Adult, ShownEgfr, of_adult, shown_egfr
from cards.facts.renal_clearance import estimated_gfr
from cards.facts.renal_dialysis import read_dialysis
from cards.facts.renal_equations import bedside_schwartz
from cards.facts.renal_injury import read_injury
from cards.facts.renal_limits import RENAL_LIMITS, RenalLimits
from cards.facts.renal_reported import read_clearance, read_egfr
from cards.facts.renal_results import Chosen, choose, is_usable, usable
from cards.facts.renal_staleness import Setting, as_old_as_can_be
from cards.facts.resources import Resource
from cards.facts.stay import Stay
from cards.facts.value_sets import ValueSets


class RenalInputs(NamedTuple):
    """The resources to read kidney function from.

    `observations` in any mix and order; `services` are Procedure, ServiceRequest and CarePlan; `stay` is what
    `encounter` tells of; `changed_classes` works out, when asked, the classes of drugs started or stopped
    within `RenalLimits.recent_change_days`;
    `not_supplied` says why no result may be there, "" where they were asked for and this is the answer;
    `no_weight` what to say where there is no weight.
    """

    observations: Iterable[Resource] | Indexed = ()
    services: tuple[Resource, ...] = ()
    encounter: Resource | None = None
    stay: Stay = Stay()
    changed_classes: Callable[[], frozenset[str]] = frozenset
    not_supplied: str = ""
    no_weight: str = "no weight on file"


def read_renal_function(
    patient: Patient,
    problems: tuple[Problem, ...],
    inputs: RenalInputs,
    terms: ValueSets,
    now: datetime,
    zone: tzinfo,
    limits: RenalLimits = RENAL_LIMITS,
) -> RenalFunction:
    """Kidney function at `now` (aware). Raises nothing, whatever the resources hold.

    In this order: a child (no adult equation), dialysis, acute kidney injury, then Cockcroft-Gault; where
    that cannot be calculated a reported clearance, a de-indexed eGFR, or an indexed eGFR in a far band.
    """
    given = inputs.observations
    observations = given if isinstance(given, Indexed) else index(given, terms)
    stay, held = inputs.stay, active_sets(problems)
    body = read_body(observations, patient, held, stay.inpatient, terms, now, zone, limits)
    if body.weight_kg is None and not body.why_no_weight:
        body = body._replace(why_no_weight=inputs.no_weight)
    low, high = limits.creatinine_low_mg_dl, limits.creatinine_high_mg_dl
    found = results(observations, "creatinine", terms, now, zone, limits, _series(limits))
    creatinine = choose(found, "creatinine", low, high, max, inputs.not_supplied)
    if patient.adult is False:
        return _child(_known(creatinine, body, now, zone), patient, limits)
    dialysis = read_dialysis(problems, held, inputs.services, inputs.encounter, terms, now, zone, limits)
    if dialysis is not None:
        known = _known(creatinine, body, now, zone)
        return known._replace(basis=dialysis.kind, why=f"on dialysis ({dialysis.source})")
    injury = read_injury(usable(found, low, high), problems, held, stay, now, limits)
    if injury is not None:
        known = _known(creatinine, body, now, zone)
        return known._replace(
            basis="aki",
            aki=True,
            rising=injury.rising,
            oliguria=injury.oliguria,
            why=f"no clearance holds while kidney function changes: {injury.why}",
            notes=(*known.notes, _sentence(injury.why)),
        )
    if patient.adult is None:
        between = f"the birth date leaves open whether the patient is {limits.adult_years}"
        known = _known(creatinine, body, now, zone)
        return known._replace(issue="no-age", why=patient.why_no_age or between)
    setting = Setting(
        inpatient=stay.inpatient,
        changed=lambda: not inputs.changed_classes().isdisjoint(limits.changing_classes),
        oldest=patient.oldest,
        ckd="ckd" in held,
    )
    clearance = read_clearance(
        results(observations, "creatinine-clearance", terms, now, zone, limits, NEWEST), zone, limits
    )
    egfr = read_egfr(results(observations, "egfr", terms, now, zone, limits, NEWEST), body, zone, limits)
    gfr = estimated_gfr(patient, creatinine.result.value) if creatinine.result is not None else None
    adult = Adult(patient, held, creatinine, gfr, body, clearance, egfr, setting, now, zone, limits)
    return of_adult(_known(creatinine, body, now, zone, shown_egfr(adult)), adult)


def _series(limits: RenalLimits) -> Need:
    """The newest usable creatinine, and those that a rise is judged by."""
    low, high = limits.creatinine_low_mg_dl, limits.creatinine_high_mg_dl
    # A day more: of results that share the time, one that is known to the day only may begin earlier.
    back = timedelta(days=limits.aki_baseline_days + 1)
    return Need(lambda one: one.day_known and is_usable(one, low, high), back)


def _known(
    creatinine: Chosen, body: Body, now: datetime, zone: tzinfo, egfr: ShownEgfr = NO_EGFR
) -> RenalFunction:
    """What is on file, before a clearance is calculated."""
    result = creatinine.result
    days = None if result is None else days_between(as_old_as_can_be(result), now, zone)
    return RenalFunction(
        creatinine_mg_dl=result.value if result else None,
        creatinine_original=creatinine.original,
        creatinine_observed=result.observed if result else None,
        creatinine_source=result.source if result else "",
        creatinine_age_days=days,
        weight_kg=body.weight_kg,
        weight_basis="actual" if body.weight_kg is not None else "",
        weight_observed=body.weight_observed,
        weight_stated=body.weight_stated,
        body_weight_kg=body.weight_kg,
        height_cm=body.height_cm,
        egfr=egfr.value,
        egfr_reported=egfr.reported,
        issue=creatinine.issue,
        why=creatinine.why,
        notes=(*creatinine.notes, *body.notes),
    )


def _child(known: RenalFunction, patient: Patient, limits: RenalLimits) -> RenalFunction:
    notes = known.notes
    if known.creatinine_mg_dl and known.height_cm and patient.youngest:
        value = bedside_schwartz(known.height_cm, known.creatinine_mg_dl)
        notes = (*notes, f"Bedside Schwartz eGFR {value:.0f} mL/min/1.73 m²; no adult dosing table applies")
    why = f"the patient is under {limits.adult_years}, and adult equations do not apply"
    return known._replace(issue="child", why=why, notes=notes)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
