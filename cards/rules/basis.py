"""The lines that say which inputs a finding used: value, unit, date, and what was missing."""

import re
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from cards.facts.lab_table import LABS
from cards.facts.medications import Order
from cards.knowledge.index import REMEMBERED
from cards.knowledge.rule_types import Regimen
from cards.knowledge.statements import Statement
from cards.rules.context import Context, daily_exposure
from cards.wording import Name, amount, drug, escape, service, times, whole

_CODE = re.compile(r"[A-Z]?\d[\w.-]*")


def drug_name(statement: Statement, order: Order) -> Name:
    """The name a card calls the drug by: the product of the statement, else the ordered drug."""
    if statement.drug is not None:
        return _product_name(statement.drug.name, statement.drug.ingredient)
    return order_name(order)


@lru_cache(maxsize=REMEMBERED)
def _product_name(name: str, ingredient: str) -> Name:
    generic = name.lower().startswith(ingredient.lower())  # "Tapentadol ER", but not "Lyrica CR"
    return Name(name, name[:1].lower() + name[1:] if generic else name)


def order_name(order: Order) -> Name:
    """Ingredient of an order, capitalised; the text of the order where no drug was recognised."""
    if order.ingredient is not None:
        return _ingredient_name(order.ingredient.name)
    name = plain_name(order)
    return Name(name, name)


@lru_cache(maxsize=REMEMBERED)
def _ingredient_name(ingredient: str) -> Name:
    name = drug(ingredient)
    return Name(name[:1].upper() + name[1:], name)


def plain_name(order: Order) -> str:
    """The same inside a sentence."""
    if order.ingredient is not None:
        return drug(order.ingredient.name)
    return escape(order.named) or service(order.classes)


def order_line(order: Order, ctx: Context, role: str = "Order") -> str:
    """What was ordered, as read; `role` says what part it has ("Order", "With")."""
    known = ctx.order_lines.get((id(order), role))
    if known is None:
        known = ctx.order_lines[(id(order), role)] = (order, _order_line(order, ctx, role))
    return known[1]


def _order_line(order: Order, ctx: Context, role: str) -> str:
    dose = order.dose
    if not order.has_drug:
        day = order.planned.earliest.astimezone(ctx.policy.zone).date().isoformat() if order.planned else ""
        return f"{role}: {plain_name(order)}{f', planned for {day}' if day else ''}"
    if dose.peak_day_mg is None:
        return f"{role}: {_called(order)}; daily dose not readable ({dose.why})"
    parts = [f"{role}: {_called(order)}, {amount(dose.peak_day_mg)} mg/day"]
    if dose.max_single_mg is not None:
        parts.append(f"up to {amount(dose.max_single_mg)} mg per dose")
    if dose.doses_per_day is not None:
        parts.append(f"{times(dose.doses_per_day)} a day")
    if dose.as_needed:
        parts.append("as needed (the largest permitted dose counts)")
    if dose.confidence in ("low", "medium"):
        parts.append(f"dose read with {dose.confidence} confidence: {dose.why}")
    line = ", ".join(parts)
    exposure = daily_exposure(order, ctx)
    if exposure is not None and exposure != dose.peak_day_mg:
        line += f"; with other orders of the same drug {amount(exposure)} mg/day"
    return line


class GradedBy(NamedTuple):
    """The results that the grading of a statement asks for, and whether it asks for kidney function."""

    labs: tuple[str, ...]
    kidney: bool


def graded_by(statement: Statement, ctx: Context) -> GradedBy:
    """What the grading of a statement asks for, worked out once."""
    memory = ctx.knowledge.remembered("graded-by")
    found: GradedBy | None = memory.get(statement.id)
    return memory.keep(statement.id, _graded_by(statement)) if found is None else found


def _graded_by(statement: Statement) -> GradedBy:
    asked = [one for step in (*statement.escalations, *statement.caps) for one in step.when.predicates]
    labs = dict.fromkeys(str(one.args[0]) for one in asked if one.name.startswith("lab-"))
    return GradedBy(tuple(labs), any(one.name in ("crcl-below", "egfr-below") for one in asked))


