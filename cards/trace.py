"""What `explain` prints: the facts as read, each statement's outcome and why, the cards, the issues."""

from decimal import Decimal
from typing import Any

from cards.evaluate import Evaluation
from cards.facts.medications import Order
from cards.facts.pregnancy import Pregnancy
from cards.facts.renal import RenalFunction
from cards.knowledge.index import Knowledge


def trace(evaluation: Evaluation, knowledge: Knowledge | None = None) -> dict[str, Any]:
    """The evaluation as JSON-ready dicts; numbers are JSON numbers, unknown is null with a `why`.

    With `knowledge`, the statements that concern an order and are not in force stand there too, as suppressed.
    """
    return {
        "facts": {
            "patient": _patient(evaluation),
            "orders": [_order(order) for order in evaluation.orders],
            "medications": [_order(order) for order in evaluation.medications],
            "renal": _renal(evaluation.renal),
            "pregnancy": _pregnancy(evaluation.pregnancy),
            "problems": [
                {
                    "source": one.source,
                    "text": one.text,
                    "value_sets": sorted(one.value_sets),
                    "active": one.active,
                }
                for one in evaluation.problems
            ],
        },
        "statements": [
            {
                "id": one.statement.id,
                "order": one.order.id,
                "outcome": one.outcome.kind,
                "why": one.outcome.reason(),
            }
            for one in evaluation.judged
        ]
        + (_dormant(evaluation, knowledge) if knowledge is not None else []),
        "cards": [card.as_json() for card in evaluation.cards],
        "issues": [
            {"code": one.code, "text": one.text, **({"resource": one.resource} if one.resource else {})}
            for one in evaluation.issues
        ],
    }


def _dormant(evaluation: Evaluation, knowledge: Knowledge) -> list[dict[str, Any]]:
    return [
        {"id": one.id, "order": order.id, "outcome": "suppressed", "why": knowledge.dormant[one.id]}
        for order in evaluation.orders or evaluation.medications
        for one in knowledge.dormant_about(order.drug_key, order.classes)
    ]


def _number(value: Decimal | None) -> int | float | None:
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def _patient(evaluation: Evaluation) -> dict[str, Any] | None:
    patient = evaluation.patient
    if patient is None:
        return None
    return {
        "age_years": list(patient.age) if patient.age else None,
        "sex": patient.sex,
        "deceased": patient.deceased,
        "why": patient.why_no_age,
    }


def _order(order: Order) -> dict[str, Any]:
    dose, medication = order.dose, order.medication
    return {
        "id": order.id,
        "kind": order.kind,
        "medication": medication.name if medication else order.named or None,
        "recognised_by": medication.recognised_by if medication else None,
        "release": medication.release if medication else None,
        "ingredients": [
            {"rxcui": part.rxcui, "name": part.name}
            for part in (medication.ingredients if medication else ())
        ],
        "strength_mg": _number(order.strength.mg) if order.strength else None,
        "dose": {
            "min_mg_per_day": _number(dose.min_mg_per_day),
            "max_mg_per_day": _number(dose.max_mg_per_day),
            "max_single_mg": _number(dose.max_single_mg),
            "peak_day_mg": _number(dose.peak_day_mg),
            "doses_per_day": _number(dose.doses_per_day),
            "confidence": dose.confidence,
            "flags": list(dose.flags),
            "why": dose.why,
        },
        "why": order.lookup.why,
    }


def _renal(renal: RenalFunction | None) -> dict[str, Any] | None:
    if renal is None:
        return None
    observed = renal.creatinine_observed
    return {
        "crcl_ml_min": _number(renal.crcl),
        "crcl_low_ml_min": _number(renal.crcl_low),
        "crcl_high_ml_min": _number(renal.crcl_high),
        "basis": renal.basis,
        "creatinine_mg_dl": _number(renal.creatinine_mg_dl),
        "creatinine_date": observed.date().isoformat() if observed else None,
        "weight_kg": _number(renal.weight_kg),
        "weight_basis": renal.weight_basis or None,
        "egfr": _number(renal.egfr),
        "stale": renal.stale,
        "why": renal.why,
        "notes": list(renal.notes),
    }


def _pregnancy(pregnancy: Pregnancy | None) -> dict[str, Any] | None:
    if pregnancy is None:
        return None
    return {
        "status": pregnancy.status,
        "ga_weeks": pregnancy.ga_weeks,
        "ga_days_least": pregnancy.ga_days_least,
        "ga_days_most": pregnancy.ga_days_most,
        "ga_basis": pregnancy.ga_basis or None,
        "trimester": pregnancy.trimester,
        "lactating": pregnancy.lactating,
        "lactating_why": pregnancy.lactating_why,
        "infant_days": pregnancy.infant_days,
        "childbearing_potential": pregnancy.childbearing_potential,
        "childbearing_why": pregnancy.childbearing_why,
        "contraception": pregnancy.contraception,
        "conflict": pregnancy.conflict,
        "why": pregnancy.why,
        "evidence": [
            {"what": what, "value": value, "date": when, "source": source}
            for what, value, when, source in pregnancy.evidence
        ],
        "notes": list(pregnancy.notes),
    }
