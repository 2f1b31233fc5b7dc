"""The lines that say which inputs a finding used: value, unit, date, and what was missing."""

from decimal import Decimal

from cards.facts.lab_table import LABS
from cards.facts.medications import Order
from cards.knowledge.rule_types import Regimen
from cards.knowledge.statements import Statement
from cards.rules.context import Context, daily_exposure
from cards.wording import amount, drug, escape, times, whole


def drug_name(statement: Statement, order: Order) -> str:
    """The name a card calls the drug by: the product of the statement, else the ordered drug."""
    if statement.drug is not None:
        return statement.drug.name
    return order_name(order)


def order_name(order: Order) -> str:
    """Ingredient of an order, capitalised; the text of the order where no drug was recognised."""
    name = plain_name(order)
    return name[:1].upper() + name[1:] if order.ingredient is not None else name


def plain_name(order: Order) -> str:
    """The same inside a sentence."""
    return drug(order.ingredient.name) if order.ingredient is not None else escape(order.named)


def order_line(order: Order, ctx: Context, role: str = "Order") -> str:
    """What was ordered, as read; `role` says what part it has ("Order", "With")."""
    dose = order.dose
    if not order.has_drug:
        day = order.planned.earliest.astimezone(ctx.policy.zone).date().isoformat() if order.planned else ""
        return f"{role}: {escape(order.named)}{f', planned for {day}' if day else ''}"
    if dose.peak_day_mg is None:
        return f"{role}: {escape(order.named)}; daily dose not readable ({dose.why})"
    parts = [f"{role}: {escape(order.named)}, {amount(dose.peak_day_mg)} mg/day"]
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


def lab_lines(statement: Statement, ctx: Context) -> tuple[str, ...]:
    """The newest value of each result that the statement's grading asks for, with its age; or that none is."""
    steps = (*statement.escalations, *statement.caps)
    asked = [one for step in steps for one in step.when.predicates if one.name.startswith("lab-")]
    lines: list[str] = []
    for name in dict.fromkeys(str(one.args[0]) for one in asked):
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


def renal_lines(ctx: Context) -> tuple[str, ...]:
    """The kidney function used, with every input and its date."""
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