def lab_lines(statement: Statement, ctx: Context) -> tuple[str, ...]:
    """The newest value of each result that the statement's grading asks for, with its age; or that none is."""
    lines: list[str] = []
    for name in graded_by(statement, ctx).labs:
        lab, found = LABS[name], ctx.labs.latest(name)
        if isinstance(found, str):
            lines.append(found[:1].upper() + found[1:])
        else:
            day = found.observed.astimezone(ctx.policy.zone).date().isoformat()
            lines.append(f"{lab.title} {found.original} of {day}, {found.age_days} days old")
        for event in ctx.planned:
            if lab.value_set in event.value_sets:
                due = f" for {event.when.earliest.date().isoformat()}" if event.when else ""
                lines.append(f"{lab.title} is ordered{due}")
    return tuple(lines)


def _called(order: Order) -> str:
    """What the order calls the drug, with the ingredient where a code or a brand does not tell it."""
    named, ingredient = escape(order.named), plain_name(order)
    if order.ingredient is None or ingredient.lower() in named.lower():
        return named
    return f"{ingredient} (code {named})" if _CODE.fullmatch(order.named) else f"{named} ({ingredient})"


def renal_lines(ctx: Context) -> tuple[str, ...]:
    """The kidney function used, with every input and its date."""
    if ctx.renal_lines is None:
        ctx.renal_lines = _renal_lines(ctx)
    return ctx.renal_lines


def _renal_lines(ctx: Context) -> tuple[str, ...]:
    renal = ctx.renal
    lines: list[str] = []
    if renal.basis == "haemodialysis":
        lines.append("Kidney function: on haemodialysis; Cockcroft-Gault is not used")
    elif renal.basis == "aki":
        lines.append("Kidney function: changing (acute kidney injury), so no CrCl is calculated")
    elif renal.crcl is not None:
        lines.append(f"CrCl {clearance(renal.crcl)} mL/min{_method(ctx)}")
    else:
        lines.append(f"Kidney function: not known ({renal.why})")
    if renal.creatinine_original and renal.creatinine_observed is not None:
        day = renal.creatinine_observed.astimezone(ctx.policy.zone).date().isoformat()
        age = f", {renal.creatinine_age_days} days old" if renal.creatinine_age_days else ""
        lines.append(f"Creatinine {renal.creatinine_original} of {day}{age}")
    if renal.weight_readings:
        read = ", ".join(f"{name} {whole(value)}" for name, value in renal.weight_readings.items())
        lines.append(f"CrCl by weight used: {read} mL/min")
    if renal.egfr is not None and renal.egfr_reported and renal.basis == "cockcroft-gault":
        lines.append(f"Reported eGFR {whole(renal.egfr)} mL/min/1.73 m² (not the label's measure)")
    lines.extend(renal.notes)
    return tuple(lines)


def _method(ctx: Context) -> str:
    renal, patient = ctx.renal, ctx.patient
    if renal.basis != "cockcroft-gault":
        return f" ({renal.basis.replace('-', ' ')})"
    ages = patient.age or (0, 0)
    age = str(ages[0]) if ages[0] == ages[1] else f"{ages[0]}-{ages[1]}"
    weight = f", {renal.weight_basis} weight {amount(renal.weight_kg)} kg" if renal.weight_kg else ""
    return f" (Cockcroft-Gault: age {age}, {patient.sex}{weight})"


def clearance(crcl: Decimal, edge: Decimal | None = None) -> str:
    """CrCl as printed: no decimals, unless rounding would carry it across the band's upper edge."""
    if edge is not None and crcl < edge <= Decimal(whole(crcl)):
        return f"{crcl:.1f}" if Decimal(f"{crcl:.1f}") < edge else f"just below {amount(edge)}"
    return whole(crcl)


def how_often(regimen: Regimen) -> str:
    """ "twice a day", "every other day"."""
    if regimen.every_days == 1:
        return f"{times(regimen.per_day)} a day"
    every = "other day" if regimen.every_days == 2 else f"{regimen.every_days} days"
    return f"every {every}" if regimen.per_day == 1 else f"{times(regimen.per_day)} a day every {every}"


def regimen_words(regimen: Regimen) -> str:
    """ "200 mg once a day", "600 mg twice a day at ..."."""
    words = f"{amount(regimen.mg)} mg {how_often(regimen)}"
    return f"{words} {regimen.when}" if regimen.when else words
