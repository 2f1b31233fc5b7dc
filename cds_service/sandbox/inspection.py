"""What the page shows beside the cards: facts with their sources, each statement's outcome, what does not conform.

Built from the trace that `cds-service explain` prints, so that both say the same.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cards.evaluate import Evaluation
from cards.knowledge.index import Knowledge
from cards.trace import trace

OUTCOMES: Final = {
    "fired": "Fired",
    "cannot-evaluate": "Cannot be evaluated",
    "suppressed": "Suppressed",
    "not-fired": "Not fired",
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One line: what, its value, and where it came from or why it is not known."""

    name: str
    value: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts below one heading."""

    title: str
    rows: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """One statement for one order, and why it spoke or not."""

    id: str
    title: str
    order: str
    why: str


@dataclass(frozen=True, slots=True)
class Group:
    """The statements of one outcome."""

    outcome: str
    title: str
    rows: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Remark:
    """Something in the input that was not usable, or does not conform."""

    code: str
    text: str
    resource: str


def facts_of(evaluation: Evaluation) -> tuple[Facts, ...]:
    """All facts, section by section; what was not read has no section."""
    facts = trace(evaluation)["facts"]
    made = (
        Facts("Patient", tuple(_patient(facts["patient"]))),
        Facts("Kidney function", tuple(_renal(facts["renal"], _reported(evaluation)))),
        Facts("Orders", tuple(line for one in facts["orders"] for line in _order(one))),
        Facts("Medication list", tuple(line for one in facts["medications"] for line in _order(one))),
        Facts("Problems", tuple(_problem(one) for one in facts["problems"])),
        Facts("Pregnancy and breastfeeding", tuple(_pregnancy(facts["pregnancy"]))),
    )
    return tuple(one for one in made if one.rows)


def statements_of(evaluation: Evaluation, knowledge: Knowledge) -> tuple[Group, ...]:
    """Every statement that was asked, by outcome."""
    rows: dict[str, list[Said]] = {name: [] for name in OUTCOMES}
    for one in trace(evaluation, knowledge)["statements"]:
        known = knowledge.statements.get(one["id"])
        title = known.title if known is not None else one["id"]
        rows[one["outcome"]].append(Said(one["id"], title, one["order"], one["why"]))
    return tuple(Group(name, title, tuple(rows[name])) for name, title in OUTCOMES.items())


def remarks_of(evaluation: Evaluation) -> tuple[Remark, ...]:
    """What the service itself could not use."""
    return tuple(Remark(one.code, one.text, one.resource) for one in evaluation.issues)


def nonconformant_of(request: Any, response: Any) -> tuple[Remark, ...]:
    """What fhir.resources (R4B) refuses in the request, and in the suggestions of the answer."""
    from cds_service.hooks.conformance import nonconformant  # loads the FHIR models: seconds, once

    found = (*nonconformant(request, "request"), *nonconformant(response, "suggestion"))
    return tuple(Remark(one.code, one.text, one.resource) for one in found)


def _patient(patient: Mapping[str, Any] | None) -> Iterator[Fact]:
    if patient is None:
        return
    years = patient["age_years"]
    age = " to ".join(dict.fromkeys(str(one) for one in years)) if years else ""
    yield Fact("Age", f"{age} years" if age else "not known", patient["why"] or "birth date of the Patient")
    yield Fact("Sex", patient["sex"] or "not known", "gender of the Patient")
    if patient["deceased"]:
        yield Fact("Deceased", "yes", "the Patient")


def _reported(evaluation: Evaluation) -> bool:
    return evaluation.renal is not None and evaluation.renal.egfr_reported


def _renal(renal: Mapping[str, Any] | None, reported: bool) -> Iterator[Fact]:
    if renal is None:
        return
    crcl, low, high = (renal[name] for name in ("crcl_ml_min", "crcl_low_ml_min", "crcl_high_ml_min"))
    shown = f"{_round(crcl)} mL/min" if crcl is not None else "not known"
    if crcl is not None and low is not None and high is not None and low != high:
        shown += f" ({_round(low)} to {_round(high)} by the weight used)"
    yield Fact("Creatinine clearance", shown, renal["why"] or str(renal["basis"] or ""))
    if renal["creatinine_mg_dl"] is not None:
        of = (
            f"Observation of {renal['creatinine_date']}"
            if renal["creatinine_date"]
            else "Observation without a date"
        )
        yield Fact("Creatinine", f"{_round(renal['creatinine_mg_dl'], 3)} mg/dL", of)
    if renal["weight_kg"] is not None:
        yield Fact("Weight used", f"{_round(renal['weight_kg'])} kg", renal["weight_basis"] or "")
    if renal["egfr"] is not None:
        how = "reported by the laboratory" if reported else "computed from the creatinine"
        yield Fact("eGFR", f"{_round(renal['egfr'])} mL/min/1.73 m²", how)
    if renal["stale"]:
        yield Fact("Stale", "yes", "older than the limit of renal.yaml")
    for note in renal["notes"]:
        yield Fact("Note", note)


def _order(order: Mapping[str, Any]) -> Iterator[Fact]:
    dose = order["dose"]
    name = order["medication"] or "No drug recognised"
    by = f"recognised by {order['recognised_by']}" if order["recognised_by"] else order["why"]
    parts = ", ".join(one["name"] for one in order["ingredients"])
    yield Fact(
        name, f"{order['kind']}; {parts}" if parts else order["kind"], "; ".join(_known((order["id"], by)))
    )
    least, most = dose["min_mg_per_day"], dose["max_mg_per_day"]
    if most is not None:
        daily = (
            f"{_round(most, 2)} mg/day"
            if least == most
            else f"{_round(least, 2)} to {_round(most, 2)} mg/day"
        )
        single = (
            f", {_round(dose['max_single_mg'], 2)} mg per dose" if dose["max_single_mg"] is not None else ""
        )
        flags = f"; {', '.join(dose['flags'])}" if dose["flags"] else ""
        yield Fact("Dose", f"{daily}{single}", f"confidence {dose['confidence']}{flags}")
    elif order["medication"]:
        yield Fact("Dose", "not known", dose["why"] or "no instruction")


def _problem(problem: Mapping[str, Any]) -> Fact:
    sets = ", ".join(problem["value_sets"]) or "in no value set"
    return Fact(
        problem["text"] or "Without a name",
        sets if problem["active"] else f"not active; {sets}",
        problem["source"],
    )


def _pregnancy(found: Mapping[str, Any] | None) -> Iterator[Fact]:
    if found is None:
        return
    weeks = f", week {found['ga_weeks']}" if found["ga_weeks"] is not None else ""
    third = f", trimester {found['trimester']}" if found["trimester"] else ""
    yield Fact("Pregnant", f"{found['status']}{weeks}{third}", found["why"] or found["ga_basis"] or "")
    yield Fact("Breastfeeding", found["lactating"], found["lactating_why"] or "")
    yield Fact("Can become pregnant", str(found["childbearing_potential"]), found["childbearing_why"] or "")
    if found["contraception"]:
        yield Fact("Contraception", str(found["contraception"]))
    for one in found["evidence"]:
        yield Fact(str(one["what"]), str(one["value"]), ", ".join(_known((one["source"], one["date"]))))
    for note in found["notes"]:
        yield Fact("Note", note)


def _known(values: Iterable[Any]) -> Iterator[str]:
    return (str(one) for one in values if one)


def _round(value: float, places: int = 1) -> float | int:
    rounded = round(value, places)
    return int(rounded) if rounded == int(rounded) else rounded
