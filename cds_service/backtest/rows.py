"""The columns of the two tables, and one order's rows. No name, no text, no exact date, no raw identifier."""

from collections import Counter
from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from cards.card import Card
from cards.evaluate import Evaluation
from cards.facts.medications import Order
from cards.judging import Judged
from cds_service.backtest.unchecked import reason_of
from terminology.load import Terminology

Row = dict[str, Any]

_NAMES = pa.list_(pa.string())

ORDERS = pa.schema(
    [
        ("order", pa.string()),  # keyed hash
        ("patient", pa.string()),
        ("prescriber", pa.string()),  # null where the order names none
        ("year", pa.int16()),  # local year and month of signing; null without a usable date
        ("month", pa.int8()),
        ("type", pa.string()),  # FHIR type
        ("outcome", pa.string()),  # evaluated, not-evaluated, failed
        ("reason", pa.string()),  # why not; "" where evaluated
        ("age", pa.string()),  # band of years
        ("sex", pa.string()),
        ("setting", pa.string()),  # inpatient, other, unknown (no encounter)
        ("drug", pa.string()),  # ingredient in the terminology's words; "" for none of ours
        (
            "drug_state",
            pa.string(),
        ),  # recognised, two-drugs, unrecognised, no-drug, procedure, patient-deceased
        ("statements", pa.int16()),  # how many concerned the order
        ("critical", pa.int16()),
        ("warning", pa.int16()),
        ("info", pa.int16()),
        ("cards", pa.int16()),
        ("missing", _NAMES),  # facts that were not known, of orders that a statement concerns; see MISSING
        ("stale", pa.bool_()),  # kidney function too old to rely on
        ("dose_confidence", pa.string()),
        ("unchecked", _NAMES),  # "statement: reason" of each statement that could not be evaluated
        ("issues", _NAMES),  # codes of data issues
    ]
)

CARDS = pa.schema(
    [
        ("order", pa.string()),
        ("patient", pa.string()),
        ("prescriber", pa.string()),
        ("year", pa.int16()),
        ("position", pa.int8()),
        ("indicator", pa.string()),
        ("topic", pa.string()),
        ("statement", pa.string()),  # the one that leads; "" for a card about the data itself
        ("statements", _NAMES),
        ("drug", pa.string()),  # of the order
        ("drugs", _NAMES),  # all that the card is about, where the terminology knows them
        ("suggestions", pa.int8()),
    ]
)

MISSING = ("age", "sex", "kidney function", "weight", "daily dose", "pregnancy", "drug")
# Bands of the report's table, in completed years.
_AGE_BANDS = ((18, "0-17"), (45, "18-44"), (65, "45-64"), (75, "65-74"), (85, "75-84"))


def order_row(ids: Row, kind: str, signed: datetime | None, reason: str) -> Row:
    """The row of an order that was not evaluated; `ids` are its hashes, `signed` is local."""
    return {
        **ids,
        "year": signed.year if signed else None,
        "month": signed.month if signed else None,
        "type": kind,
        "outcome": "not-evaluated",
        "reason": reason,
        "age": "unknown",
        "sex": "unknown",
        "setting": "unknown",
        "drug": "",
        "drug_state": "",
        "statements": 0,
        "critical": 0,
        "warning": 0,
        "info": 0,
        "cards": 0,
        "missing": [],
        "stale": False,
        "dose_confidence": "",
        "unchecked": [],
        "issues": [],
    }


