"""Sends a statement to the module of its kind."""

from typing import Any

from cards.facts.medications import Order
from cards.finding import Outcome, not_fired
from cards.knowledge.rule_types import (
    AgeLimit,
    Application,
    Circumstance,
    DoseLimit,
    Duplicate,
    Frequency,
    Monitoring,
    Pair,
    ProcedureHold,
    RenalDose,
    RepeatInterval,
    StartDose,
    Taper,
)
from cards.knowledge.statements import Statement
from cards.rules import (
    age_limit,
    application,
    circumstance,
    dose_limit,
    duplicate_therapy,
    frequency,
    interaction,
    monitoring,
    procedure_hold,
    renal_dose,
    repeat_interval,
    start_dose,
    taper,
)
from cards.rules.context import Context

# Kind of rule to the module that checks it.
_CHECKED_BY: dict[type, Any] = {
    RenalDose: renal_dose,
    DoseLimit: dose_limit,
    Frequency: frequency,
    StartDose: start_dose,
    AgeLimit: age_limit,
    Pair: interaction,
    Duplicate: duplicate_therapy,
    Taper: taper,
    Circumstance: circumstance,
    Monitoring: monitoring,
    Application: application,
    RepeatInterval: repeat_interval,
    ProcedureHold: procedure_hold,
}


def check(statement: Statement, order: Order, ctx: Context) -> Outcome:
    """What one statement says about one order."""
    rule = statement.rule
    if order.kind == "stop" and not isinstance(rule, Taper):
        return not_fired("the order stops the drug")
    outcome: Outcome = _CHECKED_BY[type(rule)].check(statement, rule, order, ctx)
    return outcome
