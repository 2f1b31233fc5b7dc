"""Sends a statement to the module of its kind."""

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


def check(statement: Statement, order: Order, ctx: Context) -> Outcome:
    """What one statement says about one order."""
    rule = statement.rule
    if isinstance(rule, Taper):
        return taper.check(statement, rule, order, ctx)
    if order.kind == "stop":
        return not_fired("the order stops the drug")
    match rule:
        case RenalDose():
            return renal_dose.check(statement, rule, order, ctx)
        case DoseLimit():
            return dose_limit.check(statement, rule, order, ctx)
        case Frequency():
            return frequency.check(statement, rule, order, ctx)
        case StartDose():
            return start_dose.check(statement, rule, order, ctx)
        case AgeLimit():
            return age_limit.check(statement, rule, order, ctx)
        case Pair():
            return interaction.check(statement, rule, order, ctx)
        case Duplicate():
            return duplicate_therapy.check(statement, rule, order, ctx)
        case Circumstance():
            return circumstance.check(statement, rule, order, ctx)
        case Monitoring():
            return monitoring.check(statement, rule, order, ctx)
        case Application():
            return application.check(statement, rule, order, ctx)
        case RepeatInterval():
            return repeat_interval.check(statement, rule, order, ctx)
        case ProcedureHold():
            return procedure_hold.check(statement, rule, order, ctx)