def evaluated_row(row: Row, evaluation: Evaluation, setting: str, terms: Terminology) -> Row:
    """The row of an order from its evaluation."""
    indicators = Counter(card.indicator.name for card in evaluation.cards)
    drugs = [one for one in evaluation.orders if one.medication]
    first = next(iter(drugs), None) or next(iter(evaluation.orders), None)
    gone = evaluation.patient is not None and evaluation.patient.deceased
    return {
        **row,
        "outcome": "evaluated",
        "reason": "",
        "age": _age_band(evaluation),
        "sex": evaluation.patient.sex if evaluation.patient else "unknown",
        "setting": setting,
        "drug": _drug(first, terms),
        "drug_state": "patient-deceased" if gone else _drug_state(first, len(drugs), row["type"]),
        "statements": len({one.statement.id for one in evaluation.judged}),
        "critical": indicators["critical"],
        "warning": indicators["warning"],
        "info": indicators["info"],
        "cards": len(evaluation.cards),
        "missing": _missing(evaluation, first),
        "stale": bool(evaluation.renal and evaluation.renal.stale),
        "dose_confidence": first.dose.confidence or "" if first and first.has_drug else "",
        "unchecked": sorted({_unchecked(one, evaluation) for one in _cannot(evaluation)}),
        "issues": sorted({one.code for one in evaluation.issues}),
    }


def card_rows(row: Row, evaluation: Evaluation, terms: Terminology) -> list[Row]:
    """One row per card of an evaluated order."""
    return [
        {
            "order": row["order"],
            "patient": row["patient"],
            "prescriber": row["prescriber"],
            "year": row["year"],
            "position": place,
            "indicator": card.indicator.name,
            "topic": card.source.topic,
            "statement": next(iter(card.statements), ""),
            "statements": list(card.statements),
            "drug": row["drug"],
            "drugs": _known_drugs(card, terms),
            "suggestions": len(card.suggestions),
        }
        for place, card in enumerate(evaluation.cards)
    ]


def _known_drugs(card: Card, terms: Terminology) -> list[str]:
    """Drugs of a card in the order of their names, which are the terminology's; other words could be the record's own.

    Which order a patient's resources stand in must not show.
    """
    return sorted(name for name in set(card.drugs) if name in terms.medication_tables.ingredients)


def _drug(order: Order | None, terms: Terminology) -> str:
    name = order.ingredient.name if order and order.ingredient else ""
    return name if name in terms.medication_tables.ingredients else ""


def _drug_state(order: Order | None, named: int, kind: str) -> str:
    if order is None:
        return "no-drug"
    if not order.has_drug:
        return "procedure" if not kind.startswith("Medication") else "no-drug"
    if named > 1:
        return "two-drugs"
    return "recognised" if order.medication else "unrecognised"


def _age_band(evaluation: Evaluation) -> str:
    years = evaluation.patient.oldest if evaluation.patient else None
    if years is None:
        return "unknown"
    return next((name for below, name in _AGE_BANDS if years < below), "85 and over")


def _missing(evaluation: Evaluation, order: Order | None) -> list[str]:
    patient, renal, pregnancy = evaluation.patient, evaluation.renal, evaluation.pregnancy
    if patient is None or patient.deceased or not evaluation.judged:
        return []
    has_drug = order is not None and order.has_drug
    absent = {
        "age": patient.age is None,
        "sex": patient.sex == "unknown",
        "kidney function": renal is None or (renal.crcl is None and renal.basis in ("", "none", "unknown")),
        "weight": renal is None or _none(renal.weight_kg),
        "daily dose": has_drug and order is not None and _none(order.dose.max_mg_per_day),
        "pregnancy": patient.sex != "male" and (pregnancy is None or pregnancy.status == "unknown"),
        "drug": has_drug and order is not None and order.medication is None,
    }
    return [name for name in MISSING if absent[name]]


def _none(value: Decimal | None) -> bool:
    return value is None


def _cannot(evaluation: Evaluation) -> list[Judged]:
    return [one for one in evaluation.judged if one.outcome.kind == "cannot-evaluate"]


def _unchecked(one: Judged, evaluation: Evaluation) -> str:
    renal_issue = evaluation.renal.issue if evaluation.renal else "none"
    return f"{one.statement.id}: {reason_of(one.outcome.reason(), renal_issue)}"
